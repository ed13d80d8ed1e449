/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the cache remembers and for how long, whom it joins, and its bound, with a scripted backend and clock. */
#include "dns/dns_cache.h"

#include "base/stats.h"
#include "support/alloc_fail.h"
#include "unit/dns/scripted_dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEGABYTE = 1 << 20, HOUR_MS = 3600 * 1000 };

static struct scripted_dns script;
static struct dns *cache;

static void start(size_t octets, bool serve_stale)
{
    cache = script_start(&script, octets, serve_stale);
}

static int stop(void **state)
{
    (void)state;
    dns_destroy(cache);
    cache = NULL;
    return script.is_gone ? 0 : -1;
}

static void pass(int64_t ms)
{
    script_pass(&script, cache, ms);
}

static void test_time_to_live(void **state)
{
    struct listener listener = {0};
    uint64_t hits = stats_get(STATS_DNS_CACHE_HITS);

    (void)state;
    start(MEGABYTE, false);
    teach(&script, cache, "example.com", text_answer("one", 100));
    expect_known(cache, "example.com", "one", 100);
    pass(30500);
    expect_known(cache, "example.com", "one", 69);
    expect_known(cache, "EXAMPLE.com", "one", 69);
    assert_int_equal(stats_get(STATS_DNS_CACHE_HITS), hits + 3);
    assert_int_equal(script.asked, 1);
    pass(69500);
    script_ask(cache, "example.com", 8000, &listener);
    expect_nothing(&listener);
    script_reply_last(&script, text_answer("two", 5));
    expect_text(&listener, "two", 5);
    expect_known(cache, "example.com", "two", 5);
}

static void test_types_are_different(void **state)
{
    struct listener listener = {0};

    (void)state;
    start(MEGABYTE, false);
    teach(&script, cache, "example.com", text_answer("one", 100));
    dns_query(cache, "example.com", DNS_MX, script.now_ms + 8000, listener_hears, &listener);
    expect_nothing(&listener);
    assert_int_equal(script.questions[1].type, DNS_MX);
    script_reply_last(&script, dns_answer_empty(DNS_NODATA, 50));
    expect_status(&listener, DNS_NODATA);
    expect_known(cache, "example.com", "one", 100);
}

/* A hit does not copy the records, however large they are. */
static void test_records_are_shared(void **state)
{
    static char large[60001];
    struct listener first = {0}, second = {0};

    (void)state;
    start(MEGABYTE * 16, false);
    memset(large, 'x', sizeof(large) - 1);
    teach(&script, cache, "large.example", text_answer(large, 100));
    assert_true(dns_cache_stats(cache).octets > sizeof(large));
    script_ask(cache, "large.example", 8000, &first);
    pass(1000);
    script_ask(cache, "large.example", 8000, &second);
    assert_ptr_equal(first.text_at, second.text_at);
    assert_int_equal(first.ttl_s, 100);
    assert_int_equal(second.ttl_s, 99);
}

/* Each answer, and the seconds for which it is remembered. */
static void test_lives(void **state)
{
    static const struct {
        enum dns_status status;
        uint32_t ttl_s, life_s;
    } rows[] = {
        {DNS_OK, 0, 0},
        {DNS_OK, 1, 1},
        {DNS_OK, 3600, 3600},
        {DNS_OK, 86401, 86400},
        {DNS_OK, UINT32_MAX, 86400},
        {DNS_NODATA, 0, 0},
        {DNS_NODATA, 60, 60},
        {DNS_NXDOMAIN, 0, 0},
        {DNS_NXDOMAIN, 900, 900},
        {DNS_NXDOMAIN, 86400, 3 * 3600},
    };

    (void)state;
    start(MEGABYTE, false);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct listener listener = {0};
        char name[32];

        snprintf(name, sizeof(name), "row%zu.example", i);
        teach(&script, cache, name,
              rows[i].status == DNS_OK ? text_answer("here", rows[i].ttl_s)
                                       : dns_answer_empty(rows[i].status, rows[i].ttl_s));
        if (rows[i].life_s > 0) {
            pass(rows[i].life_s * 1000LL * 8 / 10);
            expect_known_status(cache, name, rows[i].status);
            pass(rows[i].life_s * 1000LL - rows[i].life_s * 1000LL * 8 / 10);
        }
        script_ask(cache, name, 8000, &listener);
        expect_nothing(&listener);
        script_reply_last(&script, dns_answer_empty(DNS_NODATA, 0));
        expect_status(&listener, DNS_NODATA);
    }
}

