/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leads and follows evaluations. */
#include "spf/job.h"

#include "base/log.h"
#include "base/log_value.h"
#include "base/stats.h"
#include "spf/evaluation.h"
#include "spf/outcome.h"
#include "spf/spf2_adapter.h"
#include "spf/trace.h"

#include <string.h>

/* Logs and counts a fault of ours. */
static void report_fault(const struct job *job, const char *what)
{
    char shown[LOG_VALUE_SIZE];

    log_error("SPF evaluation of %s: %s", log_word(job->request->domain, shown), what);
    stats_add(STATS_FAULTS, 1);
}

/* Ends the job with what is in job->published, for all who follow it too. */
static void publish(struct job *job)
{
    struct inflight_leader *leader = job->leader;

    job->is_ended = true;
    job->leader = NULL;
    result_key_make(&job->published.key, job->request, job->published.varying);
    if (leader)
        inflight_publish(job->shared->inflight, leader, &job->published);
}

/* Evaluates. */
static void evaluate(struct job *job)
{
    const struct job_shared *shared = job->shared;
    const struct evaluation_setup setup = {
        .dns = shared->dns,
        .request = job->request,
        .deadline_ms = job->deadline_ms,
        .now_s = clock_unix_s(shared->clock),
        .has_lookahead = shared->has_lookahead,
        .is_kept_only = job->is_speculative,
        .done = job->is_due,
        .context = job->context,
    };

    job->has_time = job->deadline_ms - clock_monotonic_ms(shared->clock) >= shared->timeout_ms / 2;
    job->evaluation = evaluation_create(&setup);
    if (job->evaluation) {
        evaluation_begin(job->evaluation);
        return;
    }
    report_fault(job, "out of memory");
    outcome_temperror(&job->published.outcome, "out of memory");
    job->published.is_private = true;
    publish(job);
    job->is_due(job->context);
}

/* Leads, unless the outcome has come into the cache before this began. */
static void lead(struct job *job)
{
    job->published.is_private = false;
    if (result_cache_look(job->shared->cache, job->request, &job->published.outcome, &job->published.varying)) {
        stats_add(STATS_CACHED, 1);
        publish(job);
        job->is_due(job->context);
    } else {
        evaluate(job);
    }
}

static void take_published(void *context, const struct published *published)
{
    struct job *job = context;

    job->published = *published;
    job->is_due(job->context);
}

void job_begin(struct job *job)
{
    struct result_key key;
    enum inflight_turn turn = INFLIGHT_ALONE;
    bool is_speculative = job->is_speculative;

    job->follower = (struct inflight_follower){.published = take_published, .context = job};
    result_key_make(&key, job->request, job->varying);
    if (!job->request->trace)
        turn = inflight_join(job->shared->inflight, &key, is_speculative ? NULL : &job->follower, &job->leader);
    if (turn == INFLIGHT_LEADS) {
        lead(job);
    } else if (turn == INFLIGHT_ALONE) {
        evaluate(job);
    } else if (is_speculative) { /* else it may be gone by now */
        job->is_ended = true;
        job->is_due(job->context);
    }
}

/* The walk is done: has it interpreted, and keeps the outcome. */
static void conclude(struct job *job)
{
    struct walk *walk = evaluation_walk(job->evaluation);
    struct published *published = &job->published;

    if (walk) {
        spf2_adapter_interpret(walk);
        if (walk->is_fault)
            report_fault(job, walk->problem);
        outcome_write(walk, &published->outcome);
        result_cache_put(job->shared->cache, job->request, &published->outcome, walk->macros_used);
        published->varying = walk->macros_used & RESULT_VARYING;
        published->is_private = walk->is_fault || (published->outcome.result == RESULT_TEMPERROR && !job->has_time);
        trace_of(job->request->trace, walk);
    } else {
        outcome_temperror(&published->outcome, "nobody waited");
        published->is_private = true;
    }
    evaluation_release(job->evaluation);
    job->evaluation = NULL;
    publish(job);
}

/* True if the outcome of another job's evaluation is that of this request too. */
static bool is_shared(const struct job *job)
{
    struct result_key key;

    result_key_make(&key, job->request, job->published.varying);
    return !job->published.is_private && result_key_equal(&key, &job->published.key);
}

bool job_step(struct job *job)
{
    unsigned before = job->varying;

    if (job->evaluation)
        conclude(job);
    if (job->is_ended)
        return true;
    if (is_shared(job)) {
        stats_add(STATS_JOINED, 1);
        return true;
    }
    job->varying |= job->published.varying;
    if (!job->published.is_private && job->varying != before)
        job_begin(job); /* with the longer key */
    else
        evaluate(job);
    return false;
}

bool job_expire(struct job *job)
{
    char shown[LOG_VALUE_SIZE];

    if (job->evaluation) {
        evaluation_expire(job->evaluation);
        return false;
    }
    if (!inflight_leave(job->shared->inflight, &job->follower))
        return false;
    log_warning("SPF evaluation of %s: gave up waiting for a concurrent evaluation",
                log_word(job->request->domain, shown));
    outcome_temperror(&job->published.outcome, "no outcome of a concurrent evaluation by the deadline");
    return true;
}
