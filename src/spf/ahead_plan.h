/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which questions an evaluation will ask, found out from the records that have arrived so far.
 *
 * The records are walked in the order of the evaluation (RFC 7208 4.6), and their terms counted, up to the one that
 * ends it at the latest: the 10th that asks the DNS, one that certainly decides, an error. The place of a term behind
 * an include whose record has not arrived is a guess. Of such questions no more than 10 that proved right or wrong by
 * nothing so far are asked, so that all of them together, and what the evaluation asks that was not foreseen, stay
 * within what RFC 7208 4.6.4 allows one evaluation: an evaluation with an include has 10 questions left of that.
 *
 * Plain data: ahead.c holds a lock around each call, and asks. */
#ifndef SMF_SPF_AHEAD_PLAN_H
#define SMF_SPF_AHEAD_PLAN_H

#include "dns/dns.h"
#include "spf/macro.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan_record;

/* A question that is to be asked, or was. Lives as long as its plan. */
struct plan_question {
    struct plan_question *next, *next_to_send;
    void *owner;                     /* whoever keeps the plan */
    const struct dns_answer *answer; /* NULL: it is on its way; a reference */
    enum dns_type type;
    bool is_certain; /* it is no guess */
    char name[];
};

struct ahead_plan {
    const struct spf_question *question; /* borrowed */
    struct macro_values values;          /* without the current domain */
    void *owner;
    struct plan_question *questions;               /* no two are the same */
    struct plan_question *to_send, **to_send_tail; /* what is to be asked now, in the order of the evaluation */
    unsigned asked, certain;                       /* how many questions there are, and how many are no guesses */
    size_t octets;                                 /* of the answers */
    struct plan_record *root;                      /* NULL: not there */
    bool is_over;                                  /* there is nothing more to foresee, or no memory for it */
};

/* Prepares an empty plan for an evaluation of `question`, which is in the form that spf_check brings it to. */
void ahead_plan_init(struct ahead_plan *plan, const struct spf_question *question, int64_t now_s, void *owner);
void ahead_plan_free(struct ahead_plan *plan);

/* NULL: this is not among the questions. */
struct plan_question *ahead_plan_find(const struct ahead_plan *plan, const char *name, enum dns_type type);

/* Adds a question that is not among them, and is no guess; the caller asks it. NULL if out of memory. */
struct plan_question *ahead_plan_add(struct ahead_plan *plan, const char *name, enum dns_type type);

/* Keeps the answer to a question; takes over the reference. */
void ahead_plan_answer(struct ahead_plan *plan, struct plan_question *question, const struct dns_answer *answer);

/* Foresees what can be by now. Returns the question on its way that the evaluation will certainly come to, with nothing
 * before it to wait for; NULL: it may be able to end without one. */
const struct plan_question *ahead_plan_run(struct ahead_plan *plan);

/* Takes the next question that was foreseen and is to be asked, in the order of the evaluation; NULL: there is none. */
struct plan_question *ahead_plan_next(struct ahead_plan *plan);

#endif
