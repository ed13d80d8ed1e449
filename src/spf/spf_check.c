/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers requests out of the cache, or by jobs (job.h). */
#include "spf/spf_check.h"

#include "base/stats.h"
#include "spf/domain.h"
#include "spf/inflight.h"
#include "spf/job.h"
#include "spf/outcome.h"
#include "spf/result_cache.h"
#include "spf/trace.h"
#include "spf/waiter.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    SPECULATIVE_MAX = 1024, /* evaluations at a time that nobody waits for */
    LATE_MS = 200,          /* how long a thread waits past the deadline for a DNS that is late */
};

struct spf_checker {
    struct job_shared shared;
    atomic_uint speculative; /* evaluations that nobody waits for */
    atomic_uint references;
};

struct spf_checker *spf_checker_create(const struct spf_checker_config *config)
{
    struct spf_checker *checker = calloc(1, sizeof(*checker));

    if (!checker) {
        dns_destroy(config->dns);
        return NULL;
    }
    checker->references = 1;
    checker->shared = (struct job_shared){
        .dns = config->dns,
        .clock = config->clock,
        .cache = result_cache_create(config->cache_octets, config->result_ttl_s, config->seed, config->clock),
        .inflight = inflight_create(config->seed),
        .timeout_ms = config->timeout_ms,
        .has_lookahead = config->has_lookahead,
    };
    if (checker->shared.cache && checker->shared.inflight)
        return checker;
    spf_checker_release(checker);
    return NULL;
}

struct spf_checker *spf_checker_acquire(struct spf_checker *checker)
{
    atomic_fetch_add_explicit(&checker->references, 1, memory_order_relaxed);
    return checker;
}

void spf_checker_release(struct spf_checker *checker)
{
    if (!checker || atomic_fetch_sub_explicit(&checker->references, 1, memory_order_acq_rel) > 1)
        return;
    dns_destroy(checker->shared.dns); /* and with it what is under way */
    result_cache_destroy(checker->shared.cache);
    inflight_destroy(checker->shared.inflight);
    free(checker);
}

int64_t spf_checker_deadline_ms(const struct spf_checker *checker)
{
    return clock_monotonic_ms(checker->shared.clock) + checker->shared.timeout_ms;
}

/* A v4-mapped client is an IPv4 client (RFC 7208 5). */
static struct addr plain_client(const struct addr *client)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (client->family == ADDR_V6 && memcmp(client->bytes, mapped, sizeof(mapped)) == 0)
        return addr_from_v4(client->bytes + sizeof(mapped));
    return *client;
}

/* Copies a name without its final dot. False if it is too long for any. */
static bool copy_name(const char *text, char name[DNS_NAME_MAX + 1])
{
    size_t len = strlen(text);

    if (len > 0 && text[len - 1] == '.')
        len--;
    if (len > DNS_NAME_MAX)
        return false;
    memcpy(name, text, len);
    name[len] = '\0';
    return true;
}

/* Brings a request into the one form that keys and evaluations use. False if its answer is none, as there is no client
 * or no domain that could have a policy (RFC 7208 4.3). */
static bool normalize(struct spf_request *request, char domain[DNS_NAME_MAX + 1])
{
    if (request->client.family == ADDR_NONE || !copy_name(request->domain, domain))
        return false;
    request->domain = domain;
    request->client = plain_client(&request->client);
    if (request->local[0] == '\0')
        request->local = "postmaster"; /* RFC 7208 4.3 */
    return domain_can_have_policy(domain);
}

/* Looks into the result cache. */
static bool look(struct spf_checker *checker, const struct spf_request *request, struct spf_outcome *outcome,
                 unsigned *varying)
{
    bool found = result_cache_look(checker->shared.cache, request, outcome, varying);

    if (found)
        stats_add(STATS_CACHED, 1);
    return found;
}

