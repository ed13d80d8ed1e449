/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terms of a walk that lead to no other record (a, mx, ptr, exists), the names that terms ask for, and how a term
 * ends an evaluation. For walk.c. */
#ifndef SMF_SPF_WALK_TERM_H
#define SMF_SPF_WALK_TERM_H

#include "spf/walk.h"

#include <stdbool.h>

/* What a term may come to, by the answers there are. Neither: the evaluation ends in it, whatever it is for. */
enum { CAN_MATCH = 1, CAN_MISS = 2 };

/* Ends the evaluation at `at` (NULL: at no term), by `why`; where something is missing before it, that it may.
 * Returns what the term may come to. */
unsigned term_stop(struct walk *walk, const struct walk_place *at, enum walk_stop why, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a failure of the DNS (RFC 7208 5). */
unsigned term_failure(struct walk *walk, const struct walk_place *at, const struct lookup *lookup);

/* An answer is missing; what follows may be needed. The second one is for terms that may count as a void lookup, the
 * third for those that lack the client's names. */
unsigned term_missing(struct walk *walk);
unsigned term_missing_host(struct walk *walk);
unsigned term_missing_names(struct walk *walk);

/* Counts the answer to a lookup, of which nothing is missing before it, towards LIMIT_OCTETS. */
void term_count_octets(struct walk *walk, const struct lookup *lookup);

/* Tells a survey, if this is one and the place is certainly reached. */
void term_tell(const struct walk *walk, enum survey_finding finding, const struct walk_place *at, const char *text);

/* True if the answer is there; the outcome depends on it. */
bool walk_has_answer(struct walk *walk, const struct lookup *lookup);

/* The values of macros in the record of `domain`. Expanding the client's name may set walk->lacks_names. */
struct macro_values walk_values(struct walk *walk, const char *domain);

/* Finds out the name that a step asks for: its domain-spec, expanded, or the current domain (RFC 7208 4.8). False if it
 * needs the client's names, which are missing, or out of memory. */
bool step_expand_name(struct walk *walk, const char *domain, struct step *step);

/* RFC 8616 4: true for a term that matches nothing, or an exp that finds nothing, as its name has octets of a local
 * part beyond US-ASCII. */
bool step_has_foreign_local_part(const struct walk *walk, const struct step *step);

/* Evaluates an a, mx, ptr or exists whose name is known. */
unsigned term_evaluate(struct walk *walk, const struct walk_place *at);

#endif
