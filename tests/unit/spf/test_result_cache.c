/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which requests share an outcome, how long, and which never do. */
#include "spf/result_cache.h"

#include "base/instrumented.h"
#include "spf/macro.h"

#include "support/resident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OCTETS = 1 << 20, LIFE_S = 3600, LARGE_KB = 16 << 10 };

static int64_t now_ms;

static int64_t monotonic_ms(void *context)
{
    (void)context;
    return now_ms;
}

static const struct clock test_clock = {.monotonic_ms = monotonic_ms, .unix_s = monotonic_ms};

static int open_cache(void **state)
{
    static const uint8_t seed[16] = {7};

    now_ms = 5000;
    *state = result_cache_create(OCTETS, LIFE_S, seed, &test_clock);
    return *state ? 0 : -1;
}

static int close_cache(void **state)
{
    result_cache_destroy(*state);
    return 0;
}

static struct spf_request request(void)
{
    static const uint8_t client[4] = {192, 0, 2, 1};

    return (struct spf_request){.client = addr_from_v4(client),
                                .helo = "mail.example.org",
                                .local = "user",
                                .domain = "example.org",
                                .receiver = "mx.example.net"};
}

static struct spf_outcome outcome(enum spf_result result)
{
    return (struct spf_outcome){.result = result,
                                .ttl_s = 300,
                                .mechanism = "ip4:192.0.2.0/24",
                                .problem = "none at all",
                                .explanation = "because"};
}

static void keep(struct result_cache *cache, const struct spf_request *asked, enum spf_result result, unsigned used)
{
    struct spf_outcome kept = outcome(result);

    result_cache_put(cache, asked, &kept, used);
}

static bool found(struct result_cache *cache, const struct spf_request *asked, enum spf_result wanted)
{
    struct spf_outcome got = {.result = RESULT_COUNT};

    if (!result_cache_get(cache, asked, &got)) {
        assert_int_equal(got.result, RESULT_COUNT);
        return false;
    }
    assert_int_equal(got.result, wanted);
    return true;
}

static void test_round_trip(void **state)
{
    struct spf_request asked = request();
    struct spf_outcome got;

    assert_false(result_cache_get(*state, &asked, &got));
    keep(*state, &asked, RESULT_PASS, 0);
    assert_true(result_cache_get(*state, &asked, &got));
    assert_true(got.cached);
    assert_false(got.guessed);
    assert_int_equal(got.result, RESULT_PASS);
    assert_int_equal(got.ttl_s, 300);
    assert_string_equal(got.mechanism, "ip4:192.0.2.0/24");
    assert_string_equal(got.problem, "none at all");
    assert_string_equal(got.explanation, "because");
}

static void test_key(void **state)
{
    static const uint8_t other_client[4] = {192, 0, 2, 2}, long_client[16] = {192, 0, 2, 1};
    struct spf_request asked = request(), same = request(), other;

    keep(*state, &asked, RESULT_PASS, 0);
    same.domain = "EXAMPLE.Org";
    same.local = "other";
    same.helo = "h.example";
    same.receiver = "";
    assert_true(found(*state, &same, RESULT_PASS));
    other = request();
    other.domain = "example.or";
    assert_false(found(*state, &other, RESULT_PASS));
    other = request();
    other.client = addr_from_v4(other_client);
    assert_false(found(*state, &other, RESULT_PASS));
    other.client = addr_from_v6(long_client);
    assert_false(found(*state, &other, RESULT_PASS));
    other = request();
    other.best_guess = true;
    assert_false(found(*state, &other, RESULT_PASS));
}

static void test_local(void **state)
{
    struct spf_request a = request(), b = request();

    b.local = "User"; /* RFC 5321 2.4: local parts differ by case */
    keep(*state, &a, RESULT_PASS, MACRO_USED_LOCAL);
    assert_true(found(*state, &a, RESULT_PASS));
    assert_false(found(*state, &b, RESULT_PASS));
    keep(*state, &b, RESULT_FAIL, MACRO_USED_LOCAL);
    assert_true(found(*state, &a, RESULT_PASS));
    assert_true(found(*state, &b, RESULT_FAIL));
    a.helo = "elsewhere.example";
    assert_true(found(*state, &a, RESULT_PASS));
}

