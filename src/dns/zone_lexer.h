/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits a master file (RFC 1035 5.1) into entries of tokens, inside the dns room. */
#ifndef SMF_DNS_ZONE_LEXER_H
#define SMF_DNS_ZONE_LEXER_H

#include <stdbool.h>
#include <stddef.h>

struct zone_token {
    const char *text; /* in the file's text, with its escapes, without its quotes; not NUL-terminated */
    size_t len;
    bool quoted;
};

/* The reader. Start with text, its end and line 1; the rest 0. */
struct zone_lexer {
    const char *next, *end;
    unsigned line;       /* of `next` */
    unsigned entry_line; /* on which the entry began */
    bool owner_omitted;  /* the entry began with a space: it is about the same name as the one before */
    struct zone_token *tokens;
    size_t count, size;
    const char *error; /* what is wrong, in the line `line`; NULL if nothing is */
};

/* Reads the next entry that holds a token. False at the end of the text, and on an error. */
bool zone_lexer_next(struct zone_lexer *lexer);

void zone_lexer_free(struct zone_lexer *lexer);

#endif
