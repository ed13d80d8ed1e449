/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writer of header field values. */
#include "mail/field_writer.h"

#include "base/printable.h"
#include "base/specials.h"

#include <string.h>

enum {
    SHOWN_MAX = 400, /* octets of one text from outside; twice that when all of it is escaped */
};

void field_begin(struct field_writer *writer, const char *name, size_t fold_at, struct strbuf *out)
{
    *writer = (struct field_writer){.out = out, .word_at = out->len, .fold_at = fold_at, .column = strlen(name) + 2};
}

/* Adds `text`, printable and bounded, with a backslash before each octet of `escaped`, and before whatever would make
 * it a key with a value (`spf=pass`) or an encoded word (`=?`) for a reader that does not know quotes. */
static void add_shown(struct field_writer *writer, const char *text, const char *escaped)
{
    size_t len = strlen(text);
    size_t shown = len <= SHOWN_MAX ? len : SHOWN_MAX;
    char before = '\0';

    for (size_t i = 0; i < shown; i++) {
        char c = printable_char(text[i]);

        if (strchr(escaped, c) != NULL || c == '=' || (c == '?' && before == '='))
            strbuf_add_char(writer->out, '\\');
        strbuf_add_char(writer->out, c);
        before = c;
    }
    if (shown < len)
        strbuf_add(writer->out, "...");
}

static void add_quoted(struct field_writer *writer, const char *text)
{
    strbuf_add_char(writer->out, '"');
    add_shown(writer, text, "\"\\");
    strbuf_add_char(writer->out, '"');
}

bool field_is_token(const char *text)
{
    size_t len = 0;

    while (specials_may_be_in_token(text[len]))
        len++;
    return text[len] == '\0' && len > 0 && len <= SHOWN_MAX;
}

/* RFC 5322 3.2.3, but that '=' is quoted: see add_shown. */
static bool is_dot_atom(const char *text)
{
    size_t len = 0;

    while (text[len] > ' ' && text[len] <= '~' && text[len] != '=' && !specials_has(text[len]))
        len++;
    if (text[len] != '\0' || len == 0 || len > SHOWN_MAX)
        return false;
    return text[0] != '.' && text[len - 1] != '.' && strstr(text, "..") == NULL;
}

void field_add_token(struct field_writer *writer, const char *text)
{
    if (field_is_token(text))
        field_add(writer, text);
    else
        add_quoted(writer, text);
}

void field_add_dot_atom(struct field_writer *writer, const char *text)
{
    if (is_dot_atom(text))
        field_add(writer, text);
    else
        add_quoted(writer, text);
}

void field_add_comment(struct field_writer *writer, const char *text)
{
    add_shown(writer, text, "()\\");
}

/* Puts the word into a line of its own: the space before it becomes a fold. */
static void fold(const struct field_writer *writer)
{
    struct strbuf *out = writer->out;
    const size_t len = out->len - writer->word_at;

    strbuf_add_char(out, '\0');
    if (out->failed)
        return;
    memmove(out->text + writer->word_at + 1, out->text + writer->word_at, len);
    memcpy(out->text + writer->word_at - 1, "\n\t", 2);
}

void field_next(struct field_writer *writer)
{
    const size_t len = writer->out->len - writer->word_at;

    if (len == 0)
        return;
    if (writer->begun && writer->column + 1 + len > writer->fold_at) {
        fold(writer);
        writer->column = 1;
    } else if (writer->begun) {
        writer->column++;
    }
    writer->column += len;
    writer->begun = true;
    strbuf_add_char(writer->out, ' ');
    writer->word_at = writer->out->len;
}

void field_end(struct field_writer *writer)
{
    field_next(writer);
    if (writer->begun)
        strbuf_truncate(writer->out, writer->word_at - 1);
}
