/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognises and makes printable US-ASCII. */
#include "spf/printable.h"

static bool is_printable(char c)
{
    return c >= ' ' && c <= '~';
}

bool printable_is(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_printable(text[i]))
            return false;
    return true;
}

void printable_make(char *text)
{
    for (; *text; text++)
        if (!is_printable(*text))
            *text = '?';
}
