/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks a question, and answers it out of the cache or by an evaluation. */
#include "spf/spf_check.h"

#include "base/log.h"
#include "base/log_value.h"
#include "base/stats.h"
#include "spf/ahead.h"
#include "spf/domain.h"
#include "spf/evaluation.h"
#include "spf/explanation.h"
#include "spf/flight.h"
#include "spf/guard.h"
#include "spf/printable.h"
#include "spf/result_cache.h"
#include "spf/result_key.h"
#include "spf/trace.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD_MAX = 1024 }; /* askings ahead without an evaluation, at a time */

struct spf_checker {
    struct dns *dns;
    const struct clock *clock;
    struct result_cache *cache;
    struct flights *flights;
    uint32_t timeout_ms;
    bool asks_ahead;
    atomic_uint running_ahead; /* outlived by the DNS, which ends them */
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
    checker->asks_ahead = config->asks_ahead;
    checker->references = 1;
    checker->cache = result_cache_create(config->cache_octets, config->result_ttl_s, config->seed, config->clock);
    checker->flights = flights_create(config->seed, config->clock);
    if (checker->cache && checker->flights)
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
    dns_destroy(checker->dns); /* and with it what is asked ahead */
    result_cache_destroy(checker->cache);
    flights_destroy(checker->flights);
    free(checker);
}

