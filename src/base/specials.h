/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The octets that have a meaning of their own in addresses and header fields. */
#ifndef SMF_BASE_SPECIALS_H
#define SMF_BASE_SPECIALS_H

#include <stdbool.h>

/* True for a special but the dot (RFC 5322 3.2.3), which may stand in a dot-atom. */
static inline bool specials_has(char c)
{
    switch (c) {
    case '"':
    case '(':
    case ')':
    case ',':
    case ':':
    case ';':
    case '<':
    case '>':
    case '@':
    case '[':
    case '\\':
    case ']':
        return true;
    default:
        return false;
    }
}

/* True for an octet of a token (RFC 2045 5.1), which stands in header fields without quotes. */
static inline bool specials_may_be_in_token(char c)
{
    return c > ' ' && c <= '~' && c != '/' && c != '=' && c != '?' && !specials_has(c);
}

#endif
