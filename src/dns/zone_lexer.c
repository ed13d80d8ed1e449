/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of master files: comments, parentheses, quotes and escapes (RFC 1035 5.1). */
#include "dns/zone_lexer.h"

#include <stdlib.h>
#include <string.h>

static bool fail(struct zone_lexer *lexer, const char *error)
{
    lexer->error = error;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool add_token(struct zone_lexer *lexer, const char *text, size_t len, bool quoted)
{
    if (lexer->count == lexer->size) {
        size_t size = lexer->size ? 2 * lexer->size : 8;
        struct zone_token *tokens = realloc(lexer->tokens, size * sizeof(*tokens));

        if (!tokens)
            return fail(lexer, "out of memory");
        lexer->tokens = tokens;
        lexer->size = size;
    }
    lexer->tokens[lexer->count++] = (struct zone_token){.text = text, .len = len, .quoted = quoted};
    return true;
}

/* Steps over a backslash and what it escapes, as far as that stands on this line. */
static void skip_escape(struct zone_lexer *lexer)
{
    lexer->next++;
    if (lexer->next < lexer->end && *lexer->next != '\n')
        lexer->next++;
}

static bool read_quoted(struct zone_lexer *lexer)
{
    const char *start = ++lexer->next;

    while (lexer->next < lexer->end && *lexer->next != '"' && *lexer->next != '\n') {
        if (*lexer->next == '\\')
            skip_escape(lexer);
        else
            lexer->next++;
    }
    if (lexer->next == lexer->end || *lexer->next != '"')
        return fail(lexer, "a quoted string does not end on its line");
    return add_token(lexer, start, (size_t)(lexer->next++ - start), true);
}

static bool read_word(struct zone_lexer *lexer)
{
    const char *start = lexer->next;

    while (lexer->next < lexer->end && !is_blank(*lexer->next) && !strchr("\n;()\"", *lexer->next)) {
        if (*lexer->next == '\\')
            skip_escape(lexer);
        else
            lexer->next++;
    }
    return add_token(lexer, start, (size_t)(lexer->next - start), false);
}

static void skip_comment(struct zone_lexer *lexer)
{
    while (lexer->next < lexer->end && *lexer->next != '\n')
        lexer->next++;
}

/* Reads one entry, which ends at a line's end outside of parentheses; it may turn out to be empty. */
static bool read_entry(struct zone_lexer *lexer)
{
    bool inside = false, good = true;

    lexer->count = 0;
    lexer->entry_line = lexer->line;
    lexer->owner_omitted = is_blank(*lexer->next);
    while (good && lexer->next < lexer->end) {
        char c = *lexer->next;

        if (c == '\n' || is_blank(c)) {
            lexer->next++;
            lexer->line += c == '\n';
            if (c == '\n' && !inside)
                return true;
        } else if (c == '\0') {
            return fail(lexer, "a NUL octet");
        } else if (c == ';') {
            skip_comment(lexer);
        } else if (c == '(' || c == ')') {
            if (inside == (c == '('))
                return fail(lexer, c == '(' ? "a parenthesis within parentheses" : "`)` without `(`");
            inside = c == '(';
            lexer->next++;
        } else {
            good = c == '"' ? read_quoted(lexer) : read_word(lexer);
        }
    }
    if (good && inside)
        return fail(lexer, "the file ends within parentheses");
    return good;
}

bool zone_lexer_next(struct zone_lexer *lexer)
{
    do {
        if (lexer->next == lexer->end || !read_entry(lexer))
            return false;
    } while (lexer->count == 0);
    return true;
}

void zone_lexer_free(struct zone_lexer *lexer)
{
    free(lexer->tokens);
    lexer->tokens = NULL;
    lexer->count = lexer->size = 0;
}
