/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers requests out of the cache, or by evaluations. */
#include "spf/spf_check.h"

#include "base/histogram.h"
#include "base/log.h"
#include "base/log_value.h"
#include "base/stats.h"
#include "base/wait.h"
#include "spf/checker.h"
#include "spf/outcome.h"
#include "spf/spf_metrics.h"
#include "spf/trace.h"

#include <stdlib.h>

/* Counts where the outcome came from, once for each request that the result cache was asked for. One that was begun
 * ahead was evaluated for this request, wherever it is found. */
static void count_source(const struct spf_request *request, enum stats_counter source)
{
    stats_add(request->is_speculated ? STATS_EVALUATED : source, 1);
}

/* Looks into the result cache. */
static bool look(struct spf_checker *checker, const struct spf_request *request, struct spf_outcome *outcome,
                 unsigned *varying)
{
    bool found = result_cache_look(checker->cache, request, outcome, varying);

    if (!found)
        return false;
    count_source(request, STATS_CACHED);
    if (request->is_speculated)
        outcome->cached = false;
    return true;
}

/* Answers what needs no evaluation. True: *outcome is there. */
static bool answer_at_once(struct spf_checker *checker, struct spf_request *normal, char domain[DNS_NAME_MAX + 1],
                           struct spf_outcome *outcome, unsigned *varying)
{
    if (checker_normalize(normal, domain))
        return look(checker, normal, outcome, varying);
    *outcome = (struct spf_outcome){.result = RESULT_NONE};
    return true;
}

/* Counts a check. One that is answered out of the cache takes no microsecond, nor two readings of the clock. */
static void count(enum spf_identity identity, const struct spf_outcome *outcome, uint64_t took_us)
{
    static const enum stats_counter counters[RESULT_COUNT] = {
        [RESULT_NONE] = STATS_NONE,           [RESULT_NEUTRAL] = STATS_NEUTRAL,   [RESULT_PASS] = STATS_PASS,
        [RESULT_FAIL] = STATS_FAIL,           [RESULT_SOFTFAIL] = STATS_SOFTFAIL, [RESULT_TEMPERROR] = STATS_TEMPERROR,
        [RESULT_PERMERROR] = STATS_PERMERROR,
    };

    stats_add(counters[outcome->result], 1);
    stats_add(STATS_SHED, outcome->is_shed);
    spf_metrics_checked(identity, outcome->result, took_us);
}

/* ---- What the cache does not know ---- */

/* Whoever asks, until the outcome is there. */
struct caller {
    struct spf_checker *checker;
    const struct spf_request *request; /* normal */
    int64_t deadline_ms;
    unsigned varying; /* what the domain's outcomes are known to depend on (result_key.h) */
    struct inflight_follower follower;
    spf_done done; /* called once; the caller may be gone then */
    void *context;
};

/* There are as many evaluations as may be: the request goes on without one. */
static void shed_past_limit(struct spf_outcome *outcome)
{
    log_warning("overload: as many SPF evaluations are under way as MaxChecks allows; what else arrives goes on "
                "unchecked");
    outcome_shed(outcome, "too many evaluations under way (MaxChecks)");
}

/* The same for want of memory. */
static void shed_without_memory(struct spf_outcome *outcome)
{
    log_error("SPF evaluation: out of memory");
    stats_add(STATS_FAULTS, 1);
    outcome_shed(outcome, "out of memory");
}

static void join(struct caller *caller, enum inflight_kind kind)
{
    struct spf_outcome outcome;

    switch (inflight_join(caller->checker->inflight, caller->request, caller->varying, caller->deadline_ms, kind,
                          &caller->follower)) {
    case INFLIGHT_JOINED:
        return;
    case INFLIGHT_FULL:
        shed_past_limit(&outcome);
        break;
    case INFLIGHT_NO_MEMORY:
        shed_without_memory(&outcome);
        break;
    }
    count_source(caller->request, STATS_EVALUATED);
    caller->done(caller->context, &outcome);
}

/* Where the outcome of a request came from, unless it was begun ahead. */
static enum stats_counter source_of(const struct caller *caller, const struct published *published)
{
    if (!caller->follower.is_first)
        return STATS_JOINED;
    return published->outcome.cached ? STATS_CACHED : STATS_EVALUATED;
}

/* True if the outcome of an evaluation that was begun for another is that of this request too. */
static bool is_shared(const struct caller *caller, const struct published *published)
{
    struct result_key key;

    result_key_make(&key, caller->request, published->varying);
    return !published->is_private && result_key_equal(&key, &published->key);
}

/* True if it shares no evaluation with others: they would be of another deadline, or untold. */
static bool is_alone(const struct spf_request *request)
{
    return request->trace != NULL || request->is_alone;
}

/* Takes an outcome, or asks on under a longer key, or alone. */
static void take(void *context, const struct published *published)
{
    struct caller *caller = context;
    unsigned before = caller->varying;

    if (!published->is_key_too_short && (caller->follower.is_first || is_shared(caller, published))) {
        count_source(caller->request, source_of(caller, published));
        caller->done(caller->context, &published->outcome);
        return;
    }
    caller->varying |= published->varying;
    join(caller, published->is_private || caller->varying == before || is_alone(caller->request) ? INFLIGHT_ALONE
                                                                                                 : INFLIGHT_SHARED);
}

static void start(struct caller *caller)
{
    caller->follower = (struct inflight_follower){.published = take, .context = caller};
    join(caller, is_alone(caller->request) ? INFLIGHT_ALONE : INFLIGHT_SHARED);
}

