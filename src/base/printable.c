/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognises and makes printable US-ASCII. */
#include "base/printable.h"

#include <ctype.h>

char printable_char(char c)
{
    if (c < ' ' || c > '~')
        return '?';
    return c;
}

bool printable_is(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (printable_char(text[i]) != text[i])
            return false;
    return true;
}

void printable_make(char *text)
{
    for (; *text != '\0'; text++)
        *text = printable_char(*text);
}

void printable_mask_controls(char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text))
            *text = '?';
}
