/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluations with lookahead: how many round trips they take, which lookups they ask, and none twice. */
#include "spf/spf_check.h"

#include "base/stats.h"
#include "unit/spf/round_dns.h"
#include "unit/spf/simple_cache.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define ALL_KINDS "v=spf1 include:one.org a:h1.org mx:mx2.org ptr:p.org exists:%{i}.e.org a:h2.org include:two.org "

static const struct {
    const char *name, *type, *data;
} zone[] = {
    {"nested.org", "TXT", "v=spf1 include:n1.org -all"},
    {"n1.org", "TXT", "v=spf1 include:n2.org -all"},
    {"n2.org", "TXT", "v=spf1 include:n3.org -all"},
    {"n3.org", "TXT", "v=spf1 include:n4.org -all"},
    {"n4.org", "TXT", "v=spf1 ip4:192.0.2.1 -all"},

    {"siblings.org", "TXT", "v=spf1 include:one.org include:two.org include:three.org include:n4.org -all"},
    {"one.org", "TXT", "v=spf1 ip4:10.0.0.0/8 -all"},
    {"two.org", "TXT", "v=spf1 ip4:10.0.0.0/8 -all"},
    {"three.org", "TXT", "v=spf1 ip4:10.0.0.0/8 -all"},

    {"mx5.org", "TXT", "v=spf1 mx -all"},
    {"mx5.org", "MX", "m1.org"},
    {"mx5.org", "MX", "m2.org"},
    {"mx5.org", "MX", "m3.org"},
    {"mx5.org", "MX", "m4.org"},
    {"mx5.org", "MX", "m5.org"},
    {"m1.org", "A", "10.0.0.1"},
    {"m2.org", "A", "10.0.0.2"},
    {"m3.org", "A", "10.0.0.3"},
    {"m4.org", "A", "10.0.0.4"},
    {"m5.org", "A", "192.0.2.1"},
    {"m1.org", "AAAA", "2001:db8::2"},
    {"m2.org", "AAAA", "2001:db8::3"},
    {"m3.org", "AAAA", "2001:db8::4"},
    {"m4.org", "AAAA", "2001:db8::5"},
    {"m5.org", "AAAA", "2001:db8::1"},

    {"kinds.org", "TXT", ALL_KINDS "include:three.org mx:mx1.org redirect=last.org"},
    {"h1.org", "A", "10.0.0.1"},
    {"h2.org", "A", "10.0.0.1"},
    {"mx1.org", "MX", "m1.org"},
    {"mx2.org", "MX", "m2.org"},
    {"1.2.0.192.in-addr.arpa", "PTR", "h1.org"},
    {"last.org", "TXT", "v=spf1 ip4:192.0.2.1 -all"},

    {"behind.org", "TXT", "v=spf1 a:h1.org ip4:192.0.2.1 a:h2.org include:one.org -all"},
    {"all.org", "TXT", "v=spf1 a:h1.org -all a:h2.org redirect=one.org"},
    {"passes.org", "TXT", "v=spf1 include:n4.org include:nested.org -all"},
    {"fails.org", "TXT", "v=spf1 include:one.org a:h1.org -all"},

    {"macros.org", "TXT", "v=spf1 exists:%{i}.%{v}.x.org exists:%{l}.%{o}.y.org a:%{d2}.z.org include:%{h}.w.org -all"},
    {"mail.example.org.w.org", "TXT", "v=spf1 -all"},
    {"macros.org.z.org", "A", "10.0.0.1"},
    {"user.macros.org.y.org", "TXT", "nothing"},
    {"names.org", "TXT", "v=spf1 exists:%{p}.x.org include:%{p}.p.org a:h1.org -all"},
    {"names.org.x.org", "A", "127.0.0.2"},

    {"wide.org", "TXT",
     "v=spf1 include:a.wide.org include:b.wide.org include:c.wide.org include:d.wide.org "
     "include:e.wide.org include:f.wide.org include:g.wide.org include:h.wide.org -all"},
    {"a.wide.org", "TXT",
     "v=spf1 include:a.a.org include:b.a.org include:c.a.org include:d.a.org include:e.a.org "
     "include:f.a.org include:g.a.org include:h.a.org include:i.a.org include:j.a.org -all"},
    {"b.wide.org", "TXT", "v=spf1 include:a.b.org include:b.b.org include:c.b.org include:d.b.org -all"},
    {"a.a.org", "TXT", "v=spf1 ?all"},
    {"b.a.org", "TXT", "v=spf1 ?all"},
    {"c.a.org", "TXT", "v=spf1 ?all"},
    {"d.a.org", "TXT", "v=spf1 ?all"},
    {"e.a.org", "TXT", "v=spf1 ?all"},
    {"f.a.org", "TXT", "v=spf1 ?all"},
    {"g.a.org", "TXT", "v=spf1 ?all"},
    {"h.a.org", "TXT", "v=spf1 ?all"},
    {"i.a.org", "TXT", "v=spf1 ?all"},
    {"j.a.org", "TXT", "v=spf1 ?all"},
    {"loop.org", "TXT", "v=spf1 include:loop.org include:LOOP.org a:h1.org"},
    {"error.org", "TXT", "v=spf1 include:nothing.org include:one.org ~all"},
    {"broken.org", "TXT", "v=spf1 a:h1.org foo"},
    {"voids.org", "TXT", "v=spf1 include:one.org a:v1.org a:v2.org a:v3.org mx:mx5.org -all"},
    {"same.org", "TXT", "v=spf1 a:h1.org a:H1.org -exists:h1.org mx:mx1.org a:m1.org -all"},
    {"text.org", "TXT", "v=spf1 ip4:192.0.2.9 -all exp=why.org"},
    {"why.org", "TXT", "No."},
    {"early1.org", "TXT", "v=spf1 include:n4.org a:never.org include:never.org -all"},
    {"early2.org", "TXT", "v=spf1 a:h1.org mx:mx5.org include:never.org a:never.org -all"},
    {"early3.org", "TXT", "v=spf1 exists:%{p}.x.org a:m5.org mx:never.org -all"},
    {"early4.org", "TXT", "v=spf1 -a:h1.org include:early5.org include:never.org -all"},
    {"early5.org", "TXT", "v=spf1 -a:h2.org ?mx:mx2.org ptr:p.org a:m5.org a:never.org -all"},
    {"early6.org", "TXT", "v=spf1 include:early7.org a:m5.org include:never.org -all"},
    {"early7.org", "TXT", "v=spf1 -a:m5.org a:never.org -all"},
    {"unknown.x.org", "TXT", "an exists that finds nothing"},
    {"guess.org", "MX", "m5.org"},
    {"guess.org", "A", "10.0.0.1"},
};