/* Answers what needs no job. True: *outcome is there. */
static bool answer_at_once(struct spf_checker *checker, struct spf_request *normal, char domain[DNS_NAME_MAX + 1],
                           struct spf_outcome *outcome, unsigned *varying)
{
    if (normalize(normal, domain))
        return look(checker, normal, outcome, varying);
    *outcome = (struct spf_outcome){.result = RESULT_NONE};
    return true;
}

static int64_t deadline_of(const struct spf_checker *checker, const struct spf_request *request)
{
    return request->deadline_ms > 0 ? request->deadline_ms : spf_checker_deadline_ms(checker);
}

static void count(enum spf_result result)
{
    static const enum stats_counter counters[RESULT_COUNT] = {
        [RESULT_NONE] = STATS_NONE,           [RESULT_NEUTRAL] = STATS_NEUTRAL,   [RESULT_PASS] = STATS_PASS,
        [RESULT_FAIL] = STATS_FAIL,           [RESULT_SOFTFAIL] = STATS_SOFTFAIL, [RESULT_TEMPERROR] = STATS_TEMPERROR,
        [RESULT_PERMERROR] = STATS_PERMERROR,
    };

    stats_add(counters[result], 1);
}

/* ---- With a thread that waits ---- */

/* Runs a job and waits for it. */
static void run(struct job *job, struct waiter *waiter)
{
    int64_t left_ms = job->deadline_ms - clock_monotonic_ms(job->shared->clock);
    struct timespec moment = clock_moment_after((left_ms > 0 ? left_ms : 0) + LATE_MS);

    job_begin(job);
    for (;;) {
        if (waiter_wait(waiter, &moment)) {
            if (job_step(job))
                return;
        } else if (job_expire(job)) {
            return;
        } else {
            moment = clock_moment_after(LATE_MS);
        }
    }
}

/* Finds out what is not in the cache. `varying`: what the domain's outcomes are known to depend on. */
static void find_out(struct spf_checker *checker, const struct spf_request *request, unsigned varying,
                     struct spf_outcome *outcome)
{
    struct waiter waiter;
    struct job job = {.shared = &checker->shared,
                      .request = request,
                      .deadline_ms = deadline_of(checker, request),
                      .varying = varying,
                      .is_due = waiter_wake,
                      .context = &waiter};

    waiter_open(&waiter);
    run(&job, &waiter);
    *outcome = job.published.outcome;
    waiter_close(&waiter);
}

static void answer(struct spf_checker *checker, const struct spf_request *request, struct spf_outcome *outcome)
{
    struct spf_request normal = *request;
    char domain[DNS_NAME_MAX + 1];
    unsigned varying;

    if (!answer_at_once(checker, &normal, domain, outcome, &varying))
        find_out(checker, &normal, varying, outcome);
    else if (outcome->cached)
        trace_cached(normal.trace);
}

void spf_check(struct spf_checker *checker, const struct spf_request *request, struct spf_outcome *outcome)
{
    answer(checker, request, outcome);
    count(outcome->result);
}

enum tristate spf_permits(struct spf_checker *checker, const struct spf_request *request)
{
    struct spf_outcome outcome;

    answer(checker, request, &outcome);
    if (outcome.result == RESULT_TEMPERROR)
        return TRISTATE_UNKNOWN;
    return outcome.result == RESULT_PASS ? TRISTATE_YES : TRISTATE_NO;
}

/* Whether an answer of addresses holds this one. */
static enum tristate holds_address(const struct dns_answer *addresses, const struct addr *wanted)
{
    if (addresses->status == DNS_TIMEOUT || addresses->status == DNS_FAILURE)
        return TRISTATE_UNKNOWN;
    for (size_t i = 0; i < addresses->count; i++)
        if (addr_equal(&addresses->records[i].addr, wanted))
            return TRISTATE_YES;
    return TRISTATE_NO;
}

