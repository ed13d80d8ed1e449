/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads an Accept field. */
#include "front/metrics/accept.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char blank[] = " \t";

/* In thousandths; -1 if it is no weight (RFC 9110 12.4.2). */
static int weight_of(const char *text, size_t len)
{
    int weight = 0, scale = 1000;

    if (len == 0 || len > 5 || (text[0] != '0' && text[0] != '1') || (len > 1 && text[1] != '.'))
        return -1;
    for (size_t n = 0; n < len; n++) {
        if (n == 1)
            continue;
        if (text[n] < '0' || text[n] > '9')
            return -1;
        weight += (text[n] - '0') * scale;
        scale /= 10;
    }
    return weight <= 1000 ? weight : -1;
}

static bool begins(const char *text, size_t len, const char *with)
{
    return len >= strlen(with) && strncasecmp(text, with, strlen(with)) == 0;
}

/* The weight of a range with its parameters; 0 if it has another version than `version`. */
static int weight_of_range(const char *range, size_t len, const char *version)
{
    int weight = 1000;

    for (const char *end = range + len, *at = memchr(range, ';', len); at != NULL;) {
        const char *next;
        size_t size;

        at++;
        at += strspn(at, blank);
        next = at < end ? memchr(at, ';', (size_t)(end - at)) : NULL;
        size = at < end ? (size_t)((next != NULL ? next : end) - at) : 0;
        while (size > 0 && strchr(blank, at[size - 1]) != NULL)
            size--;
        if (begins(at, size, "q="))
            weight = weight_of(at + 2, size - 2);
        else if (begins(at, size, "version=") &&
                 (size - 8 != strlen(version) || memcmp(at + 8, version, size - 8) != 0))
            return 0;
        at = next;
    }
    return weight < 0 ? 0 : weight;
}

static bool is_type(const char *range, size_t len, const char *type)
{
    return begins(range, len, type) && (len == strlen(type) || strchr("; \t", range[strlen(type)]) != NULL);
}

bool accept_prefers_openmetrics(const char *accept)
{
    int openmetrics = 0, plain = 0;

    while (accept != NULL && *accept != '\0') {
        size_t len;
        int weight;

        accept += strspn(accept, ", \t");
        len = strcspn(accept, ",");
        if (is_type(accept, len, "application/openmetrics-text")) {
            weight = weight_of_range(accept, len, "1.0.0");
            openmetrics = weight > openmetrics ? weight : openmetrics;
        } else if (is_type(accept, len, "text/plain")) {
            weight = weight_of_range(accept, len, "0.0.4");
            plain = weight > plain ? weight : plain;
        }
        accept += len;
    }
    return openmetrics > 0 && openmetrics >= plain;
}