enum { TIMEOUT_MS = 20000 };

struct fixture {
    struct clock clock;
    int64_t now_ms;
    struct dns *rounds; /* owned by the checker */
    struct spf_checker *checker;
};

static int64_t fixture_now(void *context)
{
    return ((struct fixture *)context)->now_ms;
}

static void open_checker(struct fixture *fixture, bool is_cached, size_t cache_octets)
{
    struct spf_checker_config config = {.clock = &fixture->clock,
                                        .timeout_ms = TIMEOUT_MS,
                                        .has_lookahead = true,
                                        .cache_octets = cache_octets,
                                        .result_ttl_s = 3600};

    fixture->clock = (struct clock){fixture_now, fixture_now, fixture};
    fixture->now_ms = 1000;
    fixture->rounds = config.dns = round_dns_create(&fixture->clock);
    for (size_t i = 0; i < COUNT(zone); i++)
        round_dns_add(fixture->rounds, zone[i].name, zone[i].type, zone[i].data);
    if (is_cached)
        config.dns = simple_cache_create(config.dns);
    assert_non_null(config.dns);
    fixture->checker = spf_checker_create(&config);
    assert_non_null(fixture->checker);
}

static int open_plain(void **state)
{
    static struct fixture fixture;

    open_checker(&fixture, false, 0);
    *state = &fixture;
    return 0;
}

static int open_cached(void **state)
{
    static struct fixture fixture;

    open_checker(&fixture, true, 0);
    *state = &fixture;
    return 0;
}

static int open_with_results(void **state)
{
    static struct fixture fixture;

    open_checker(&fixture, true, 1 << 20);
    *state = &fixture;
    return 0;
}

static int close_checker(void **state)
{
    spf_checker_release(((struct fixture *)*state)->checker);
    return 0;
}

static struct spf_request request_of(const char *client, const char *domain)
{
    struct spf_request request = {
        .helo = "mail.example.org", .local = "user", .domain = domain, .receiver = "mx.example.net"};

