/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks, escapes and compares domain names. */
#include "dns/dns_name.h"

#include <string.h>

bool dns_name_valid(const char *name)
{
    size_t len = strnlen(name, DNS_NAME_MAX + 1);

    if (len == 0 || len > DNS_NAME_MAX)
        return false;
    for (const char *label = name;; label++) {
        size_t label_len = strcspn(label, ".");

        if (label_len == 0 || label_len > DNS_LABEL_MAX)
            return false;
        label += label_len;
        if (*label == '\0')
            return true;
    }
}

static bool is_plain(uint8_t octet)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') || (octet >= '0' && octet <= '9') ||
           octet == '-' || octet == '_';
}

static void add_octet(struct dns_name *name, uint8_t octet)
{
    char *end = name->text + name->len;

    if (is_plain(octet)) {
        end[0] = (char)octet;
        name->len += 1;
        return;
    }
    end[0] = '\\';
    end[1] = (char)('0' + octet / 100);
    end[2] = (char)('0' + octet / 10 % 10);
    end[3] = (char)('0' + octet % 10);
    name->len += 4;
}

bool dns_name_add_label(struct dns_name *name, const uint8_t *label, size_t len)
{
    size_t dot = name->octets > 0 ? 1 : 0;

    if (len == 0 || len > DNS_LABEL_MAX || name->octets + dot + len > DNS_NAME_MAX)
        return false;
    if (dot)
        name->text[name->len++] = '.';
    for (size_t i = 0; i < len; i++)
        add_octet(name, label[i]);
    name->text[name->len] = '\0';
    name->octets += dot + len;
    return true;
}

bool dns_name_from_query(struct dns_name *name, const char *query)
{
    *name = (struct dns_name){0};
    for (const char *label = query;; label++) {
        size_t len = strcspn(label, ".");

        if (!dns_name_add_label(name, (const uint8_t *)label, len))
            return false;
        label += len;
        if (*label == '\0')
            return true;
    }
}

static char fold(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

void dns_name_fold(char *text)
{
    for (; *text; text++)
        *text = fold(*text);
}

bool dns_name_equal(const char *a, const char *b)
{
    while (*a && fold(*a) == fold(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}
