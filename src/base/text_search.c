/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks for a part of a text where POSIX has no function for it. */
#include "base/text_search.h"

#include <string.h>

const char *text_search_first(const char *text, size_t len, const char *part, size_t part_len)
{
    if (part_len == 0)
        return text;
    while (len >= part_len) {
        const char *at = memchr(text, part[0], len - part_len + 1);

        if (at == NULL || memcmp(at, part, part_len) == 0)
            return at;
        len -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    return NULL;
}

const char *text_search_last(const char *text, size_t len, char octet)
{
    while (len > 0)
        if (text[--len] == octet)
            return text + len;
    return NULL;
}

static int small(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool begins_with(const char *text, const char *part)
{
    while (*part != '\0' && small(*text) == small(*part))
        text++, part++;
    return *part == '\0';
}

bool text_search_has_nocase(const char *text, const char *part)
{
    while (!begins_with(text, part))
        if (*text++ == '\0')
            return false;
    return true;
}