    assert_true(addr_parse(client, &request.client));
    return request;
}

static enum spf_result check(struct fixture *fixture, const char *client, const char *domain)
{
    struct spf_request request = request_of(client, domain);
    struct spf_outcome outcome;

    spf_check(fixture->checker, &request, &outcome);
    return outcome.result;
}

/* Round trips and questions, of which no two are the same. */
static void test_rounds(void **state)
{
    static const struct {
        const char *client, *domain;
        enum spf_result result;
        unsigned rounds, questions;
    } rows[] = {
        {"192.0.2.1", "n4.org", RESULT_PASS, 1, 1},
        {"192.0.2.1", "nested.org", RESULT_PASS, 5, 5},
        {"192.0.2.1", "siblings.org", RESULT_PASS, 2, 5},
        {"192.0.2.1", "mx5.org", RESULT_PASS, 3, 7},
        {"2001:db8::1", "mx5.org", RESULT_PASS, 3, 7},
        {"192.0.2.1", "kinds.org", RESULT_PASS, 5, 13}, /* no more than 3 terms at a time may turn out void */
        {"192.0.2.1", "behind.org", RESULT_PASS, 2, 2},
        {"192.0.2.1", "all.org", RESULT_FAIL, 2, 2},
        {"192.0.2.1", "passes.org", RESULT_PASS, 2, 3}, /* nothing below the second include */
        {"192.0.2.1", "fails.org", RESULT_FAIL, 2, 3},
        {"192.0.2.1", "macros.org", RESULT_FAIL, 3, 5},
        {"192.0.2.1", "loop.org", RESULT_PERMERROR, 1, 1},
        {"192.0.2.1", "error.org", RESULT_PERMERROR, 2, 3},
        {"192.0.2.1", "broken.org", RESULT_PERMERROR, 1, 1},
        {"192.0.2.1", "none.org", RESULT_NONE, 1, 1},
        {"192.0.2.1", "same.org", RESULT_FAIL, 2, 2},
        {"192.0.2.1", "text.org", RESULT_FAIL, 2, 2}, /* an explanation is not foreseen */
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned rounds, questions;

        assert_string_equal(result_name(check(fixture, rows[i].client, rows[i].domain)), result_name(rows[i].result));
        rounds = round_dns_rounds(fixture->rounds);
        questions = round_dns_questions(fixture->rounds);
        if (rounds != rows[i].rounds || questions != rows[i].questions) {
            round_dns_print(fixture->rounds);
            fail_msg("%s: %u rounds, %u questions", rows[i].domain, rounds, questions);
        }
        round_dns_reset(fixture->rounds);
    }
}

static unsigned asked(const struct fixture *fixture, const char *name, enum dns_type type)
{
    return round_dns_asked(fixture->rounds, name, type);
}

/* Records with more than 10 terms: those in reach, and 10 guesses at most. */
static void test_limits(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(check(fixture, "192.0.2.1", "wide.org"), RESULT_PERMERROR);
    assert_int_equal(asked(fixture, "i.a.org", DNS_TXT), 1); /* the 10th term */
    assert_int_equal(asked(fixture, "j.a.org", DNS_TXT), 0);
    assert_int_equal(asked(fixture, "a.b.org", DNS_TXT), 0);
    assert_in_range(round_dns_questions(fixture->rounds), 11, 21);
}

/* The third answer without a record ends an evaluation, and so what is asked ahead. */
static void test_void_lookups(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(check(fixture, "192.0.2.1", "voids.org"), RESULT_PERMERROR);
    assert_int_equal(asked(fixture, "v3.org", DNS_A), 1);
    assert_int_equal(asked(fixture, "mx5.org", DNS_MX), 0);
    assert_int_equal(round_dns_questions(fixture->rounds), 5);
}

/* A p macro has the client's names asked for, and hides only its own term. */
static void test_client_names(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(check(fixture, "192.0.2.1", "names.org"), RESULT_PERMERROR);
    assert_int_equal(asked(fixture, "1.2.0.192.in-addr.arpa", DNS_PTR), 1);
    assert_int_equal(asked(fixture, "h1.org", DNS_A), 1);
    assert_int_equal(asked(fixture, "unknown.x.org", DNS_A), 1); /* by the evaluation, when it knew */
    assert_int_equal(round_dns_questions(fixture->rounds), 5);
}

