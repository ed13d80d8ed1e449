/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests evaluations of slow zones: which is reported, how long one that was is waited for, and when it is quick. */
#include "spf/zone_wait.h"

#include "spf/evaluation.h"
#include "spf/lookups.h"
#include "unit/spf/script_dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TIMEOUT_MS = 4000 };

static struct script_dns script;
static int64_t timeout_ms;
static struct spf_request request = {.helo = "mail.example.org", .local = "user", .receiver = "mx.example.net"};

static int open_script(void **state)
{
    (void)state;
    script_dns_open(&script);
    timeout_ms = TIMEOUT_MS;
    script_dns_add(&script, "chain.org", "TXT", "v=spf1 include:a.chain.org -all");
    script_dns_add(&script, "a.chain.org", "TXT", "v=spf1 include:b.chain.org -all");
    script_dns_add(&script, "b.chain.org", "TXT", "v=spf1 include:c.chain.org -all");
    script_dns_add(&script, "c.chain.org", "TXT", "v=spf1 include:d.chain.org -all");
    script_dns_add(&script, "d.chain.org", "TXT", "v=spf1 ip4:192.0.2.1 -all");
    script_dns_add(&script, "user.org", "TXT", "v=spf1 include:A.Chain.Org -all");
    script_dns_add(&script, "wide.org", "TXT", "v=spf1 mx include:other.net -all");
    script_dns_add(&script, "wide.org", "MX", "h1.wide.org");
    script_dns_add(&script, "wide.org", "MX", "h2.wide.org");
    script_dns_add(&script, "wide.org", "MX", "h3.wide.org");
    script_dns_add(&script, "h1.wide.org", "A", "198.51.100.1");
    script_dns_add(&script, "h2.wide.org", "A", "198.51.100.1");
    script_dns_add(&script, "h3.wide.org", "A", "198.51.100.1");
    script_dns_add(&script, "other.net", "TXT", "v=spf1 ip4:192.0.2.1 -all");
    script_dns_add(&script, "dead.org", "TXT", "v=spf1 a:silent.dead.org -all");
    script_dns_add(&script, "long.org", "TXT", "v=spf1 include:a.long.org a:silent.dead.org -all");
    script_dns_add(&script, "a.long.org", "TXT", "v=spf1 -all");
    return addr_parse("192.0.2.1", &request.client) ? 0 : -1;
}

static int close_script(void **state)
{
    (void)state;
    dns_destroy(&script.dns);
    return 0;
}

static void note_end(void *context)
{
    *(bool *)context = true;
}

/* Evaluates where every answer takes that long, but nobody waits past a deadline of a query. Returns how long it took.
 */
static int64_t evaluate(const char *domain, int64_t answer_ms, enum spf_result expected)
{
    const int64_t begun_ms = script.now_ms;
    bool is_over = false;
    const struct evaluation_setup setup = {.dns = &script.dns,
                                           .request = &request,
                                           .deadline_ms = begun_ms + timeout_ms,
                                           .has_lookahead = true,
                                           .done = note_end,
                                           .context = &is_over};
    struct evaluation *evaluation;

    request.domain = domain;
    evaluation = evaluation_create(&setup);
    assert_non_null(evaluation);
    evaluation_begin(evaluation);
    while (!is_over) {
        if (script_dns_waiting(&script) == 0 || script_dns_deadline(&script) < script.now_ms + answer_ms) {
            script_dns_expire(&script);
            continue;
        }
        script.now_ms += answer_ms;
        for (size_t left = script_dns_waiting(&script); left > 0 && !is_over; left--)
            script_dns_answer(&script, 0);
    }
    assert_int_equal(evaluation_walk(evaluation)->result, expected);
    evaluation_release(evaluation);
    return script.now_ms - begun_ms;
}

static void expect_reports(const char *reports)
{
    assert_string_equal(script.reports, reports);
    script.reports[0] = '\0';
}

static void test_in_time(void **state)
{
    (void)state;
    assert_int_equal(evaluate("chain.org", 790, RESULT_PASS), 5 * 790);
    expect_reports("");
}

static void test_slow(void **state)
{
    (void)state;
    assert_int_equal(evaluate("chain.org", 900, RESULT_TEMPERROR), TIMEOUT_MS);
    expect_reports("slow chain.org\n");
}

/* Who names a slow zone is not to blame. */
static void test_slow_zone_of_another(void **state)
{
    (void)state;
    assert_int_equal(evaluate("user.org", 850, RESULT_TEMPERROR), TIMEOUT_MS);
    expect_reports("slow A.Chain.Org\n");
}

/* The three hosts of an mx are needed together, and what they take is counted once: the zone takes 900 ms, not 1,500.
 * Then comes one that is silent. */
static void test_time_counts_once(void **state)
{
    (void)state;
    script.silent_name = "other.net";
    assert_int_equal(evaluate("wide.org", 300, RESULT_TEMPERROR), TIMEOUT_MS);
    expect_reports("");
}