int64_t spf_checker_deadline_ms(const struct spf_checker *checker)
{
    return clock_monotonic_ms(checker->clock) + checker->timeout_ms;
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

/* Brings a question into the one form that keys and evaluations use. False if its answer is none, as there is no client
 * or no domain that could have a policy (RFC 7208 4.3). */
static bool normalize(struct spf_question *question, char domain[DNS_NAME_MAX + 1])
{
    if (question->client.family == ADDR_NONE || !copy_name(question->domain, domain))
        return false;
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
        snprintf(text, SPF_TERM_SIZE, "default%s%.*s", of, (int)behind, domain); /* RFC 7208 4.7 */
    else
        snprintf(text, SPF_TERM_SIZE, "%.*s%s%.*s", (int)(term->len < room ? term->len : room), term->text, of,
                 (int)behind, domain);
}

/* True if the domain's record is `v=spf1 -all` and nothing else. */
static bool sends_no_mail(const struct evaluation *evaluation)
{
    const struct record *record = evaluation->frame_count > 0 ? &evaluation->frames[0]->record : NULL;

    return record != NULL && record->count == 1 && record->terms[0].kind == TERM_ALL &&
           record->terms[0].qualifier == '-';
}

/* Evaluates, and keeps the outcome. */
static void evaluate(struct spf_checker *checker, const struct spf_question *question, int64_t deadline_ms,
                     struct landing *landing)
{
    struct spf_outcome *outcome = &landing->outcome;
    struct evaluation evaluation;

    evaluation_init(&evaluation, question, checker->dns, deadline_ms, clock_unix_s(checker->clock));
    if (checker->asks_ahead && !question->trace)
        evaluation.lookups.ahead = ahead_create(checker->dns, question, deadline_ms, evaluation.values.now_s);
    *outcome = (struct spf_outcome){.result = guard_evaluate(&evaluation)};
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
    landing->is_private = evaluation.is_fault;
    landing->varying = evaluation.macros_used & RESULT_VARYING;
    ahead_close(evaluation.lookups.ahead);
    trace_finish(question->trace, evaluation.stopped, &evaluation.limits);
    evaluation_free(&evaluation);
}

/* Looks into the result cache. */
static bool look(struct spf_checker *checker, const struct spf_question *question, struct spf_outcome *outcome,
                 unsigned *varying)
{
    bool found = result_cache_look(checker->cache, question, outcome, varying);

    if (found)
        stats_add(STATS_CACHED, 1);
    return found;
}

/* Evaluates for all who wait for this flight. The outcome may have come into the cache before the flight began. */
static void lead(struct spf_checker *checker, const struct spf_question *question, int64_t deadline_ms,
                 struct flight *flight, struct landing *landing)
{
    bool has_time = deadline_ms - clock_monotonic_ms(checker->clock) >= checker->timeout_ms / 2;

    landing->is_private = false;
    if (!look(checker, question, &landing->outcome, &landing->varying))
        evaluate(checker, question, deadline_ms, landing);
    landing->is_private |= landing->outcome.result == RESULT_TEMPERROR && !has_time;
    result_key_make(&landing->key, question, landing->varying);
    flight_land(checker->flights, flight, landing);
}

/* True if what another thread's evaluation came to is the outcome of this question too. */
static bool is_shared(const struct landing *landing, const struct spf_question *question)
{
    struct result_key key;

    result_key_make(&key, question, landing->varying);
    return result_key_equal(&key, &landing->key);
}

static void give_up_waiting(const struct spf_question *question, struct spf_outcome *outcome)
{
    char shown[LOG_VALUE_SIZE];

    log_warning("SPF evaluation of %s: another thread's took too long", log_word(question->domain, shown));
    *outcome = (struct spf_outcome){.result = RESULT_TEMPERROR};
    snprintf(outcome->problem, sizeof(outcome->problem), "no outcome before the deadline");
}

/* Takes part in an evaluation that is under way, or begins one. An outcome that turns out to depend on more than is
 * asked for by `varying` may be another's: then it is looked for under the longer key. */
static void find_out(struct spf_checker *checker, const struct spf_question *question, unsigned varying,
                     struct spf_outcome *outcome)
{
    int64_t deadline_ms = question->deadline_ms != 0 ? question->deadline_ms : spf_checker_deadline_ms(checker);
    struct flight *flight = NULL;
    struct landing landing = {.is_private = false};
    struct result_key key;

    for (;;) {
        unsigned before = varying;

        result_key_make(&key, question, varying);
        switch (question->trace ? FLIGHT_ALONE : flight_join(checker->flights, &key, deadline_ms, &flight, &landing)) {
        case FLIGHT_LEADS:
            lead(checker, question, deadline_ms, flight, &landing);
            *outcome = landing.outcome;
            return;
        case FLIGHT_LATE:
            give_up_waiting(question, outcome);
            return;
        case FLIGHT_ENDED:
            if (!landing.is_private && is_shared(&landing, question)) {
                stats_add(STATS_JOINED, 1);
                *outcome = landing.outcome;
                return;
            }
            varying |= landing.varying;
            if (!landing.is_private && varying != before)
                break;
            /* fall through */
        case FLIGHT_ALONE:
            evaluate(checker, question, deadline_ms, &landing);
            *outcome = landing.outcome;
            return;
        }
    }
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

static void answer(struct spf_checker *checker, const struct spf_question *question, struct spf_outcome *outcome)
{
    struct spf_question normal = *question;
    char domain[DNS_NAME_MAX + 1];
    unsigned varying;

    if (!normalize(&normal, domain))
        *outcome = (struct spf_outcome){.result = RESULT_NONE};
    else if (look(checker, &normal, outcome, &varying))
        trace_cached(normal.trace);
    else
        find_out(checker, &normal, varying, outcome);
}

void spf_check(struct spf_checker *checker, const struct spf_question *question, struct spf_outcome *outcome)
{
    answer(checker, question, outcome);
    count(outcome->result);
}

enum spf_answer spf_permits(struct spf_checker *checker, const struct spf_question *question)
{
    struct spf_outcome outcome;

    answer(checker, question, &outcome);
    if (outcome.result == RESULT_TEMPERROR)
        return ANSWER_UNKNOWN;
    return outcome.result == RESULT_PASS ? ANSWER_YES : ANSWER_NO;
}

/* Whether an answer of addresses holds this one. */
static enum spf_answer holds_address(const struct dns_answer *addresses, const struct addr *wanted)
{
    if (addresses->status == DNS_TIMEOUT || addresses->status == DNS_FAILURE)
        return ANSWER_UNKNOWN;
    for (size_t i = 0; i < addresses->count; i++)
        if (addr_equal(&addresses->records[i].addr, wanted))
            return ANSWER_YES;
    return ANSWER_NO;
}

enum spf_answer spf_host_has_address(struct spf_checker *checker, const char *name, const struct addr *client,
                                     int64_t deadline_ms)
{
    struct addr wanted = plain_client(client);
    const struct dns_answer *addresses;
    char host[DNS_NAME_MAX + 1];
    enum spf_answer found;

    if (wanted.family == ADDR_NONE || !copy_name(name, host) || !domain_can_be_asked(host))
        return ANSWER_NO;
    addresses = dns_ask(checker->dns, host, wanted.family == ADDR_V4 ? DNS_A : DNS_AAAA, deadline_ms);
    found = holds_address(addresses, &wanted);
    dns_answer_release(addresses);
    return found;
}

void spf_check_ahead(struct spf_checker *checker, const struct spf_question *question)
{
    struct spf_question normal = *question;
    char domain[DNS_NAME_MAX + 1];
    struct spf_outcome known;
    unsigned varying;

    if (!checker->asks_ahead || !checker->dns->keeps_answers || !normalize(&normal, domain))
        return;
    if (atomic_load_explicit(&checker->running_ahead, memory_order_relaxed) >= AHEAD_MAX ||
        result_cache_look(checker->cache, &normal, &known, &varying))
        return;
    ahead_send(checker->dns, &normal, spf_checker_deadline_ms(checker), clock_unix_s(checker->clock),
               &checker->running_ahead);
}

struct ttl_cache_stats spf_checker_cache_stats(struct spf_checker *checker)
{
    return result_cache_stats(checker->cache);
}