/* RFC 8616 4: nothing is asked for a local part beyond US-ASCII. */
static void test_local_part(void **state)
{
    struct fixture *fixture = *state;
    struct spf_request request = request_of("192.0.2.1", "macros.org");
    struct spf_outcome outcome;

    request.local = "us\xc3\xa9r";
    spf_check(fixture->checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_FAIL);
    assert_int_equal(round_dns_questions(fixture->rounds), 4);
}

static void test_best_guess(void **state)
{
    struct fixture *fixture = *state;
    struct spf_request request = request_of("192.0.2.77", "guess.org");
    struct spf_outcome outcome;

    request.best_guess = true;
    spf_check(fixture->checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_PASS);
    assert_int_equal(round_dns_rounds(fixture->rounds), 3);
}

/* Whoever sends an answer of TTL 0 is asked once all the same. */
static void test_ttl_0(void **state)
{
    struct fixture *fixture = *state;

    round_dns_set_ttl(fixture->rounds, 0);
    assert_int_equal(check(fixture, "192.0.2.1", "kinds.org"), RESULT_PASS);
    assert_int_equal(round_dns_rounds(fixture->rounds), 5);
    assert_int_equal(round_dns_questions(fixture->rounds), 13);
}

/* Nobody waits for what turns out not to be needed. */
static void test_unneeded(void **state)
{
    static const char *const domains[] = {"early1.org", "early2.org", "early3.org", "early4.org", "early6.org"};
    struct fixture *fixture = *state;
    int64_t begin_ms = clock_monotonic_ms(&clock_system);

    for (size_t i = 0; i < COUNT(domains); i++)
        if (check(fixture, "192.0.2.1", domains[i]) != RESULT_PASS)
            fail_msg("%s does not pass", domains[i]);
    assert_true(clock_monotonic_ms(&clock_system) - begin_ms < TIMEOUT_MS);
}

/* What the DNS cache has is not asked again: a new domain that includes providers seen before costs one round trip. */
static void test_known_providers(void **state)
{
    struct fixture *fixture = *state;

    check(fixture, "192.0.2.1", "one.org");
    check(fixture, "192.0.2.1", "two.org");
    check(fixture, "192.0.2.1", "three.org");
    check(fixture, "192.0.2.1", "n4.org");
    round_dns_reset(fixture->rounds);
    assert_int_equal(check(fixture, "192.0.2.1", "siblings.org"), RESULT_PASS);
    assert_int_equal(round_dns_rounds(fixture->rounds), 1);
    assert_int_equal(round_dns_questions(fixture->rounds), 1);
    assert_int_equal(check(fixture, "192.0.2.1", "siblings.org"), RESULT_PASS);
    assert_int_equal(round_dns_questions(fixture->rounds), 1);
}

/* Asked ahead without an evaluation, which then asks nothing. */
static void test_check_ahead(void **state)
{
    static const char *const domains[] = {"nested.org", "siblings.org", "mx5.org", "kinds.org", "macros.org"};
    static const unsigned rounds[] = {5, 2, 3, 5, 3};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(domains); i++) {
        struct spf_request request = request_of("192.0.2.1", domains[i]);
        struct spf_speculation *ahead;
        unsigned questions;

        round_dns_hold(fixture->rounds, true);
        ahead = spf_check_speculate(fixture->checker, &request);
        assert_non_null(ahead);
        request.domain = request.helo = request.local = NULL; /* they are not used any more */
        assert_in_range(round_dns_questions(fixture->rounds), 0, 1);
        round_dns_hold(fixture->rounds, false);
        assert_in_range(round_dns_rounds(fixture->rounds), 1, rounds[i]);
        questions = round_dns_questions(fixture->rounds);
        assert_int_not_equal(check(fixture, "192.0.2.1", domains[i]), RESULT_TEMPERROR);
        spf_speculation_end(ahead);
        assert_int_equal(round_dns_questions(fixture->rounds), questions);
        round_dns_reset(fixture->rounds);
    }
}

