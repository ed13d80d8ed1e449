/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes the text of a path apart. */
#include "mail/letters.h"

#include "base/strbuf.h"
#include "base/utf8.h"
#include "mail/quoting.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* The end of a comment; one that does not end holds the rest. */
static const char *comment_end(const char *p)
{
    const char *end = quoting_comment_end(p, COMMENT_NESTED);

    return end != NULL ? end : p + strlen(p);
}

/* The end of what begins at `p`: a quoted string, a comment, an escaped octet, or one octet. NULL if it has none. */
static const char *letters_piece_end(const char *p)
{
    switch (*p) {
    case '"':
        return quoting_string_end(p);
    case '(':
        return comment_end(p);
    case '\\':
        return p[1] != '\0' ? p + 2 : NULL;
    default:
        return p + 1;
    }
}

char *letters_clean(const char *text)
{
    struct strbuf copy = STRBUF_INIT;
    size_t left = strlen(text);

    while (left > 0) {
        size_t octets = utf8_char_len(text, left);
        unsigned char c = (unsigned char)*text;

        if (c == '\t')
            strbuf_add_char(&copy, ' ');
        else if (c < ' ' || c == 0x7f)
            strbuf_add_char(&copy, '?');
        else if (octets == 0)
            strbuf_add(&copy, REPLACEMENT);
        else
            strbuf_add_mem(&copy, text, octets);
        octets += octets == 0;
        text += octets;
        left -= octets;
    }
    return strbuf_take(&copy);
}

/* A bracket in a parameter opens no address: `AUTH=<>` (RFC 4954 5). */
static bool bracket_opens_address(const char *text, const char *p)
{
    return *p == '<' && (p == text || p[-1] != '=');
}

bool letters_find_inside(const char *text, const char **begin, const char **end)
{
    const char *p;

    *begin = text;
    for (p = text; p != NULL && *p != '\0'; p = letters_piece_end(p))
        if (bracket_opens_address(text, p))
            *begin = p + 1;
    if (p == NULL)
        return false;
    *end = letters_inside_end(*begin);
    return true;
}

const char *letters_inside_end(const char *begin)
{
    while (begin != NULL && *begin != '\0' && *begin != '>')
        begin = letters_piece_end(begin);
    return begin;
}

static struct letter *add_letter(struct letters *letters, char octet, const char *begin, const char *end)
{
    struct letter *letter = &letters->all[letters->end++];

    *letter = (struct letter){.octet = octet,
                              .bare = true,
                              .begin = (uint16_t)(begin - letters->text),
                              .end = (uint16_t)(end - letters->text)};
    return letter;
}

/* White space is meaningless around these (RFC 5322 4.4). */
static bool is_joint(char octet)
{
    return strchr("@.,:;%!", octet) != NULL;
}

/* Sendmail puts a dot where white space parts two words; Postfix refuses these. */
static void add_gap(struct letters *letters, const char *p)
{
    const struct letter *last = letters->end > 0 ? &letters->all[letters->end - 1] : NULL;

    if (last != NULL && !(last->bare && is_joint(last->octet)) && !is_joint(*p))
        (void)add_letter(letters, '.', p, p);
}

static void add_piece(struct letters *letters, const char *p, const char *end)
{
    bool is_quoted = *p == '"';
    const char *octet = is_quoted ? p + 1 : p, *stop = is_quoted ? end - 1 : end;

    for (; octet < stop; octet++) {
        bool is_escaped = *octet == '\\' && octet + 1 < stop;

        if (is_escaped)
            octet++;
        struct letter *letter = add_letter(letters, *octet, p, end);
        letter->bare = !is_quoted && !is_escaped;
        letter->quoted = is_quoted;
    }
}

void letters_read(struct letters *letters, const char *begin, const char *end, bool with_gaps)
{
    bool gap = false;

    letters->begin = letters->end = 0;
    for (const char *p = begin, *piece; p < end; p = piece) {
        piece = letters_piece_end(p);
        if (*p == ' ' || *p == '(') {
            gap = true;
            continue;
        }
        if (gap && with_gaps)
            add_gap(letters, p);
        gap = false;
        add_piece(letters, p, piece);
    }
}

bool letters_begin(struct letters *letters, const char *text)
{
    *letters = (struct letters){.text = text};
    letters->all = malloc((strlen(text) * 2 + 1) * sizeof(*letters->all)); /* with a dot between any two */
    return letters->all != NULL;
}

void letters_end(struct letters *letters)
{
    free(letters->all);
    *letters = (struct letters){.text = NULL};
}

bool letters_is(const struct letters *letters, size_t i, char octet)
{
    return letters->all[i].bare && letters->all[i].octet == octet;
}

char *letters_text(const struct letters *letters, size_t begin, size_t end)
{
    char *text = malloc(end - begin + 1);

    if (text == NULL)
        return NULL;
    for (size_t i = begin; i < end; i++)
        text[i - begin] = letters->all[i].octet;
    text[end - begin] = '\0';
    return text;
}

char *letters_unquoted(const struct letters *letters)
{
    char *text = letters_text(letters, letters->begin, letters->end);

    for (size_t i = letters->begin; text != NULL && i < letters->end; i++)
        if (letters->all[i].quoted)
            text[i - letters->begin] = '"';
    return text;
}

char *letters_source(const struct letters *letters, const char *begin)
{
    const char *from = begin != NULL ? begin : letters->text + letters->all[letters->begin].begin;

    return strndup(from, (size_t)(letters->text + letters->all[letters->end - 1].end - from));
}
