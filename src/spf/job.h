/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of one request that the result cache cannot answer: it leads an evaluation, or follows one that is under
 * way, or follows it and then turns out to need another.
 *
 * A job never waits. It says when there is something to do, on whichever thread that happens, and whoever keeps it has
 * that done there or on a thread of its own: interpreting the surrogate records, and writing the result down. */
#ifndef SMF_SPF_JOB_H
#define SMF_SPF_JOB_H

#include "spf/inflight.h"
#include "spf/result_cache.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stdint.h>

struct evaluation;

/* What all jobs of a checker share. */
struct job_shared {
    struct dns *dns;
    const struct clock *clock;
    struct result_cache *cache;
    struct inflight *inflight;
    uint32_t timeout_ms;
    bool has_lookahead;
};

struct job {
    /* Filled in by the caller. */
    const struct job_shared *shared;
    const struct spf_request *request; /* normal (spf_check.c) */
    int64_t deadline_ms;
    unsigned varying;              /* what the domain's outcomes are known to depend on (result_key.h) */
    bool is_speculative;           /* nobody waits for it: where another leads, there is nothing to do */
    void (*is_due)(void *context); /* job_step is due. Called once for job_begin, and once for each job_step that
                                      returned false; before those return or later, on any thread, with no lock */
    void *context;

    /* Its own; start with zeros. */
    struct evaluation *evaluation; /* NULL: it follows, or has ended */
    struct inflight_leader *leader;
    struct inflight_follower follower;
    bool is_ended;
    bool has_time; /* more than half of the timeout was left when its evaluation began */
    struct published published;
};

/* Begins. The job and its request stay where they are until job_step has returned true. */
void job_begin(struct job *job);

/* Does what is due. True: it has ended, and job->published.outcome is there. False: is_due will be called again, and
 * may have been already, so the job may be gone. */
bool job_step(struct job *job);

/* Ends its waiting, as the deadline is over. False: is_due is called soon or was, as without this. True: it has ended
 * likewise, or, where it follows, with a temperror of its own, and job_step must not be called. */
bool job_expire(struct job *job);

#endif