/* The outcome of a speculative evaluation is not called cached for whom it was begun. */
static void test_check_ahead_is_not_cached(void **state)
{
    struct fixture *fixture = *state;
    struct spf_request request = request_of("192.0.2.1", "siblings.org");
    const uint64_t others = stats_get(STATS_CACHED) + stats_get(STATS_JOINED), evaluated = stats_get(STATS_EVALUATED);
    struct spf_speculation *ahead = spf_check_speculate(fixture->checker, &request);
    struct spf_outcome outcome;

    assert_non_null(ahead);
    assert_int_equal(stats_get(STATS_EVALUATED), evaluated);
    request.is_speculated = true;
    spf_check(fixture->checker, &request, &outcome);
    spf_speculation_end(ahead);
    assert_false(outcome.cached);
    assert_int_equal(stats_get(STATS_EVALUATED), evaluated + 1);
    assert_int_equal(stats_get(STATS_CACHED) + stats_get(STATS_JOINED), others);
    assert_null(spf_check_speculate(fixture->checker, &request));
    request.is_speculated = false;
    spf_check(fixture->checker, &request, &outcome);
    assert_true(outcome.cached);
}

/* What the cache would not keep is not followed. */
static void test_check_ahead_ttl_0(void **state)
{
    struct fixture *fixture = *state;
    struct spf_request request = request_of("192.0.2.1", "siblings.org");

    struct spf_speculation *ahead;

    round_dns_set_ttl(fixture->rounds, 0);
    ahead = spf_check_speculate(fixture->checker, &request);
    assert_int_equal(round_dns_questions(fixture->rounds), 1);
    spf_speculation_end(ahead);
}

/* Without a cache there is nowhere to put an answer. */
static void test_check_ahead_uncached(void **state)
{
    struct fixture *fixture = *state;
    struct spf_request request = request_of("192.0.2.1", "siblings.org");

    assert_null(spf_check_speculate(fixture->checker, &request));
    assert_int_equal(round_dns_questions(fixture->rounds), 0);
}

/* What was begun ahead goes on until nobody holds it any more; the end comes while questions are on their way. */
static void test_end(void **state)
{
    enum { TIMES = 10 };
    struct fixture *fixture = *state;
    struct spf_request request = request_of("192.0.2.1", "kinds.org");
    struct spf_speculation *ahead[TIMES];

    round_dns_hold(fixture->rounds, true);
    for (int i = 0; i < TIMES; i++)
        ahead[i] = spf_check_speculate(fixture->checker, &request);
    assert_int_equal(round_dns_questions(fixture->rounds), 1);
    for (int i = 0; i < TIMES; i++)
        spf_speculation_end(ahead[i]);
    spf_speculation_end(NULL);
    round_dns_hold(fixture->rounds, false);
    assert_int_equal(round_dns_questions(fixture->rounds), 1);
    round_dns_hold(fixture->rounds, true);
    request.domain = "nested.org";
    spf_speculation_end(spf_check_speculate(fixture->checker, &request));
}

/* It is ended while its answers come, on another thread; each time that a thread gives a lock back, others go first. */
enum { ENDS = 300 };

static atomic_bool lets_others_go_first;

int __real_pthread_mutex_unlock(pthread_mutex_t *lock);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *lock);

int __wrap_pthread_mutex_unlock(pthread_mutex_t *lock)
{
    int status = __real_pthread_mutex_unlock(lock);

    if (lets_others_go_first)
        usleep(20);
    return status;
}

struct answering {
    struct fixture *fixture;
    pthread_barrier_t begins, is_over;
};

static void *let_answers_come(void *context)
{
    struct answering *answering = context;

    for (int i = 0; i < ENDS; i++) {
        pthread_barrier_wait(&answering->begins);
        round_dns_hold(answering->fixture->rounds, false);
        pthread_barrier_wait(&answering->is_over);
    }
    return NULL;
}

static void test_end_while_it_ends(void **state)
{
    struct answering answering = {.fixture = *state};
    struct spf_request request = request_of("192.0.2.1", "last.org");
    pthread_t thread;

    round_dns_set_ttl(answering.fixture->rounds, 0); /* its first answer ends it */
    pthread_barrier_init(&answering.begins, NULL, 2);
    pthread_barrier_init(&answering.is_over, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, let_answers_come, &answering), 0);
    lets_others_go_first = true;
    for (int i = 0; i < ENDS; i++) {
        struct spf_speculation *ahead;

        round_dns_reset(answering.fixture->rounds);
        round_dns_hold(answering.fixture->rounds, true);
        ahead = spf_check_speculate(answering.fixture->checker, &request);
        assert_non_null(ahead);
        pthread_barrier_wait(&answering.begins);
        usleep((unsigned)i % 16 * 20);
        spf_speculation_end(ahead);
        pthread_barrier_wait(&answering.is_over);
    }
    lets_others_go_first = false;
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&answering.begins);
    pthread_barrier_destroy(&answering.is_over);
}