/* Silence is the DNS's own business. */
static void test_silence_is_not_reported(void **state)
{
    (void)state;
    assert_int_equal(evaluate("dead.org", 10, RESULT_TEMPERROR), TIMEOUT_MS);
    expect_reports("");
}

/* Less than a quarter of the time, or a second, is not to blame for the rest. */
static void test_small_part_is_not_reported(void **state)
{
    (void)state;
    for (timeout_ms = 2000; timeout_ms <= 8000; timeout_ms *= 2) {
        const int64_t blamed_ms = timeout_ms == 8000 ? 2000 : 1000;

        assert_int_equal(evaluate("long.org", blamed_ms / 2 - 1, RESULT_TEMPERROR), timeout_ms);
        expect_reports("");
        assert_int_equal(evaluate("long.org", blamed_ms / 2, RESULT_TEMPERROR), timeout_ms);
        expect_reports("slow long.org\n");
    }
}

/* All lookups of a slow zone have 500 ms together; other zones have their whole time. */
static void test_slow_zone_is_cut(void **state)
{
    (void)state;
    script.slow_zone = "chain.org";
    assert_int_equal(evaluate("chain.org", 900, RESULT_TEMPERROR), DNS_SLOW_ZONE_MS);
    expect_reports("");
    assert_int_equal(evaluate("chain.org", 120, RESULT_TEMPERROR), DNS_SLOW_ZONE_MS);
    expect_reports("");
    assert_int_equal(evaluate("user.org", 400, RESULT_TEMPERROR), 400 + DNS_SLOW_ZONE_MS);
    expect_reports("");
    assert_int_equal(evaluate("wide.org", 900, RESULT_PASS), 2700);
    expect_reports("");
}

/* Lookahead of a slow zone costs nothing while something else is waited for, and has no more time for that. */
static void test_lookahead_of_a_slow_zone(void **state)
{
    (void)state;
    script.slow_zone = "other.net";
    assert_int_equal(evaluate("wide.org", 400, RESULT_PASS), 1200);
    expect_reports("quick other.net 1400\n");
    script.slow_zone = "wide.org";
    assert_int_equal(evaluate("wide.org", 160, RESULT_PASS), 480);
    expect_reports("quick wide.org 2200\n");
    assert_int_equal(evaluate("wide.org", 170, RESULT_TEMPERROR), DNS_SLOW_ZONE_MS);
    expect_reports("");
}

/* A zone of which all came within that time is quick, from its first lookup on. */
static void test_quick_again(void **state)
{
    (void)state;
    script.slow_zone = "chain.org";
    assert_int_equal(evaluate("chain.org", 100, RESULT_PASS), 500);
    expect_reports("quick chain.org 1000\n");
}

/* What is sent while another lookup of the zone is waited for has the rest of the time only. */
static void test_rest_of_the_time(void **state)
{
    struct lookup *slots[3] = {NULL}, *first, *ahead, *last;
    struct lookups lookups;

    (void)state;
    lookups_init(&lookups, true, NULL);
    lookups_begin(&lookups);
    lookups.is_blocked = false;
    first = lookups_want(&lookups, &slots[0], "a.slow.org", DNS_A);
    lookups.is_blocked = true;
    ahead = lookups_want(&lookups, &slots[1], "b.slow.org", DNS_A);
    zone_wait_note_needed(&lookups, 1000);
    zone_wait_enter(&lookups, first, true, 1000);
    assert_int_equal(zone_wait_limit(&lookups, first, 9000, 1000), 1500);
    assert_int_equal(zone_wait_limit(&lookups, first, 1400, 1000), 1400);
    zone_wait_enter(&lookups, ahead, true, 1300);
    assert_int_equal(zone_wait_limit(&lookups, ahead, 9000, 1300), 1500);
    zone_wait_count(first, false, 1450);
    lookups_answer(&lookups, first, dns_answer_empty(DNS_NODATA, 60));
    last = lookups_want(&lookups, &slots[2], "c.slow.org", DNS_A);
    zone_wait_enter(&lookups, last, true, 2000); /* nothing was waited for since */
    assert_int_equal(zone_wait_limit(&lookups, last, 9000, 2000), 2050);
    lookups_free(&lookups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_time, open_script, close_script),
        cmocka_unit_test_setup_teardown(test_slow, open_script, close_script),
        cmocka_unit_test_setup_teardown(test_slow_zone_of_another, open_script, close_script),
        cmocka_unit_test_setup_teardown(test_time_counts_once, open_script, close_script),
        cmocka_unit_test_setup_teardown(test_silence_is_not_reported, open_script, close_script),
        cmocka_unit_test_setup_teardown(test_small_part_is_not_reported, open_script, close_script),
        cmocka_unit_test_setup_teardown(test_slow_zone_is_cut, open_script, close_script),
        cmocka_unit_test_setup_teardown(test_lookahead_of_a_slow_zone, open_script, close_script),
        cmocka_unit_test_setup_teardown(test_quick_again, open_script, close_script),
        cmocka_unit_test(test_rest_of_the_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
