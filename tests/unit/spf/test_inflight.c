/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One evaluation for all who ask the same at once: who follows, and what comes of it. */
#include "spf/inflight.h"

#include "base/stats.h"
#include "spf/spf_check.h"
#include "unit/spf/round_dns.h"
#include "unit/spf/script_dns.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"
#include "support/hash_seeds.h"

enum { THREADS = 12, MAX_CHECKS = 8 };

static const uint8_t seed[16] = {1, 2, 3};

static struct spf_request request_of(const char *local, const char *domain)
{
    return (struct spf_request){.client = {.family = ADDR_V4, .bytes = {192, 0, 2, 1}},
                                .helo = "mail.example.org",
                                .local = local,
                                .domain = domain,
                                .receiver = "mx.example.net"};
}

/* ---- The table ---- */

struct table {
    struct script_dns script;
    struct result_cache *cache;
    struct inflight *inflight;
};

static void open_table(struct table *table, uint32_t ttl_s)
{
    struct inflight_setup setup = {.timeout_ms = 1000, .max_checks = MAX_CHECKS, .seed = seed};

    script_dns_open(&table->script);
    script_dns_add(&table->script, "a.org", "TXT", "v=spf1 exists:%{l}.x.org ~all");
    setup.dns = &table->script.dns;
    setup.clock = &table->script.clock;
    setup.cache = table->cache = result_cache_create(1 << 20, ttl_s, seed, &table->script.clock);
    table->inflight = inflight_create(&setup);
    assert_non_null(table->inflight);
}

static void close_table(struct table *table)
{
    dns_destroy(&table->script.dns);
    result_cache_destroy(table->cache);
    inflight_destroy(table->inflight);
}

struct one {
    struct inflight_follower follower;
    unsigned called;
    struct published published;
};

static void take(void *context, const struct published *published)
{
    struct one *one = context;

    one->called++;
    one->published = *published;
}

static bool join(struct table *table, const char *local, unsigned varying, enum inflight_kind kind, struct one *one)
{
    struct spf_request request = request_of(local, "a.org");

    *one = (struct one){.follower = {.published = take, .context = one}};
    return inflight_join(table->inflight, &request, varying, 2000, kind, &one->follower) == INFLIGHT_JOINED;
}

/* Who comes while it is under way is called with its outcome; who leaves is not; another key is another evaluation. */
static void test_followers(void **state)
{
    static struct table table;
    struct one ones[5];

    (void)state;
    hash_seeds_forget();
    open_table(&table, 0);
    for (unsigned i = 0; i < 3; i++)
        assert_true(join(&table, i == 0 ? "good" : "bad", 0, INFLIGHT_SHARED, &ones[i]));
    assert_true(join(&table, "good", MACRO_USED_LOCAL, INFLIGHT_SHARED, &ones[3]));
    assert_true(join(&table, "good", 0, INFLIGHT_ALONE, &ones[4]));
    assert_int_equal(table.script.count, 3);
    assert_true(inflight_leave(table.inflight, &ones[1].follower));
    assert_false(inflight_leave(table.inflight, &ones[1].follower));
    script_dns_answer_all(&table.script);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(ones[i].called, i != 1);
        assert_int_equal(ones[i].follower.is_first, i == 0 || i > 2);
        assert_false(inflight_leave(table.inflight, &ones[i].follower));
        if (i == 1)
            continue;
        assert_int_equal(ones[i].published.outcome.result, RESULT_SOFTFAIL);
        assert_int_equal(ones[i].published.varying, MACRO_USED_LOCAL);
        assert_false(ones[i].published.is_private);
    }
    assert_true(join(&table, "good", 0, INFLIGHT_SHARED, &ones[0])); /* who comes later begins again */
    assert_int_equal(table.script.count, 3 + 3 + 1);
    close_table(&table);
    assert_int_equal(ones[0].called, 1);
    assert_int_equal(hash_seeds_count(), 1);
    assert_false(hash_seeds_were_zero());
}