static void test_helo(void **state)
{
    struct spf_request a = request(), b = request();

    b.helo = "other.example.org";
    keep(*state, &a, RESULT_PASS, MACRO_USED_HELO | MACRO_USED_SENDER | MACRO_USED_NAME);
    assert_false(found(*state, &b, RESULT_PASS));
    b.helo = "MAIL.example.ORG";
    assert_true(found(*state, &b, RESULT_PASS));
}

static void test_receiver(void **state)
{
    struct spf_request a = request(), b = request();

    b.receiver = "mx2.example.net";
    keep(*state, &a, RESULT_FAIL, MACRO_USED_RECEIVER);
    assert_true(found(*state, &a, RESULT_FAIL));
    assert_false(found(*state, &b, RESULT_FAIL));
}

/* One evaluation used the HELO name, another of the domain the local part too: both stay apart from all else. */
static void test_widened_note(void **state)
{
    struct spf_request a = request(), b = request(), c = request();

    b.helo = c.helo = "other.example.org";
    c.local = "third";
    keep(*state, &a, RESULT_PASS, MACRO_USED_HELO);
    keep(*state, &b, RESULT_FAIL, MACRO_USED_LOCAL);
    assert_true(found(*state, &b, RESULT_FAIL));
    assert_false(found(*state, &c, RESULT_FAIL));
    assert_false(found(*state, &a, RESULT_PASS)); /* lost, not mixed up */
    keep(*state, &a, RESULT_PASS, MACRO_USED_HELO);
    assert_true(found(*state, &a, RESULT_PASS));
    assert_true(found(*state, &b, RESULT_FAIL));
}

/* Parts that run into each other when they are joined: a|bc and ab|c. */
static void test_borders(void **state)
{
    struct spf_request a = request(), b = request();
    unsigned used = MACRO_USED_LOCAL | MACRO_USED_HELO;

    a.local = "x";
    a.helo = "yz";
    b.local = "xy";
    b.helo = "z";
    keep(*state, &a, RESULT_PASS, used);
    assert_false(found(*state, &b, RESULT_PASS));
}

static void test_long_parts(void **state)
{
    struct spf_request a = request(), b = request();
    char *local = malloc(70001);

    memset(local, 'a', 70000);
    local[70000] = '\0';
    a.local = local;
    keep(*state, &a, RESULT_PASS, MACRO_USED_LOCAL);
    assert_false(found(*state, &a, RESULT_PASS));
    local[65536 + 4] = '\0'; /* its length is that of "user" in 16 bits */
    assert_false(found(*state, &b, RESULT_PASS));
    local[600] = '\0';
    keep(*state, &a, RESULT_FAIL, MACRO_USED_LOCAL);
    assert_true(found(*state, &a, RESULT_FAIL));
    free(local);
}

static void test_life(void **state)
{
    struct spf_request asked = request();
    struct spf_outcome kept = outcome(RESULT_PASS);

    keep(*state, &asked, RESULT_PASS, 0);
    now_ms += 299999;
    assert_true(found(*state, &asked, RESULT_PASS));
    now_ms += 1;
    assert_false(found(*state, &asked, RESULT_PASS));
    kept.ttl_s = UINT32_MAX; /* the cache's own bound is shorter */
    result_cache_put(*state, &asked, &kept, 0);
    now_ms += 3599999;
    assert_true(found(*state, &asked, RESULT_PASS));
    now_ms += 1;
    assert_false(found(*state, &asked, RESULT_PASS));
    kept.ttl_s = 0;
    result_cache_put(*state, &asked, &kept, 0);
    assert_false(found(*state, &asked, RESULT_PASS));
}

static void test_not_kept(void **state)
{
    static const uint8_t seed[16] = {7};
    struct spf_request asked = request();
    struct result_cache *none;

    keep(*state, &asked, RESULT_TEMPERROR, 0);
    assert_false(found(*state, &asked, RESULT_TEMPERROR));
    keep(*state, &asked, RESULT_FAIL, MACRO_USED_TIME);
    assert_false(found(*state, &asked, RESULT_FAIL));
    none = result_cache_create(1 << 20, 0, seed, &test_clock);
    keep(none, &asked, RESULT_PASS, 0);
    assert_false(found(none, &asked, RESULT_PASS));
    result_cache_destroy(none);
    none = result_cache_create(0, 3600, seed, &test_clock);
    keep(none, &asked, RESULT_PASS, 0);
    assert_false(found(none, &asked, RESULT_PASS));
    result_cache_destroy(none);
}