static void test_joining(void **state)
{
    struct listener listeners[3] = {{0}};
    uint64_t joined = stats_get(STATS_DNS_CACHE_JOINED);

    (void)state;
    start(MEGABYTE, false);
    for (size_t i = 0; i < 3; i++)
        script_ask(cache, i == 1 ? "Example.COM" : "example.com", 8000, &listeners[i]);
    assert_int_equal(script.asked, 1);
    assert_int_equal(stats_get(STATS_DNS_CACHE_JOINED), joined + 2);
    script_reply_last(&script, text_answer("shared", 0)); /* RFC 1035 3.2.1: for the transaction in progress */
    for (size_t i = 0; i < 3; i++)
        expect_text(&listeners[i], "shared", 0);
    script_ask(cache, "example.com", 8000, &listeners[0]);
    expect_nothing(&listeners[0]);
    assert_int_equal(script.asked, 2);
    script_reply_last(&script, text_answer("again", 0));
    expect_text(&listeners[0], "again", 0);
}

/* Each asker goes at its own deadline; the question lives on for the others, and for the cache. */
static void test_deadlines(void **state)
{
    struct listener patient = {0}, hasty = {0}, last = {0};

    (void)state;
    start(MEGABYTE, false);
    teach(&script, cache, "other.example", text_answer("x", 100));
    script_ask(cache, "example.com", 900, &hasty);
    script_ask(cache, "example.com", 3000, &last);
    script_ask(cache, "example.com", 8000, &patient);
    pass(899);
    expect_nothing(&hasty);
    pass(1);
    expect_status(&hasty, DNS_TIMEOUT);
    expect_nothing(&patient);
    teach(&script, cache, "another.example", text_answer("x", 100));
    pass(2100);
    expect_status(&last, DNS_TIMEOUT);
    expect_nothing(&patient);
    pass(1000);
    script_reply(&script, 1, text_answer("late", 100));
    expect_text(&patient, "late", 100);
    expect_known(cache, "example.com", "late", 100);
    assert_int_equal(script.asked, 3);
}

/* Nobody waits any more, and the answer is remembered all the same. */
static void test_late_answer(void **state)
{
    struct listener listener = {0};

    (void)state;
    start(MEGABYTE, false);
    script_ask(cache, "example.com", 900, &listener);
    pass(900);
    expect_status(&listener, DNS_TIMEOUT);
    pass(3000);
    assert_int_equal(script_open(&script), 1);
    script_reply(&script, 0, text_answer("late", 100));
    expect_nothing(&listener);
    expect_known(cache, "example.com", "late", 100);
}

/* A long deadline is the backend's too. */
static void test_long_deadline(void **state)
{
    struct listener listener = {0};

    (void)state;
    start(MEGABYTE, false);
    script_ask(cache, "example.com", 60000, &listener);
    assert_int_equal(script.questions[0].deadline_ms, script.now_ms + 60000);
    pass(59999);
    expect_nothing(&listener);
    pass(1);
    expect_status(&listener, DNS_TIMEOUT);
}

static void test_refresh(void **state)
{
    uint64_t refreshed = stats_get(STATS_DNS_CACHE_REFRESHED);

    (void)state;
    start(MEGABYTE, true);
    teach(&script, cache, "example.com", text_answer("one", 100));
    teach(&script, cache, "unused.example", text_answer("one", 100));
    pass(89000);
    expect_known(cache, "example.com", "one", 11);
    assert_int_equal(script.asked, 2);
    pass(2000);
    expect_known(cache, "example.com", "one", 9);
    assert_int_equal(script.asked, 3);
    assert_string_equal(script.questions[2].name, "example.com");
    expect_known(cache, "example.com", "one", 9); /* it is on its way already */
    assert_int_equal(script.asked, 3);
    assert_int_equal(stats_get(STATS_DNS_CACHE_REFRESHED), refreshed + 1);
    script_reply_last(&script, text_answer("two", 100));
    expect_known(cache, "example.com", "two", 100);
    pass(10000);
    assert_int_equal(script.asked, 3);
}