/* ---- With a thread that waits ---- */

struct blocked {
    struct wait_event is_known;
    struct spf_outcome *outcome;
};

static void unblock(void *context, const struct spf_outcome *outcome)
{
    struct blocked *blocked = context;

    spf_outcome_copy(blocked->outcome, outcome);
    wait_event_signal(&blocked->is_known);
}

static void give_up(const struct spf_request *request, struct spf_outcome *outcome)
{
    char shown[LOG_VALUE_SIZE];

    log_warning("SPF evaluation of %s: no outcome by the deadline", log_word(request->domain, shown));
    outcome_shed(outcome, "no outcome by the deadline");
    count_source(request, STATS_EVALUATED);
}

/* Finds out what is not in the cache. `varying`: what the domain's outcomes are known to depend on. */
static void find_out(struct spf_checker *checker, const struct spf_request *request, unsigned varying,
                     struct spf_outcome *outcome)
{
    struct blocked blocked = {.outcome = outcome};
    struct caller caller = {.checker = checker,
                            .request = request,
                            .deadline_ms = checker_deadline_of(checker, request),
                            .varying = varying,
                            .done = unblock,
                            .context = &blocked};
    int64_t left_ms = caller.deadline_ms - clock_monotonic_ms(checker->clock);
    struct timespec moment = clock_moment_after((left_ms > 0 ? left_ms : 0) + DNS_LATE_MS);

    wait_event_init(&blocked.is_known);
    start(&caller);
    while (!wait_event_until(&blocked.is_known, &moment)) {
        if (inflight_leave(checker->inflight, &caller.follower)) {
            give_up(request, outcome);
            break;
        }
        moment = clock_moment_after(DNS_LATE_MS); /* it is called in this moment */
    }
    wait_event_destroy(&blocked.is_known);
}

/* Returns how many microseconds it took, as it is counted. */
static uint64_t answer(struct spf_checker *checker, const struct spf_request *request, struct spf_outcome *outcome)
{
    struct spf_request normal = *request;
    char domain[DNS_NAME_MAX + 1];
    uint64_t begun_us;
    unsigned varying;

    if (answer_at_once(checker, &normal, domain, outcome, &varying)) {
        if (outcome->cached)
            trace_cached(normal.trace);
        return 0;
    }
    begun_us = histogram_now_us();
    find_out(checker, &normal, varying, outcome);
    return histogram_now_us() - begun_us;
}

void spf_check(struct spf_checker *checker, const struct spf_request *request, struct spf_outcome *outcome)
{
    const uint64_t took_us = answer(checker, request, outcome);

    count(request->identity, outcome, took_us);
}

enum tristate spf_outcome_permits(const struct spf_outcome *outcome)
{
    if (outcome->result == RESULT_TEMPERROR)
        return TRISTATE_UNKNOWN;
    return outcome->result == RESULT_PASS ? TRISTATE_YES : TRISTATE_NO;
}

enum tristate spf_permits(struct spf_checker *checker, const struct spf_request *request)
{
    struct spf_outcome outcome;

    (void)answer(checker, request, &outcome);
    return spf_outcome_permits(&outcome);
}

/* ---- With a callback ---- */

/* A caller with a copy of its request. */
struct task {
    struct caller caller;
    struct spf_request *request;
    spf_done done;
    void *context;
    uint64_t begun_us;
    bool is_result; /* it is counted */
};

static void end_task(void *context, const struct spf_outcome *outcome)
{
    struct task *task = context;

    if (task->is_result)
        count(task->request->identity, outcome, histogram_now_us() - task->begun_us);
    task->done(task->context, outcome);
    free(task->request);
    free(task);
}

/* False if out of memory. */
static bool start_task(const struct task *wanted, struct spf_checker *checker, const struct spf_request *request,
                       unsigned varying)
{
    struct task *task = malloc(sizeof(*task));
    struct spf_request *copy = task ? request_copy(request) : NULL;

    if (!copy) {
        free(task);
        return false;
    }
    *task = *wanted;
    task->begun_us = histogram_now_us();
    task->request = copy;
    task->caller = (struct caller){.checker = checker,
                                   .request = copy,
                                   .deadline_ms = checker_deadline_of(checker, request),
                                   .varying = varying,
                                   .done = end_task,
                                   .context = task};
    start(&task->caller);
    return true;
}

static void check_start(const struct task *wanted, struct spf_checker *checker, const struct spf_request *request)
{
    struct spf_request normal = *request;
    char domain[DNS_NAME_MAX + 1];
    struct spf_outcome outcome;
    unsigned varying;

    if (!answer_at_once(checker, &normal, domain, &outcome, &varying)) {
        if (start_task(wanted, checker, &normal, varying))
            return;
        shed_without_memory(&outcome);
        count_source(request, STATS_EVALUATED);
    }
    if (wanted->is_result)
        count(request->identity, &outcome, 0);
    wanted->done(wanted->context, &outcome);
}

void spf_check_start(struct spf_checker *checker, const struct spf_request *request, spf_done done, void *context)
{
    const struct task task = {.done = done, .context = context, .is_result = true};

    check_start(&task, checker, request);
}

void spf_permits_start(struct spf_checker *checker, const struct spf_request *request, spf_done done, void *context)
{
    const struct task task = {.done = done, .context = context};

    check_start(&task, checker, request);
}
