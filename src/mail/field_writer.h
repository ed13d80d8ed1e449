/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the value of a header field word by word, folds it, and quotes what comes from outside. */
#ifndef SMF_MAIL_FIELD_WRITER_H
#define SMF_MAIL_FIELD_WRITER_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

/* A value under way. A word is never split; before it there is a space, or a fold ("\n\t") where it turns out to be too
 * long for its line. */
struct field_writer {
    struct strbuf *out; /* with the word under way */
    size_t word_at;     /* where that begins */
    size_t column;      /* where the word before it ended in its line */
    size_t fold_at;
    bool begun; /* there is a word before it */
};

/* RFC 5322 2.1.1: octets that a line should and must not exceed. */
enum { FIELD_FOLD_EARLY = 78, FIELD_FOLD_LATE = 998 };

/* Begins the value of the field `name`, to be appended to `out`, with lines of at most `fold_at` octets as far as its
 * words allow. */
void field_begin(struct field_writer *writer, const char *name, size_t fold_at, struct strbuf *out);

/* Adds our own text to the word. */
static inline void field_add(struct field_writer *writer, const char *text)
{
    strbuf_add(writer->out, text);
}

/* True for a MIME token (RFC 2045 5.1) that field_add_token adds as it is. It is US-ASCII. */
bool field_is_token(const char *text);

/* Each adds text from outside to the word: as a MIME token or a quoted string (RFC 8601 2.2), as a dot-atom or a quoted
 * string (RFC 7208 9.1), and within a comment. Octets that are not printable US-ASCII become '?', and a long text is
 * cut to "...", so that no line gets longer than RFC 5322 2.1.1 allows. Many readers search for text and know no
 * quotes: so no such text ever holds `=` without a backslash before it, and none can say `spf=pass`, or what decodes to
 * that. */
void field_add_token(struct field_writer *writer, const char *text);
void field_add_dot_atom(struct field_writer *writer, const char *text);
void field_add_comment(struct field_writer *writer, const char *text);

/* Ends the word. */
void field_next(struct field_writer *writer);

/* Ends the value. Out of memory at any point leaves `failed` set in the output. */
void field_end(struct field_writer *writer);

#endif
