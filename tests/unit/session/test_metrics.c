/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The families: all there from the start, each once, and the counters that there are. */
#include "session/metrics.h"

#include "base/stats.h"
#include "session/message_metrics.h"
#include "session/reason.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

static const struct metrics_state nothing = {.version = "3", .libmilter = "1"};

static bool has(const char *line, const struct metrics_state *of)
{
    struct strbuf out = STRBUF_INIT;
    bool found;

    metrics_write(of, false, &out);
    found = strstr(strbuf_text(&out), line) != NULL;
    strbuf_free(&out);
    return found;
}

static void test_all_from_the_start(void **state)
{
    static const char *const kinds[] = {
        [REASON_KIND_EXEMPT] = "skipped", [REASON_KIND_REFUSAL] = "refusals", [REASON_KIND_FAULT] = "faults"};
    char line[128];

    (void)state;
    for (int n = 1; n < REASON_COUNT; n++) {
        if (n == REASON_GREYLISTED)
            continue;
        (void)snprintf(line, sizeof line, "\nsmf_spf_%s_total{why=\"%s\"} 0\n", kinds[reason_kind((enum reason)n)],
                       reason_name((enum reason)n));
        assert_true(has(line, &nothing));
    }
    assert_true(has("\nsmf_spf_greylist_deferred_total 0\n", &nothing));
    assert_true(has("\nsmf_spf_greylist_total{reason=\"came-back\"} 0\n", &nothing));
    assert_true(has("\nsmf_spf_checks_total{identity=\"helo\",result=\"permerror\"} 0\n", &nothing));
    assert_true(has("\nsmf_spf_wait_seconds_count{step=\"eom\"} 0\n", &nothing));
}

/* No counter is left out: each gives the text another number. */
static void test_counters(void **state)
{
    (void)state;
    for (int n = 0; n < STATS_COUNT; n++) {
        char number[32];

        if (n == STATS_SKIPPED) /* the sum of smf_spf_skipped_total, but for recipients */
            continue;
        if (n >= STATS_NONE && n <= STATS_PERMERROR) /* the sums of smf_spf_checks_total over the identities */
            continue;
        (void)snprintf(number, sizeof number, " %d\n", 70001 + n);
        stats_add((enum stats_counter)n, (uint64_t)(70001 + n));
        assert_true(has(number, &nothing));
    }
}

static void test_process(void **state)
{
    static const char *const names[] = {"cpu_seconds_total",    "max_fds", "open_fds", "resident_memory_bytes",
                                        "virtual_memory_bytes", "threads"};
    struct metrics_state started = nothing;

    (void)state;
    started.started_s = 1700000000;
    assert_true(has("\nprocess_start_time_seconds 1700000000\n", &started));
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        char line[64];

        (void)snprintf(line, sizeof line, "\nprocess_%s ", names[n]);
        assert_true(has(line, &nothing));
        (void)strcat(line, "0\n");
        assert_true(n == 0 || !has(line, &nothing));
    }
}

static void test_families_once(void **state)
{
    struct strbuf out = STRBUF_INIT;
    const char *type;

    (void)state;
    metrics_write(&nothing, true, &out);
    type = strstr(strbuf_text(&out), "# TYPE ");
    assert_non_null(type);
    for (; type != NULL; type = strstr(type + 1, "# TYPE ")) {
        char family[128];

        (void)snprintf(family, sizeof family, "%.*s ", (int)strcspn(type + 7, " ") + 7, type);
        assert_null(strstr(type + 1, family));
    }
    assert_string_equal(strbuf_text(&out) + out.len - 6, "# EOF\n");
    strbuf_free(&out);
}

static void test_waits_and_cache(void **state)
{
    struct metrics_state full = nothing;
    char misses[80];

    (void)state;
    full.caches.results = (struct ttl_cache_stats){.evictions = 13, .entries = 14, .octets = 15};
    stats_add(STATS_EVALUATED, 12);
    (void)snprintf(misses, sizeof misses,
                   "\nsmf_spf_cache_lookups_total{cache=\"results\",outcome=\"miss\"} %" PRIu64 "\n",
                   stats_get(STATS_EVALUATED));
    metrics_waited(METRICS_RCPT, 2000);
    assert_true(has("\nsmf_spf_wait_seconds_bucket{step=\"rcpt\",le=\"0.0025\"} 1\n", &full));
    assert_true(has("\nsmf_spf_wait_seconds_bucket{step=\"rcpt\",le=\"0.001\"} 0\n", &full));
    assert_true(has("\nsmf_spf_wait_seconds_count{step=\"mail\"} 0\n", &full));
    assert_true(has(misses, &full));
    assert_true(has("\nsmf_spf_cache_evictions_total{cache=\"results\"} 13\n", &full));
    assert_true(has("\nsmf_spf_cache_bytes{cache=\"results\"} 15\n", &full));
}

/* A code that nobody thought of makes no label of its own. */
static void test_replies(void **state)
{
    (void)state;
    message_metrics_replied("450");
    message_metrics_replied("554");
    message_metrics_replied("554");
    assert_true(has("\nsmf_spf_replies_total{code=\"450\"} 1\n", &nothing));
    assert_true(has("\nsmf_spf_replies_total{code=\"550\"} 0\n", &nothing));
    assert_true(has("\nsmf_spf_replies_total{code=\"other\"} 2\n", &nothing));
    assert_false(has("554", &nothing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_from_the_start),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_process),
        cmocka_unit_test(test_families_once),
        cmocka_unit_test(test_waits_and_cache),
        cmocka_unit_test(test_replies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
