/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks a question, and answers it out of the cache or by an evaluation. */
#include "spf/spf_check.h"

#include "base/stats.h"
#include "spf/domain.h"
#include "spf/evaluation.h"
#include "spf/explanation.h"
#include "spf/guard.h"
#include "spf/printable.h"
#include "spf/result_cache.h"
#include "spf/trace.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct spf_checker {
    struct dns *dns;
    const struct clock *clock;
    struct result_cache *cache;
    uint32_t timeout_ms;
    atomic_uint references;
};

struct spf_checker *spf_checker_create(const struct spf_checker_config *config)
{
    struct spf_checker *checker = calloc(1, sizeof(*checker));

    if (!checker) {
        dns_destroy(config->dns);
        return NULL;
    }
    checker->dns = config->dns;
    checker->clock = config->clock;
    checker->timeout_ms = config->timeout_ms;
    checker->references = 1;
    checker->cache = result_cache_create(config->cache_octets, config->result_ttl_s, config->seed, config->clock);
    if (checker->cache)
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
    result_cache_destroy(checker->cache);
    dns_destroy(checker->dns);
    free(checker);
}

/* A v4-mapped client is an IPv4 client (RFC 7208 5). */
static struct addr plain_client(const struct addr *client)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (client->family == ADDR_V6 && memcmp(client->bytes, mapped, sizeof(mapped)) == 0)
        return addr_from_v4(client->bytes + sizeof(mapped));
    return *client;
}

/* Brings a question into the one form that keys and evaluations use. False if its answer is none, as there is no client
 * or no domain that could have a policy (RFC 7208 4.3). */
static bool normalize(struct spf_question *question, char domain[DNS_NAME_MAX + 1])
{
    size_t len = strlen(question->domain);

    if (len > 0 && question->domain[len - 1] == '.')
        len--;
    if (len > DNS_NAME_MAX || question->client.family == ADDR_NONE)
        return false;
    memcpy(domain, question->domain, len);
    domain[len] = '\0';
    question->domain = domain;
    question->client = plain_client(&question->client);
    if (question->local[0] == '\0')
        question->local = "postmaster"; /* RFC 7208 4.3 */
    return domain_can_have_policy(domain);
}

/* The term of the domain's own record that decided, or of the record that a redirect led to, and then its domain too.
 */
static void write_mechanism(const struct evaluation *evaluation, char text[SPF_TERM_SIZE])
{
    const struct frame *frame = evaluation_last_frame(evaluation);
    const struct term *term = &frame->record.terms[frame->reached];
    bool is_redirected = frame != evaluation->frames[0];
    const char *of = is_redirected ? " of " : "", *domain = is_redirected ? frame->domain : "";
    size_t behind = strlen(of) + strlen(domain);
    size_t room = SPF_TERM_SIZE - 1 - (behind < SPF_TERM_SIZE / 2 ? behind : SPF_TERM_SIZE / 2);

    if (frame->reached == frame->record.count)
        snprintf(text, SPF_TERM_SIZE, "default%s%s", of, domain); /* RFC 7208 4.7 */
    else
        snprintf(text, SPF_TERM_SIZE, "%.*s%s%s", (int)(term->len < room ? term->len : room), term->text, of, domain);
}

/* True if the domain's record is `v=spf1 -all` and nothing else. */
static bool sends_no_mail(const struct evaluation *evaluation)
{
    const struct record *record = evaluation->frame_count > 0 ? &evaluation->frames[0]->record : NULL;

    return record != NULL && record->count == 1 && record->terms[0].kind == TERM_ALL &&
           record->terms[0].qualifier == '-';
}

static void evaluate(struct spf_checker *checker, const struct spf_question *question, struct spf_outcome *outcome)
{
    struct evaluation evaluation;

    evaluation_init(&evaluation, question, checker->dns, clock_monotonic_ms(checker->clock) + checker->timeout_ms,
                    clock_unix_s(checker->clock));
    outcome->result = guard_evaluate(&evaluation);
    outcome->guessed = evaluation.guessed;
    outcome->no_mail = sends_no_mail(&evaluation);
    if (evaluation.stopped)
        memcpy(outcome->problem, evaluation.problem, sizeof(outcome->problem));
    else
        write_mechanism(&evaluation, outcome->mechanism);
    if (outcome->result == RESULT_FAIL)
        explanation_fetch(&evaluation, outcome->explanation);
    outcome->ttl_s = evaluation.lookups.ttl_s == UINT32_MAX ? 0 : evaluation.lookups.ttl_s;
    result_cache_put(checker->cache, question, outcome, evaluation.macros_used);
    trace_finish(question->trace, evaluation.stopped, &evaluation.limits);
    evaluation_free(&evaluation);
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

void spf_check(struct spf_checker *checker, const struct spf_question *question, struct spf_outcome *outcome)
{
    struct spf_question normal = *question;
    char domain[DNS_NAME_MAX + 1];

    *outcome = (struct spf_outcome){.result = RESULT_NONE};
    if (normalize(&normal, domain)) {
        if (result_cache_get(checker->cache, &normal, outcome)) {
            stats_add(STATS_CACHED, 1);
            trace_cached(normal.trace);
        } else {
            evaluate(checker, &normal, outcome);
        }
    }
    count(outcome->result);
}

void spf_check_ahead(struct spf_checker *checker, const struct spf_question *question)
{
    (void)checker;
    (void)question;
}

struct ttl_cache_stats spf_checker_cache_stats(struct spf_checker *checker)
{
    return result_cache_stats(checker->cache);
}