enum { THREADS = 8, TURNS = 20 };

struct worker {
    pthread_t thread;
    struct fixture *fixture;
    unsigned number, wrong;
};

static void *work(void *context)
{
    static const struct {
        const char *domain;
        enum spf_result result;
    } rows[] = {{"nested.org", RESULT_PASS},    {"siblings.org", RESULT_PASS}, {"kinds.org", RESULT_PASS},
                {"wide.org", RESULT_PERMERROR}, {"passes.org", RESULT_PASS},   {"text.org", RESULT_FAIL}};
    struct worker *worker = context;

    for (unsigned i = 0; i < TURNS; i++) {
        size_t row = (worker->number + i) % COUNT(rows);
        struct spf_request request = {.client = {.family = ADDR_V4, .bytes = {192, 0, 2, 1}},
                                      .helo = "h",
                                      .local = "l",
                                      .domain = rows[row].domain,
                                      .receiver = "r"};
        struct spf_speculation *ahead = i % 3 == 0 ? spf_check_speculate(worker->fixture->checker, &request) : NULL;
        struct spf_outcome outcome;

        if (i % 2 == 0)
            spf_check(worker->fixture->checker, &request, &outcome);
        spf_speculation_end(ahead);
        if (i % 2 != 0)
            spf_check(worker->fixture->checker, &request, &outcome);
        worker->wrong += outcome.result != rows[row].result;
    }
    return NULL;
}

static void test_threads(void **state)
{
    struct worker workers[THREADS];

    round_dns_set_ttl(((struct fixture *)*state)->rounds, 0);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.fixture = *state, .number = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_int_equal(workers[i].wrong, 0);
    }
}

/* Whichever allocation fails, on whichever thread: the right result, or temperror. */
static void test_no_memory(void **state)
{
    static const char *const domains[] = {"kinds.org", "siblings.org", "mx5.org"};
    bool failed = true;

    (void)state;
    for (unsigned n = 1; failed; n++) {
        struct fixture fixture;
        struct spf_request request = request_of("192.0.2.1", domains[n % COUNT(domains)]);
        struct spf_speculation *ahead;
        struct spf_outcome outcome;

        open_checker(&fixture, true, 0);
        alloc_fail_at(n);
        ahead = spf_check_speculate(fixture.checker, &request);
        spf_check(fixture.checker, &request, &outcome);
        spf_speculation_end(ahead);
        round_dns_questions(fixture.rounds);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        if (outcome.result != RESULT_TEMPERROR)
            assert_int_equal(outcome.result, RESULT_PASS);
        spf_checker_release(fixture.checker);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rounds, open_plain, close_checker),
        cmocka_unit_test_setup_teardown(test_limits, open_plain, close_checker),
        cmocka_unit_test_setup_teardown(test_void_lookups, open_plain, close_checker),
        cmocka_unit_test_setup_teardown(test_client_names, open_plain, close_checker),
        cmocka_unit_test_setup_teardown(test_local_part, open_plain, close_checker),
        cmocka_unit_test_setup_teardown(test_best_guess, open_plain, close_checker),
        cmocka_unit_test_setup_teardown(test_unneeded, open_plain, close_checker),
        cmocka_unit_test_setup_teardown(test_ttl_0, open_cached, close_checker),
        cmocka_unit_test_setup_teardown(test_known_providers, open_cached, close_checker),
        cmocka_unit_test_setup_teardown(test_check_ahead, open_cached, close_checker),
        cmocka_unit_test_setup_teardown(test_check_ahead_is_not_cached, open_with_results, close_checker),
        cmocka_unit_test_setup_teardown(test_check_ahead_ttl_0, open_cached, close_checker),
        cmocka_unit_test_setup_teardown(test_check_ahead_uncached, open_plain, close_checker),
        cmocka_unit_test_setup_teardown(test_end, open_cached, close_checker),
        cmocka_unit_test_setup_teardown(test_end_while_it_ends, open_cached, close_checker),
        cmocka_unit_test_setup_teardown(test_threads, open_cached, close_checker),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
