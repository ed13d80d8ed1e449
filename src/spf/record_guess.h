/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The single guesses of record_advice.h: each turns one kind of mistake in a term into what was meant. */
#ifndef SMF_SPF_RECORD_GUESS_H
#define SMF_SPF_RECORD_GUESS_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

/* A guess. Appends what `word` (NUL-terminated, without spaces) means to `meant`, sets *at to the octet of it that is
 * wrong, and *reason to a constant. False if the word does not have this mistake. What it appends need not be right:
 * the caller looks. */
typedef bool record_guess(const char *word, struct strbuf *meant, size_t *at, const char **reason);

/* All of them, in the order in which they are tried. */
extern record_guess *const record_guesses[];
extern const size_t record_guess_count;

/* Appends `text` with typographic quotes removed, dashes and spaces in US-ASCII; *at is the first octet that is none.
 * False, with nothing appended, if all of it is printable US-ASCII or a space. */
bool record_guess_ascii(const char *text, struct strbuf *meant, size_t *at, const char **reason);

#endif