/* A timeout is the finding of all only where the one who began had the time to find it: else each asks for himself. */
static void test_timeout_is_shared_by_who_had_time(void **state)
{
    static const struct {
        int64_t left_ms;
        bool is_private;
    } cases[] = {{499, true}, {500, false}, {1000, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct table table;
        struct one one;
        struct spf_request request = request_of("good", SCRIPT_SILENT ".org");

        open_table(&table, 0);
        one = (struct one){.follower = {.published = take, .context = &one}};
        assert_int_equal(inflight_join(table.inflight, &request, 0, table.script.now_ms + cases[i].left_ms,
                                       INFLIGHT_SHARED, &one.follower),
                         INFLIGHT_JOINED);
        script_dns_expire(&table.script);
        assert_int_equal(one.called, 1);
        assert_int_equal(one.published.outcome.result, RESULT_TEMPERROR);
        assert_int_equal(one.published.is_private, cases[i].is_private);
        close_table(&table);
    }
}

static void test_long_key(void **state)
{
    static struct table table;
    struct one ones[2];
    char local[RESULT_KEY_MAX + 1];

    (void)state;
    memset(local, 'x', sizeof(local) - 1);
    local[sizeof(local) - 1] = '\0';
    open_table(&table, 0);
    for (unsigned i = 0; i < 2; i++)
        assert_true(join(&table, local, MACRO_USED_LOCAL, INFLIGHT_SHARED, &ones[i]));
    assert_int_equal(table.script.count, 2);
    close_table(&table);
    assert_int_equal(ones[0].called + ones[1].called, 2);
}

static enum inflight_join join_domain(struct table *table, const char *domain, enum inflight_kind kind, struct one *one)
{
    struct spf_request request = request_of("x", domain);

    *one = (struct one){.follower = {.published = take, .context = one}};
    return inflight_join(table->inflight, &request, 0, 2000, kind, &one->follower);
}

/* No more begin than may be under way; who needs one that is there joins it, and each that ends makes room. Those that
 * nobody waits for leave a quarter to the others. */
static void test_limit(void **state)
{
    static struct table table;
    struct one ones[MAX_CHECKS], joined, refused;
    char domain[] = "0.org";

    (void)state;
    open_table(&table, 0);
    for (unsigned i = 0; i < MAX_CHECKS; i++, domain[0]++)
        assert_int_equal(
            join_domain(&table, domain, i < MAX_CHECKS * 3 / 4 ? INFLIGHT_SPECULATIVE : INFLIGHT_SHARED, &ones[i]),
            INFLIGHT_JOINED);
    assert_int_equal(table.script.count, MAX_CHECKS);
    assert_int_equal(join_domain(&table, domain, INFLIGHT_SHARED, &refused), INFLIGHT_FULL);
    assert_int_equal(join_domain(&table, domain, INFLIGHT_SPECULATIVE, &refused), INFLIGHT_FULL);
    assert_int_equal(join_domain(&table, "0.org", INFLIGHT_SHARED, &joined), INFLIGHT_JOINED);
    assert_int_equal(table.script.count, MAX_CHECKS);
    script_dns_answer_all(&table.script);
    assert_int_equal(joined.called, 1);
    assert_int_equal(refused.called, 0);
    for (unsigned i = 0; i < MAX_CHECKS * 3 / 4; i++, domain[0]++)
        assert_int_equal(join_domain(&table, domain, INFLIGHT_SPECULATIVE, &ones[i]), INFLIGHT_JOINED);
    assert_int_equal(join_domain(&table, domain, INFLIGHT_SPECULATIVE, &refused), INFLIGHT_FULL);
    inflight_adjust(table.inflight, 1000, false, 2);
    assert_int_equal(join_domain(&table, domain, INFLIGHT_SHARED, &refused), INFLIGHT_FULL);
    inflight_adjust(table.inflight, 1000, false, MAX_CHECKS);
    assert_int_equal(join_domain(&table, domain, INFLIGHT_SHARED, &joined), INFLIGHT_JOINED);
    close_table(&table);
}

/* The last who leaves has it cancelled, and what it has asked for; nobody joins it any more, and it makes room. */
static void test_nobody_follows(void **state)
{
    static struct table table;
    struct one ones[MAX_CHECKS];

    (void)state;
    open_table(&table, 0);
    assert_int_equal(join_domain(&table, "a.org", INFLIGHT_SPECULATIVE, &ones[0]), INFLIGHT_JOINED);
    assert_int_equal(join_domain(&table, "a.org", INFLIGHT_SHARED, &ones[1]), INFLIGHT_JOINED);
    assert_true(inflight_leave(table.inflight, &ones[0].follower));
    assert_int_equal(table.script.cancelled, 0);
    assert_true(inflight_leave(table.inflight, &ones[1].follower));
    assert_int_equal(table.script.cancelled, 1);
    assert_int_equal(script_dns_waiting(&table.script), 0);
    for (unsigned i = 0; i < MAX_CHECKS; i++) {
        char domain[] = {(char)('a' + i), '.', 'o', 'r', 'g', '\0'};

        assert_int_equal(join_domain(&table, domain, INFLIGHT_SHARED, &ones[i]), INFLIGHT_JOINED);
        assert_int_equal(table.script.count, 2 + i);
    }
    script_dns_answer_all(&table.script);
    for (unsigned i = 0; i < MAX_CHECKS; i++)
        assert_int_equal(ones[i].called, 1);
    close_table(&table);
}

/* Nobody is called, or everybody with temperror, which is nobody else's. */
static void test_table_without_memory(void **state)
{
    struct inflight_setup setup = {.seed = seed};
    bool failed = true;

    (void)state;
    alloc_fail_at(1);
    assert_null(inflight_create(&setup));
    for (unsigned n = 1; failed; n++) {
        static struct table table;
        struct one one;
        bool joined;

        open_table(&table, 0);
        alloc_fail_at(n);
        joined = join(&table, "good", 0, INFLIGHT_SHARED, &one);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        if (joined && one.called == 0)
            script_dns_answer_all(&table.script);
        assert_int_equal(one.called, joined);
        if (one.called && one.published.outcome.result != RESULT_SOFTFAIL) {
            assert_int_equal(one.published.outcome.result, RESULT_TEMPERROR);
            assert_true(one.published.is_private);
        }
        close_table(&table);
    }
    inflight_destroy(NULL);
}

/* ---- spf_check ---- */

struct fixture {
    struct dns *rounds; /* owned by the checker */
    struct spf_checker *checker;
};

static const struct {
    const char *name, *type, *data;
} zone[] = {
    {"plain.org", "TXT", "v=spf1 a -all"},
    {"plain.org", "A", "192.0.2.1"},
    {"local.org", "TXT", "v=spf1 exists:%{l}.x.org -all"},
    {"good.x.org", "A", "127.0.0.2"},
    {"helo.org", "TXT", "v=spf1 exists:%{h}.x.org exists:%{l}.x.org -all"},
    {"fail.org", "TXT", "v=spf1 -all exp=why.org"},
    {"why.org", "TXT", "%{t}"},
};

static void open_checker(struct fixture *fixture, uint32_t ttl_s)
{
    struct spf_checker_config config = {.clock = &clock_system,
                                        .timeout_ms = 60000,
                                        .cache_octets = 1 << 20,
                                        .result_ttl_s = ttl_s,
                                        .has_lookahead = true};

    fixture->rounds = config.dns = round_dns_create(&clock_system);
    for (size_t i = 0; i < sizeof(zone) / sizeof(zone[0]); i++)
        round_dns_add(fixture->rounds, zone[i].name, zone[i].type, zone[i].data);
    fixture->checker = spf_checker_create(&config);
    assert_non_null(fixture->checker);
}

struct asker {
    pthread_t thread;
    struct spf_checker *checker;
    struct spf_request request;
    struct spf_outcome outcome;
};

static void *ask(void *context)
{
    struct asker *asker = context;

    spf_check(asker->checker, &asker->request, &asker->outcome);
    return NULL;
}

/* THREADS ask at once, while the DNS is held, for two local parts. */
static void ask_together(struct fixture *fixture, struct asker askers[THREADS], const char *domain)
{
    round_dns_reset(fixture->rounds);
    round_dns_hold(fixture->rounds, true);
    for (unsigned i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){.checker = fixture->checker, .request = request_of(i % 2 ? "good" : "bad", domain)};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    while (round_dns_questions(fixture->rounds) == 0)
        ;
    round_dns_hold(fixture->rounds, false);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
}

/* However they come: the first evaluates, the others have its outcome, from it or from the cache. */
static void test_together(void **state)
{
    struct fixture fixture;
    struct asker askers[THREADS];
    uint64_t shared = stats_get(STATS_JOINED) + stats_get(STATS_CACHED);

    (void)state;
    open_checker(&fixture, 3600);
    ask_together(&fixture, askers, "plain.org");
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(askers[i].outcome.result, RESULT_PASS);
        assert_string_equal(askers[i].outcome.mechanism, "a");
    }
    assert_int_equal(round_dns_questions(fixture.rounds), 2);
    assert_int_equal(stats_get(STATS_JOINED) + stats_get(STATS_CACHED) - shared, THREADS - 1);
    spf_checker_release(fixture.checker);
}