/* A refresh that fails takes nothing away, and is not tried at once again. */
static void test_failing_refresh(void **state)
{
    (void)state;
    start(MEGABYTE, false);
    teach(&script, cache, "example.com", text_answer("one", 1000));
    pass(950000);
    expect_known(cache, "example.com", "one", 50);
    script_reply_last(&script, dns_answer_empty(DNS_FAILURE, 0));
    expect_known(cache, "example.com", "one", 50);
    assert_int_equal(script.asked, 2);
    pass(2000);
    expect_known(cache, "example.com", "one", 48);
    assert_int_equal(script.asked, 3);
    script_reply_last(&script, text_answer("two", 1000));
    expect_known(cache, "example.com", "two", 1000);
}

/* Whoever joins a refresh of an answer that expired meanwhile gets what it brings. */
static void test_refresh_joined(void **state)
{
    struct listener listener = {0};

    (void)state;
    start(MEGABYTE, false);
    teach(&script, cache, "example.com", text_answer("one", 10));
    pass(9500);
    expect_known(cache, "example.com", "one", 0);
    pass(500);
    script_ask(cache, "example.com", 8000, &listener);
    expect_nothing(&listener);
    assert_int_equal(script.asked, 2);
    script_reply_last(&script, text_answer("two", 10));
    expect_text(&listener, "two", 10);
}

/* RFC 8767: the old answer where the name fails, or takes too long, for an hour. */
static void test_stale(void **state)
{
    struct listener listener = {0};
    uint64_t stale = stats_get(STATS_DNS_CACHE_STALE);

    (void)state;
    start(MEGABYTE, true);
    teach(&script, cache, "example.com", text_answer("old", 100));
    pass(100000);
    script_ask(cache, "example.com", 8000, &listener);
    expect_nothing(&listener);
    script_reply_last(&script, dns_answer_empty(DNS_FAILURE, 0));
    expect_text(&listener, "old", 30);
    expect_known(cache, "example.com", "old", 30); /* it failed a moment ago */
    assert_int_equal(script.asked, 2);
    pass(2000);
    script_ask(cache, "example.com", 8000, &listener);
    assert_int_equal(script.asked, 3);
    pass(499);
    expect_nothing(&listener);
    pass(1);
    expect_text(&listener, "old", 30);
    assert_int_equal(stats_get(STATS_DNS_CACHE_STALE), stale + 3);
    script_reply_last(&script, text_answer("new", 100)); /* the question lived on */
    expect_known(cache, "example.com", "new", 100);
}

static void test_stale_ends(void **state)
{
    struct listener listener = {0};

    (void)state;
    start(MEGABYTE, true);
    teach(&script, cache, "example.com", text_answer("old", 100));
    pass(100000 + HOUR_MS - 1);
    script_ask(cache, "example.com", 8000, &listener);
    script_reply_last(&script, dns_answer_empty(DNS_FAILURE, 0));
    expect_text(&listener, "old", 30);
    pass(1);
    expect_known_status(cache, "example.com", DNS_FAILURE);
}

/* A truth that came in time replaces the old one, also if it is that there is nothing. */
static void test_stale_gives_way(void **state)
{
    struct listener listener = {0};

    (void)state;
    start(MEGABYTE, true);
    teach(&script, cache, "example.com", text_answer("old", 100));
    pass(100000);
    script_ask(cache, "example.com", 8000, &listener);
    script_reply_last(&script, dns_answer_empty(DNS_NXDOMAIN, 0));
    expect_status(&listener, DNS_NXDOMAIN);
    script_ask(cache, "example.com", 8000, &listener);
    script_reply_last(&script, dns_answer_empty(DNS_FAILURE, 0));
    expect_status(&listener, DNS_FAILURE);
}

/* What is never given after its time: what says that there is nothing, and anything where the switch is off. */
static void test_not_stale(void **state)
{
    struct listener listener = {0};

    (void)state;
    start(MEGABYTE, true);
    teach(&script, cache, "none.example", dns_answer_empty(DNS_NXDOMAIN, 100));
    pass(100000);
    script_ask(cache, "none.example", 8000, &listener);
    script_reply_last(&script, dns_answer_empty(DNS_FAILURE, 0));
    expect_status(&listener, DNS_FAILURE);
    stop(NULL);

    start(MEGABYTE, false);
    teach(&script, cache, "example.com", text_answer("old", 100));
    pass(100000);
    script_ask(cache, "example.com", 8000, &listener);
    script_reply_last(&script, dns_answer_empty(DNS_FAILURE, 0));
    expect_status(&listener, DNS_FAILURE);
    expect_known_status(cache, "example.com", DNS_FAILURE);
}

