/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the ends of comments and quoted strings. */
#include "mail/quoting.h"

#include <stddef.h>

const char *quoting_comment_end(const char *at, enum comment_style style)
{
    unsigned depth = 0;

    if (style == COMMENT_VISIBLE)
        return NULL;
    for (; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0' && style == COMMENT_NESTED)
            at++;
        else if (*at == '(' && (depth == 0 || style != COMMENT_FLAT))
            depth++;
        else if (*at == ')' && --depth == 0)
            return at + 1;
    }
    return NULL;
}

const char *quoting_string_end(const char *at)
{
    for (at++; *at != '\0' && *at != '"'; at++)
        if (*at == '\\' && *++at == '\0')
            return NULL;
    return *at == '"' ? at + 1 : NULL;
}