/* Where a macro makes a difference, each gets his own: one evaluation for each local part. */
static void test_varying(void **state)
{
    static const char *const domains[] = {"local.org", "helo.org"};
    struct fixture fixture;
    struct asker askers[THREADS];

    (void)state;
    open_checker(&fixture, 3600);
    for (unsigned d = 0; d < 2; d++) {
        ask_together(&fixture, askers, domains[d]);
        for (unsigned i = 0; i < THREADS; i++)
            assert_int_equal(askers[i].outcome.result, i % 2 ? RESULT_PASS : RESULT_FAIL);
        assert_int_equal(round_dns_asked(fixture.rounds, domains[d], DNS_TXT), 2);
        assert_int_equal(round_dns_asked(fixture.rounds, "good.x.org", DNS_A), 1);
        assert_int_equal(round_dns_asked(fixture.rounds, "bad.x.org", DNS_A), 1);
    }
    spf_checker_release(fixture.checker);
}

/* Who looked into the cache before it knew that a macro makes a difference, and asks after it, is no evaluation beside
 * that of those who know. */
static void test_late_under_the_short_key(void **state)
{
    static struct table table;
    struct one late, known;

    (void)state;
    open_table(&table, 3600);
    assert_true(join(&table, "good", 0, INFLIGHT_SHARED, &known));
    script_dns_answer_all(&table.script);
    assert_true(join(&table, "bad", 0, INFLIGHT_SHARED, &late));
    assert_int_equal(late.called, 1);
    assert_true(late.published.is_key_too_short);
    assert_int_equal(late.published.varying, MACRO_USED_LOCAL);
    assert_int_equal(table.script.count, 2); /* nothing was asked for it */
    assert_true(join(&table, "bad", MACRO_USED_LOCAL, INFLIGHT_SHARED, &late));
    assert_true(join(&table, "bad", MACRO_USED_LOCAL, INFLIGHT_SHARED, &known));
    script_dns_answer_all(&table.script);
    assert_int_equal(table.script.count, 4);
    assert_int_equal(late.called + known.called, 2);
    assert_false(late.published.is_key_too_short);
    close_table(&table);
}