enum tristate spf_host_has_address(struct spf_checker *checker, const char *name, const struct addr *client,
                                   int64_t deadline_ms)
{
    struct addr wanted = plain_client(client);
    const struct dns_answer *addresses;
    char host[DNS_NAME_MAX + 1];
    enum tristate found;

    if (wanted.family == ADDR_NONE || !copy_name(name, host) || !domain_can_be_asked(host))
        return TRISTATE_NO;
    addresses = dns_ask(checker->shared.dns, host, wanted.family == ADDR_V4 ? DNS_A : DNS_AAAA, deadline_ms);
    found = holds_address(addresses, &wanted);
    dns_answer_release(addresses);
    return found;
}

/* ---- With nobody waiting ---- */

/* A job with a copy of its request. */
struct task {
    struct job job;
    struct spf_request request;
    struct spf_checker *checker;
    spf_done done; /* NULL: nobody is told */
    void *context;
    char texts[]; /* of the request */
};

/* Appends a text to what a copy has room for. */
static const char *put_text(char **room, const char *text)
{
    size_t size = strlen(text) + 1;
    const char *copy = memcpy(*room, text, size);

    *room += size;
    return copy;
}

static void end_task(struct task *task)
{
    if (task->done) {
        count(task->job.published.outcome.result);
        task->done(task->context, &task->job.published.outcome);
    } else {
        atomic_fetch_sub_explicit(&task->checker->speculative, 1, memory_order_relaxed);
    }
    free(task);
}

static void step_task(void *context)
{
    struct task *task = context;

    if (job_step(&task->job))
        end_task(task);
}

/* NULL if out of memory. */
static struct task *create_task(struct spf_checker *checker, const struct spf_request *request, unsigned varying)
{
    size_t texts =
        strlen(request->helo) + strlen(request->local) + strlen(request->domain) + strlen(request->receiver) + 4;
    struct task *task = malloc(sizeof(*task) + texts);
    char *room;

    if (!task)
        return NULL;
    *task = (struct task){.request = *request, .checker = checker};
    room = task->texts;
    task->request.helo = put_text(&room, request->helo);
    task->request.local = put_text(&room, request->local);
    task->request.domain = put_text(&room, request->domain);
    task->request.receiver = put_text(&room, request->receiver);
    task->job = (struct job){.shared = &checker->shared,
                             .request = &task->request,
                             .deadline_ms = deadline_of(checker, request),
                             .varying = varying,
                             .is_due = step_task,
                             .context = task};
    return task;
}

void spf_check_start(struct spf_checker *checker, const struct spf_request *request, spf_done done, void *context)
{
    struct spf_request normal = *request;
    char domain[DNS_NAME_MAX + 1];
    struct spf_outcome outcome;
    struct task *task;
    unsigned varying;

    if (!answer_at_once(checker, &normal, domain, &outcome, &varying)) {
        task = create_task(checker, &normal, varying);
        if (task) {
            task->done = done;
            task->context = context;
            job_begin(&task->job);
            return;
        }
        stats_add(STATS_FAULTS, 1);
        outcome_temperror(&outcome, "out of memory");
    }
    count(outcome.result);
    done(context, &outcome);
}

void spf_check_speculate(struct spf_checker *checker, const struct spf_request *request)
{
    struct spf_request normal = *request;
    char domain[DNS_NAME_MAX + 1];
    struct spf_outcome known;
    struct task *task;
    unsigned varying;

    if (!checker->shared.has_lookahead || !checker->shared.dns->keeps_answers || !normalize(&normal, domain))
        return;
    if (result_cache_look(checker->shared.cache, &normal, &known, &varying))
        return;
    if (atomic_fetch_add_explicit(&checker->speculative, 1, memory_order_relaxed) < SPECULATIVE_MAX) {
        normal.trace = NULL;
        task = create_task(checker, &normal, varying);
        if (task) {
            task->job.is_speculative = true;
            job_begin(&task->job);
            return;
        }
    }
    atomic_fetch_sub_explicit(&checker->speculative, 1, memory_order_relaxed);
}

struct ttl_cache_stats spf_checker_cache_stats(struct spf_checker *checker)
{
    return result_cache_stats(checker->shared.cache);
}
