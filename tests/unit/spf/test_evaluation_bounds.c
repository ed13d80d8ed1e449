/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests how many lookups of an evaluation are under way. */
#include "spf/evaluation.h"

#include "unit/spf/script_dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { EXCHANGERS = 10, TERMS = 10, LOOKAHEAD = 16 };

static struct script_dns script;
static struct spf_request request = {
    .helo = "mail.example.org", .local = "user", .domain = "a.org", .receiver = "mx.example.net"};

static void note_end(void *context)
{
    *(bool *)context = true;
}

static int open_script(void **state)
{
    (void)state;
    script_dns_open(&script);
    return addr_parse("192.0.2.1", &request.client) ? 0 : -1;
}

static int close_script(void **state)
{
    (void)state;
    dns_destroy(&script.dns);
    return 0;
}

/* Runs an evaluation to its end; returns how many lookups were under way at most. */
static size_t most_under_way(bool has_lookahead, unsigned bound)
{
    bool is_over = false;
    const struct evaluation_setup setup = {.dns = &script.dns,
                                           .request = &request,
                                           .deadline_ms = script.now_ms + 1000,
                                           .has_lookahead = has_lookahead,
                                           .under_way_max = bound,
                                           .done = note_end,
                                           .context = &is_over};
    struct evaluation *evaluation = evaluation_create(&setup);
    size_t most = 0;

    assert_non_null(evaluation);
    evaluation_begin(evaluation);
    while (!is_over) {
        const size_t waiting = script_dns_waiting(&script);

        assert_true(waiting > 0);
        most = waiting > most ? waiting : most;
        script_dns_answer(&script, 0);
    }
    assert_int_equal(evaluation_walk(evaluation)->result, RESULT_FAIL);
    evaluation_release(evaluation);
    return most;
}

/* All the addresses of one mx term are needed at the same time. Those past the bound are sent as others are answered.
 */
static void needed_lookups_are_bounded(void **state)
{
    char host[32];

    (void)state;
    script_dns_add(&script, "a.org", "TXT", "v=spf1 mx -all");
    for (unsigned n = 0; n < EXCHANGERS; n++) {
        snprintf(host, sizeof(host), "h%u.org", n);
        script_dns_add(&script, "a.org", "MX", host);
        script_dns_add(&script, host, "A", "198.51.100.1");
    }
    assert_int_equal(most_under_way(false, 0), EXCHANGERS);
    assert_int_equal(script.count, 2 + EXCHANGERS);
    script_dns_reset(&script);
    assert_int_equal(most_under_way(false, 3), 3);
    assert_int_equal(script.count, 2 + EXCHANGERS);
}

/* Lookahead has a bound of its own, below. */
static void lookahead_is_bounded(void **state)
{
    char name[32], host[32], record[256] = "v=spf1";

    (void)state;
    for (unsigned term = 0; term < TERMS; term++) {
        snprintf(name, sizeof(name), "m%u.org", term);
        snprintf(record + strlen(record), sizeof(record) - strlen(record), " mx:%s", name);
        for (unsigned n = 0; n < EXCHANGERS; n++) {
            snprintf(host, sizeof(host), "h%u.m%u.org", n, term);
            script_dns_add(&script, name, "MX", host);
            script_dns_add(&script, host, "A", "198.51.100.1");
        }
    }
    snprintf(record + strlen(record), sizeof(record) - strlen(record), " -all");
    script_dns_add(&script, "a.org", "TXT", record);
    assert_in_range(most_under_way(true, 0), EXCHANGERS, LOOKAHEAD + EXCHANGERS);
    script_dns_reset(&script);
    assert_int_equal(most_under_way(true, 5), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(needed_lookups_are_bounded, open_script, close_script),
        cmocka_unit_test_setup_teardown(lookahead_is_bounded, open_script, close_script),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