/* RFC 9520: a name that fails beside others that do not is asked again after 5 s, then 10 s, ... 300 s; its answer ends
 * that. */
static void test_failures(void **state)
{
    static const int64_t waits_s[] = {5, 10, 20, 40, 80, 160, 300, 300, 300};
    uint64_t remembered = stats_get(STATS_DNS_CACHE_FAILURES);

    (void)state;
    start(MEGABYTE, true);
    for (size_t i = 0; i < sizeof(waits_s) / sizeof(waits_s[0]); i++) {
        teach(&script, cache, "other.example", dns_answer_empty(DNS_NODATA, 0));
        teach(&script, cache, "example.com", dns_answer_empty(DNS_FAILURE, 0));
        expect_known_status(cache, "example.com", DNS_FAILURE);
        pass(waits_s[i] * 1000 - 1);
        expect_known_status(cache, "example.com", DNS_FAILURE);
        pass(1);
    }
    assert_int_equal(stats_get(STATS_DNS_CACHE_FAILURES), remembered + 18);
    teach(&script, cache, "example.com", dns_answer_empty(DNS_NXDOMAIN, 0));
    teach(&script, cache, "example.com", dns_answer_empty(DNS_FAILURE, 0));
    pass(5000);
    teach(&script, cache, "example.com", text_answer("well", 1));
}

/* Where nothing but failures comes, the fault may be the servers': 2 s, and a first answer lifts all. */
static void test_failures_of_all(void **state)
{
    static const char *const names[] = {"a.example", "b.example", "c.example"};

    (void)state;
    start(MEGABYTE, true);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < 3; i++)
            teach(&script, cache, names[i], dns_answer_empty(DNS_FAILURE, 0));
        pass(1999);
        expect_known_status(cache, names[round], DNS_FAILURE);
        pass(1);
    }
    for (size_t i = 0; i < 3; i++)
        teach(&script, cache, names[i], dns_answer_empty(DNS_FAILURE, 0));
    pass(1);
    teach(&script, cache, "d.example", text_answer("well", 10));
    for (size_t i = 0; i < 3; i++)
        teach(&script, cache, names[i], text_answer("well", 10));
}

static void test_keeps_answers(void **state)
{
    (void)state;
    start(MEGABYTE, false);
    assert_true(cache->keeps_answers);
    assert_false(script.dns.keeps_answers);
    assert_int_equal(stop(state), 0);
    start(0, false);
    assert_false(cache->keeps_answers);
}

/* Without memory questions are joined, and nothing else. */
static void test_no_octets(void **state)
{
    struct listener listeners[2] = {{0}};

    (void)state;
    start(0, true);
    for (size_t round = 1; round <= 2; round++) {
        script_ask(cache, "example.com", 8000, &listeners[0]);
        script_ask(cache, "example.com", 8000, &listeners[1]);
        assert_int_equal(script.asked, round);
        script_reply_last(&script, round == 1 ? dns_answer_empty(DNS_FAILURE, 0) : text_answer("here", 100));
        expect_status(&listeners[0], round == 1 ? DNS_FAILURE : DNS_OK);
        expect_status(&listeners[1], round == 1 ? DNS_FAILURE : DNS_OK);
    }
}

/* A callback may ask on, about the same name too. */
struct chain {
    struct listener listener;
    unsigned asked;
};

static void ask_on(void *context, const struct dns_answer *answer)
{
    struct chain *chain = context;

    dns_answer_release(answer);
    if (chain->asked++ == 0)
        dns_query(cache, "example.com", DNS_TXT, script.now_ms + 8000, ask_on, chain);
    else
        dns_query(cache, "third.example", DNS_TXT, script.now_ms + 8000, listener_hears, &chain->listener);
}

static void test_callback_asks(void **state)
{
    struct chain chain = {{0}, 0};

    (void)state;
    start(MEGABYTE, false);
    dns_query(cache, "example.com", DNS_TXT, script.now_ms + 8000, ask_on, &chain);
    script_reply(&script, 0, text_answer("one", 100));
    assert_int_equal(chain.asked, 2);
    assert_int_equal(script.asked, 2);
    script_reply_last(&script, text_answer("three", 100));
    expect_text(&chain.listener, "three", 100);
}

