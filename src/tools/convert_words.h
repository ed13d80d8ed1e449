/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What readers of files share whose syntax is more than a setting a line: where reading is, and the settings so far. */
#ifndef SMF_TOOLS_CONVERT_WORDS_H
#define SMF_TOOLS_CONVERT_WORDS_H

#include "tools/convert_run.h"

#include <stdbool.h>
#include <stddef.h>

/* Where reading is. Begin with words_begin. */
struct words {
    struct conversion *run;
    const char *at, *end; /* of the file */
    unsigned line;        /* of `at`, from 1 */
    struct strbuf texts;  /* name and value of each setting so far, each with a NUL after it */
    size_t room;          /* settings that the run's array has room for */
};

enum { WORDS_END = -1 };

/* Begins to read `text`, which stays the caller's and may hold anything. */
void words_begin(struct words *words, struct conversion *run, const char *text, size_t len);

/* The octet `ahead` octets from here, a question mark for a NUL; WORDS_END after the last. */
int words_peek(const struct words *words, size_t ahead);

/* Goes on by one octet, which it returns as words_peek does. */
int words_next(struct words *words);

/* Goes on to the end of the line, before its newline. */
void words_skip_line(struct words *words);

/* Adds a setting after the others, with copies of both texts. `problem`, which stays the caller's, says why its value
 * is not known; NULL: it is. */
void words_add(struct words *words, const char *name, const char *value, unsigned line, const char *problem);

/* The value of the last setting of that name, which lives until the next words_add; NULL if there is none, or its value
 * is not known. */
const char *words_find(const struct words *words, const char *name);

/* Hands the settings to the run, with their keys. Sets its `no_memory` if there was too little. */
void words_finish(struct words *words);

#endif