/* Evictions are those of the process: their number neither goes back with a cache nor begins anew with one. */
static void test_counters(void **state)
{
    static const uint8_t seed[16] = {7};
    struct spf_request asked = request();
    const struct ttl_cache_stats before = result_cache_stats(*state);
    struct result_cache *small = result_cache_create(4096, LIFE_S, seed, &test_clock);
    struct ttl_cache_stats after;
    char domain[16];

    keep(*state, &asked, RESULT_PASS, 0);
    asked.domain = domain;
    for (int n = 0; n < 1000; n++) {
        (void)snprintf(domain, sizeof domain, "d%d.example", n);
        keep(small, &asked, RESULT_PASS, 0);
    }
    after = result_cache_stats(small);
    assert_int_equal(after.evictions - before.evictions, 1000 - after.entries);
    result_cache_destroy(small);
    after = result_cache_stats(*state);
    assert_in_range(after.evictions - before.evictions, 900, 1000);
    assert_int_equal(after.entries, 1);
}

static void test_adjust(void **state)
{
    struct result_cache *cache = *state;
    struct spf_request asked = request();
    uint64_t insertions;

    keep(cache, &asked, RESULT_PASS, 0);
    assert_true(found(cache, &asked, RESULT_PASS));
    result_cache_adjust(cache, OCTETS, LIFE_S); /* as it is */
    assert_true(found(cache, &asked, RESULT_PASS));
    insertions = result_cache_stats(cache).insertions;
    result_cache_adjust(cache, OCTETS, LIFE_S - 1);
    assert_int_equal(result_cache_stats(cache).entries, 0);
    assert_int_equal(result_cache_stats(cache).insertions, insertions);
    keep(cache, &asked, RESULT_FAIL, 0);
    assert_true(found(cache, &asked, RESULT_FAIL));
    result_cache_adjust(cache, OCTETS, 0);
    keep(cache, &asked, RESULT_FAIL, 0);
    assert_int_equal(result_cache_stats(cache).entries, 0);
    result_cache_adjust(cache, OCTETS / 2, LIFE_S);
    keep(cache, &asked, RESULT_FAIL, 0);
    assert_true(found(cache, &asked, RESULT_FAIL));
}

/* Something that stays behind the entries keeps the allocator from returning their memory by itself. */
static void test_dropped_entries_leave(void **state)
{
    struct result_cache *cache = *state;
    const uint64_t evictions = result_cache_stats(cache).evictions;
    char local[32];
    void *kept;
    long full_kb;

    if (SANITIZED)
        skip(); /* its allocator keeps what was freed */
    result_cache_adjust(cache, (size_t)LARGE_KB << 10, LIFE_S);
    for (int number = 0; result_cache_stats(cache).evictions == evictions; number++) {
        struct spf_request asked = request();

        snprintf(local, sizeof local, "user%d", number);
        asked.local = local;
        keep(cache, &asked, RESULT_PASS, MACRO_USED_LOCAL);
    }
    kept = malloc(1);
    full_kb = resident_kb();
    result_cache_adjust(cache, OCTETS, LIFE_S);
    assert_true(full_kb - resident_kb() > LARGE_KB * 3 / 4);
    free(kept);
}

#define IN_CACHE(test) cmocka_unit_test_setup_teardown(test, open_cache, close_cache)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_CACHE(test_counters),
        IN_CACHE(test_adjust),
        IN_CACHE(test_round_trip),
        IN_CACHE(test_key),
        IN_CACHE(test_local),
        IN_CACHE(test_helo),
        IN_CACHE(test_receiver),
        IN_CACHE(test_widened_note),
        IN_CACHE(test_borders),
        IN_CACHE(test_long_parts),
        IN_CACHE(test_life),
        IN_CACHE(test_not_kept),
        IN_CACHE(test_dropped_entries_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