/* At the end everybody is told, and who asks then is told at once. */
static void test_destroy(void **state)
{
    struct listener listeners[2] = {{0}};
    struct chain chain = {{0}, 0};

    (void)state;
    start(MEGABYTE, false);
    script_ask(cache, "a.example", 8000, &listeners[0]);
    script_ask(cache, "b.example", 8000, &listeners[1]);
    dns_query(cache, "b.example", DNS_TXT, script.now_ms + 8000, ask_on, &chain);
    dns_destroy(cache);
    cache = NULL;
    assert_true(script.is_gone);
    expect_status(&listeners[0], DNS_TIMEOUT);
    expect_status(&listeners[1], DNS_TIMEOUT);
    expect_status(&chain.listener, DNS_TIMEOUT);
}

/* A flood of names that come once takes no more than its room, and does not displace what is asked all the time. */
static void test_flood(void **state)
{
    enum { OCTETS = 256 * 1024, HOT = 50, FLOOD = 3900 };
    unsigned hits = 0, tries = 0;
    struct listener listener = {0};

    (void)state;
    start(OCTETS, true);
    for (unsigned i = 0; i < FLOOD; i++) {
        char name[32], hot[32];
        size_t asked;

        snprintf(hot, sizeof(hot), "hot%u.example", i % HOT);
        asked = script.asked;
        script_ask(cache, hot, 8000, &listener);
        tries += i >= 10 * HOT;
        hits += i >= 10 * HOT && script.asked == asked;
        if (script.asked > asked)
            script_reply_last(&script, text_answer("v=spf1 ip4:192.0.2.0/24 -all", 86400));
        snprintf(name, sizeof(name), "flood%u.example", i);
        if (script.asked + 2 < SCRIPT_QUESTIONS)
            teach(&script, cache, name, text_answer("v=spf1 ip4:192.0.2.0/24 -all", 86400));
        assert_true(dns_cache_stats(cache).octets <= OCTETS);
    }
    assert_true(dns_cache_stats(cache).evictions > 1000);
    assert_true(hits * 100 > tries * 95);
}

/* One life of a cache, with one allocation that fails somewhere. Everybody is answered once. */
static void tell_a_story(void)
{
    const struct dns_cache_config config = {.octets = MEGABYTE, .serve_stale = true, .by_hand = true};
    struct listener listeners[4] = {{0}};
    struct dns *dns;

    script.is_gone = false;
    script.asked = 0;
    dns = dns_cache_create(&config, &script.dns);
    if (!dns) {
        assert_true(script.is_gone);
        return;
    }
    script_ask(dns, "a.example", 8000, &listeners[0]);
    script_ask(dns, "a.example", 8000, &listeners[1]);
    for (size_t i = 0; i < script.asked; i++)
        if (script.questions[i].done)
            script_reply(&script, i, text_answer("here", 10));
    script.now_ms += 9500;
    script_ask(dns, "a.example", 8000, &listeners[2]);
    for (size_t i = 0; i < script.asked; i++)
        if (script.questions[i].done)
            script_reply(&script, i, dns_answer_empty(DNS_FAILURE, 0));
    script.now_ms += 9500;
    script_ask(dns, "a.example", 8000, &listeners[3]);
    dns_destroy(dns);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(listeners[i].calls, 1);
}

static void test_memory(void **state)
{
    unsigned n = 1;
    bool failed = true;

    (void)state;
    start(MEGABYTE, true);
    dns_destroy(cache);
    for (; failed; n++) {
        alloc_fail_at(n);
        tell_a_story();
        failed = alloc_fail_happened();
        alloc_fail_at(0);
    }
    assert_true(n > 15);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_time_to_live),
        TEST(test_types_are_different),
        TEST(test_records_are_shared),
        TEST(test_lives),
        TEST(test_joining),
        TEST(test_deadlines),
        TEST(test_late_answer),
        TEST(test_long_deadline),
        TEST(test_refresh),
        TEST(test_failing_refresh),
        TEST(test_refresh_joined),
        TEST(test_stale),
        TEST(test_stale_ends),
        TEST(test_stale_gives_way),
        TEST(test_not_stale),
        TEST(test_failures),
        TEST(test_failures_of_all),
        TEST(test_keeps_answers),
        TEST(test_no_octets),
        TEST(test_callback_asks),
        cmocka_unit_test(test_destroy),
        TEST(test_flood),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
