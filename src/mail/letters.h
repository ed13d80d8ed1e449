/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The octets that matter in a path of an envelope (RFC 5321 4.1.2), without the quotes, backslashes, comments and white
 * space around them. Pure. */
#ifndef SMF_MAIL_LETTERS_H
#define SMF_MAIL_LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LETTERS_TEXT_MAX = 30000 }; /* octets of a text that is taken apart */

struct letter {
    char octet;
    bool bare; /* neither in quotes nor after a backslash */
    bool quoted;
    uint16_t begin, end; /* where it stands in the text, with its quotes or backslash */
};

/* Those from `begin` to `end` are looked at. */
struct letters {
    const char *text; /* of at most LETTERS_TEXT_MAX octets; lives as long as the letters */
    struct letter *all;
    size_t begin, end;
};

/* A copy that is valid UTF-8 (RFC 6531 3.3) without control characters: U+FFFD stands for what is no UTF-8, ? for a
 * control character, a space for a tab. To be freed; NULL if out of memory. */
char *letters_clean(const char *text);

/* Finds what is in brackets, the innermost of several; without any it is all of the text. False if a quoted string does
 * not end. */
bool letters_find_inside(const char *text, const char **begin, const char **end);

/* Where that ends which begins at `begin`; NULL if a quoted string does not end. */
const char *letters_inside_end(const char *begin);

/* Begins with no letters and room for those of `text`, which holds no quoted string without an end. False if out of
 * memory. */
bool letters_begin(struct letters *letters, const char *text);
void letters_end(struct letters *letters);

/* Takes apart what stands between two places of the text; it replaces the letters there were. `with_gaps`: a dot stands
 * where white space parts two words, as Sendmail has it. */
void letters_read(struct letters *letters, const char *begin, const char *end, bool with_gaps);

/* True if the i-th letter is this octet, bare. */
bool letters_is(const struct letters *letters, size_t i, char octet);

/* A stretch of letters as text, to be freed; NULL if out of memory. */
char *letters_text(const struct letters *letters, size_t begin, size_t end);

/* The same of all from `begin` to `end`: with a quote for each in quotes; and as they stand in the text, with all that
 * is between them, from `begin` on if that is not NULL. There must be some. */
char *letters_unquoted(const struct letters *letters);
char *letters_source(const struct letters *letters, const char *begin);

#endif
