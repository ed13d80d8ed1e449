/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers queries out of a zone that is made of any octets. */
#include "octet_zone.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { TTL_S = 60 };

struct octet_line octet_zone_read(struct octet_zone *zone, const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    struct octet_line first = {at, 0};

    zone->count = 0;
    for (bool is_first = true; at < end; is_first = false) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline ? newline : end) - at);

        if (is_first)
            first.len = len;
        else if (len >= 2 && zone->count < OCTET_ZONE_LINES)
            zone->lines[zone->count++] = (struct octet_line){at, len};
        at = newline ? newline + 1 : end;
    }
    return first;
}

static char type_letter(enum dns_type type)
{
    switch (type) {
    case DNS_A:
        return 'a';
    case DNS_AAAA:
        return '6';
    case DNS_MX:
        return 'm';
    case DNS_PTR:
        return 'p';
    case DNS_TXT:
        break;
    }
    return 't';
}

static void add(struct dns_builder *builder, const struct octet_line *line, enum dns_type type)
{
    char name[256] = "";
    uint8_t octets[16] = {0};
    size_t len = line->len - 2;
    struct addr addr;

    memcpy(octets, line->text + 2, len < sizeof(octets) ? len : sizeof(octets));
    memcpy(name, line->text + 2, len < sizeof(name) - 1 ? len : sizeof(name) - 1);
    addr = type == DNS_A ? addr_from_v4(octets) : addr_from_v6(octets);
    if (type == DNS_TXT)
        dns_builder_add_text(builder, line->text + 2, len);
    else if (type == DNS_A || type == DNS_AAAA)
        dns_builder_add_addr(builder, &addr);
    else
        dns_builder_add_name(builder, 10, name);
}

const struct dns_answer *octet_zone_answer(const struct octet_zone *zone, const char *name, enum dns_type type)
{
    struct dns_builder *builder = dns_builder_create(type);
    enum dns_status status = DNS_NXDOMAIN;

    for (size_t i = 0; i < zone->count; i++) {
        const struct octet_line *line = &zone->lines[i];

        if (type != DNS_PTR && tolower((unsigned char)name[0]) != tolower((unsigned char)line->text[0]))
            continue;
        if (status == DNS_NXDOMAIN)
            status = DNS_OK;
        if (line->text[1] == 'c' || line->text[1] == 'f')
            status = line->text[1] == 'c' ? DNS_TIMEOUT : DNS_FAILURE;
        else if (line->text[1] == type_letter(type))
            add(builder, line, type);
    }
    return dns_builder_finish(builder, status, TTL_S);
}
