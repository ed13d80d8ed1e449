/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One evaluation: a walk (walk.h), and the lookups that it wants. Whenever an answer arrives, on whichever thread, the
 * walk is run again there, and asks on. No thread waits.
 *
 * Counted: whoever began it holds it, and each lookup under way does. Answers may arrive after it is over, and ask
 * nothing any more. One lock for each evaluation, a leaf; nothing is asked and nobody is told while it is held. */
#ifndef SMF_SPF_EVALUATION_H
#define SMF_SPF_EVALUATION_H

#include "dns/dns.h"
#include "spf/walk.h"

#include <stdbool.h>
#include <stdint.h>

struct evaluation;

struct evaluation_setup {
    struct dns *dns;
    const struct spf_request *request; /* in the form that spf_check brings it to; lives until `done` was called and
                                            the evaluation is released */
    int64_t deadline_ms;               /* on the clock of `dns`, for all lookups */
    int64_t now_s;
    unsigned under_way_max;          /* for tests: lookups at a time, at least 1; 0: 48 */
    bool has_lookahead;              /* ask what the walk can foresee, and not only what it needs next */
    const struct dns_answer *survey; /* what to survey in the place of the request's record (walk.h); taken over. NULL:
                                        evaluate */
    bool is_kept_only; /* it is for the DNS cache alone: an answer that this would not keep (a TTL of 0) ends it */
    void (*done)(void *context); /* called once, when the walk is done; on any thread, before evaluation_begin has
                                    returned or later; no lock is held */
    void *context;
};

/* Makes an evaluation that has not begun. NULL if out of memory. */
struct evaluation *evaluation_create(const struct evaluation_setup *setup);

/* Begins it. */
void evaluation_begin(struct evaluation *evaluation);

/* Ends it early, unless it is over: its lookups are cancelled, and `done` is called, before this returns or by the
 * thread that walks now. It need not have begun. Any thread; hold no lock. */
void evaluation_cancel(struct evaluation *evaluation);

/* The finished walk, once `done` was called; nobody else touches it then. NULL: it was ended early (is_kept_only,
 * evaluation_cancel). */
struct walk *evaluation_walk(struct evaluation *evaluation);

/* Lets go of it. */
void evaluation_release(struct evaluation *evaluation);

#endif
