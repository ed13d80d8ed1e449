/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Widths of terms. */
#include "tools/report/pass_width.h"

#include "spf/record.h"

#include <stdio.h>
#include <string.h>

static const char *const names[WIDTH_COUNT] = {
    [WIDTH_EVERYONE] = "everyone: +all",
    [WIDTH_HUGE] = "a network of /8 (IPv6 /16) or wider",
    [WIDTH_WIDE] = "a network of /9 to /16 (IPv6 /32)",
    [WIDTH_NETWORK] = "a network of /17 to /24 (IPv6 /64)",
    [WIDTH_HOSTS] = "a host, or a network below /24 (/64)",
    [WIDTH_NAMES] = "hosts by name: a, mx",
    [WIDTH_PTR] = "whoever has such a host name: ptr",
    [WIDTH_EXISTS] = "whatever the domain's DNS says: exists",
    [WIDTH_INCLUDE] = "whom another domain authorizes: include",
    [WIDTH_UNKNOWN] = "not known from the log",
};

const char *pass_width_name(enum pass_width width)
{
    return names[width];
}

static enum pass_width width_of_bits(unsigned bits, const unsigned limits[4])
{
    if (bits == 0)
        return WIDTH_EVERYONE;
    if (bits <= limits[0])
        return WIDTH_HUGE;
    if (bits <= limits[1])
        return WIDTH_WIDE;
    return bits <= limits[2] ? WIDTH_NETWORK : WIDTH_HOSTS;
}

static enum pass_width width_of_term(const struct term *term)
{
    static const unsigned limits4[4] = {8, 16, 24}, limits6[4] = {16, 32, 64};
    enum pass_width by_bits;

    switch (term->kind) {
    case TERM_ALL:
        return WIDTH_EVERYONE;
    case TERM_IP4:
        return width_of_bits(term->network.bits, limits4);
    case TERM_IP6:
        return width_of_bits(term->network.bits, limits6);
    case TERM_A:
    case TERM_MX:
        by_bits = width_of_bits(term->bits4, limits4);
        return by_bits < WIDTH_HOSTS ? by_bits : WIDTH_NAMES;
    case TERM_PTR:
        return WIDTH_PTR;
    case TERM_EXISTS:
        return WIDTH_EXISTS;
    case TERM_INCLUDE:
        return WIDTH_INCLUDE;
    default:
        return WIDTH_UNKNOWN;
    }
}

bool pass_width_of(const char *term, enum pass_width *width)
{
    char text[600];
    const int term_len = (int)strcspn(term, " ");
    const int len = snprintf(text, sizeof text, "v=spf1 %.*s", term_len, term);
    struct record record;
    struct record_error error;
    enum record_status status = RECORD_SYNTAX;

    if (len >= 0 && (size_t)len < sizeof text)
        status = record_parse(text, (size_t)len, &record, &error);
    if (status == RECORD_NO_MEMORY)
        return false;
    *width = WIDTH_UNKNOWN;
    if (status != RECORD_OK)
        return true;
    if (record.count == 1 && record.terms[0].qualifier == '+')
        *width = width_of_term(&record.terms[0]);
    record_free(&record);
    return true;
}