/* Without a result cache too; and an outcome that depends on the time is shared only with those who wait. */
static void test_uncached(void **state)
{
    struct fixture fixture;
    struct asker askers[THREADS];

    (void)state;
    open_checker(&fixture, 0);
    ask_together(&fixture, askers, "local.org");
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(askers[i].outcome.result, i % 2 ? RESULT_PASS : RESULT_FAIL);
    ask_together(&fixture, askers, "fail.org");
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(askers[i].outcome.result, RESULT_FAIL);
        assert_string_not_equal(askers[i].outcome.explanation, "");
    }
    spf_checker_release(fixture.checker);
}

/* A known outcome takes no allocation, also where a note leads to it. */
static void test_hit_allocates_nothing(void **state)
{
    static const char *const domains[] = {"plain.org", "local.org"};
    struct fixture fixture;

    (void)state;
    open_checker(&fixture, 3600);
    for (unsigned d = 0; d < 2; d++) {
        struct spf_request request = request_of("good", domains[d]);
        struct spf_outcome outcome;

        spf_check(fixture.checker, &request, &outcome);
        assert_false(outcome.cached);
        round_dns_questions(fixture.rounds);
        alloc_fail_at(1);
        spf_check(fixture.checker, &request, &outcome);
        assert_false(alloc_fail_happened());
        alloc_fail_at(0);
        assert_true(outcome.cached);
        assert_int_equal(outcome.result, RESULT_PASS);
    }
    spf_checker_release(fixture.checker);
}

/* One of many has no memory, or the DNS has none: the right result, or temperror. */
static void test_no_memory(void **state)
{
    bool failed = true;

    (void)state;
    for (unsigned n = 1; failed; n += 5) {
        struct fixture fixture;
        struct asker askers[THREADS];
        unsigned wrong = 0;

        open_checker(&fixture, 3600);
        alloc_fail_at(n);
        ask_together(&fixture, askers, "plain.org");
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        for (unsigned i = 0; i < THREADS; i++)
            wrong += askers[i].outcome.result != RESULT_PASS && askers[i].outcome.result != RESULT_TEMPERROR;
        assert_int_equal(wrong, 0);
        spf_checker_release(fixture.checker);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_followers),
        cmocka_unit_test(test_timeout_is_shared_by_who_had_time),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_nobody_follows),
        cmocka_unit_test(test_long_key),
        cmocka_unit_test(test_table_without_memory),
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_varying),
        cmocka_unit_test(test_late_under_the_short_key),
        cmocka_unit_test(test_uncached),
        cmocka_unit_test(test_hit_allocates_nothing),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
