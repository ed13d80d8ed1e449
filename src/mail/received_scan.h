/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pieces of a Received field: words, comments, addresses. Pure; nothing is copied or owned. */
#ifndef SMF_MAIL_RECEIVED_SCAN_H
#define SMF_MAIL_RECEIVED_SCAN_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>

/* A part of the field; text NULL: there is none. */
struct span {
    const char *text;
    size_t len;
};

struct span span_of(const char *begin, const char *end);
const char *span_end(struct span span);
struct span span_trimmed(struct span span); /* without the white space around it */

/* Each compares without case. */
bool span_is(struct span span, const char *text);
bool span_begins(struct span span, const char *prefix);
bool span_contains(struct span span, const char *text); /* `text` is not empty */

bool span_has(struct span span, const char *octets); /* any of them */

/* What `span` is after `prefix`, which it begins with; without text if it does not. */
struct span span_after(struct span span, const char *prefix);

/* What follows white space; `at` itself where there is none. */
const char *scan_blanks(const char *at);

/* The word at `at`, up to white space, a parenthesis or a semicolon; empty where none begins. */
struct span scan_word(const char *at);

/* The same in the clauses that the relay itself writes, where an address may hold a quoted local part (RFC 5321 4.1.2):
 * what stands in quotes ends no word. Without text if the quotes have no end, or a backslash stands outside of them. */
struct span scan_clause_word(const char *at);

/* The inside of the comment that begins at `at` (RFC 5322 3.2.2), which holds a `(`; without text where it has no end.
 * In Exim's `(envelope-from <...>)` the parentheses of a quoted local part are no parentheses of the comment. */
struct span scan_comment(const char *at);

/* Reads an address alone, or as RFC 5321 4.1.3 writes IPv6 (`IPv6:2001:db8::1`). False, with *out untouched, for
 * anything else. */
bool scan_address(struct span span, struct addr *out);

/* Reads `[address]` at the beginning of `span`, and Exim's `:port` after it; *rest is what follows. */
bool scan_bracketed(struct span span, struct addr *out, struct span *rest);

#endif
