/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics in both text formats. */
#include "base/metrics_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

static void test_names(void **state)
{
    struct strbuf out = STRBUF_INIT;

    (void)state;
    for (int n = 0; n < 2; n++) {
        struct metrics_text text = {.out = &out, .is_openmetrics = n == 1};

        metrics_family(&text, "x", METRICS_COUNTER, "Some.");
        metrics_sample(&text, NULL, NULL, 9007199254740992.0);
        metrics_family(&text, "build", METRICS_INFO, "It.");
        metrics_sample(&text, "version", "a\\b\"c\nd", 1);
        metrics_end(&text);
        strbuf_add(&out, "--\n");
    }
    assert_string_equal(strbuf_text(&out), "# HELP smf_spf_x_total Some.\n"
                                           "# TYPE smf_spf_x_total counter\n"
                                           "smf_spf_x_total 9007199254740992\n"
                                           "# HELP smf_spf_build_info It.\n"
                                           "# TYPE smf_spf_build_info gauge\n"
                                           "smf_spf_build_info{version=\"a\\\\b\\\"c\\nd\"} 1\n"
                                           "--\n"
                                           "# HELP smf_spf_x Some.\n"
                                           "# TYPE smf_spf_x counter\n"
                                           "smf_spf_x_total 9007199254740992\n"
                                           "# HELP smf_spf_build It.\n"
                                           "# TYPE smf_spf_build info\n"
                                           "smf_spf_build_info{version=\"a\\\\b\\\"c\\nd\"} 1\n"
                                           "# EOF\n"
                                           "--\n");
    strbuf_free(&out);
}

/* Fractions without the digits that a double has beyond them. */
static void test_values(void **state)
{
    struct strbuf out = STRBUF_INIT;
    struct metrics_text text = {.out = &out};

    (void)state;
    metrics_family(&text, "x", METRICS_GAUGE, "Some.");
    strbuf_truncate(&out, 0);
    metrics_sample(&text, NULL, NULL, 0.041436);
    metrics_sample(&text, NULL, NULL, 1796000000);
    metrics_sample(&text, NULL, NULL, 999999999999999.0);
    assert_string_equal(strbuf_text(&out), "smf_spf_x 0.041436\nsmf_spf_x 1796000000\nsmf_spf_x 999999999999999\n");
    strbuf_free(&out);
}

static void test_histogram(void **state)
{
    static struct histogram histogram;
    struct strbuf out = STRBUF_INIT;
    struct metrics_text text = {.out = &out};

    (void)state;
    histogram_add(&histogram, 0);
    histogram_add(&histogram, 1000);
    histogram_add(&histogram, 1001);
    histogram_add(&histogram, 8000000);
    histogram_add(&histogram, 8000001);
    metrics_family(&text, "w_seconds", METRICS_HISTOGRAM, "W.");
    metrics_histogram(&text, "step", "mail", &histogram);
    assert_non_null(strstr(strbuf_text(&out), "w_seconds_bucket{step=\"mail\",le=\"0.001\"} 2\n"));
    assert_non_null(strstr(strbuf_text(&out), "w_seconds_bucket{step=\"mail\",le=\"0.0025\"} 3\n"));
    assert_non_null(strstr(strbuf_text(&out), "w_seconds_bucket{step=\"mail\",le=\"5\"} 3\n"));
    assert_non_null(strstr(strbuf_text(&out), "w_seconds_bucket{step=\"mail\",le=\"8\"} 4\n"));
    assert_non_null(strstr(strbuf_text(&out), "w_seconds_bucket{step=\"mail\",le=\"+Inf\"} 5\n"));
    assert_non_null(strstr(strbuf_text(&out), "w_seconds_count{step=\"mail\"} 5\n"));
    assert_non_null(strstr(strbuf_text(&out), "w_seconds_sum{step=\"mail\"} 16.0020"));
    strbuf_truncate(&out, 0);
    text.is_openmetrics = true;
    metrics_histogram(&text, NULL, NULL, &histogram);
    assert_non_null(strstr(strbuf_text(&out), "w_seconds_bucket{le=\"8.0\"} 4\n")); /* OpenMetrics 1.0, canonical */
    assert_non_null(strstr(strbuf_text(&out), "w_seconds_count 5\n"));
    strbuf_free(&out);
}

/* 291 / 1e6 as the nearest double has 17 digits that nobody measured. */
static void test_sum_is_exact(void **state)
{
    static struct histogram histogram;
    struct strbuf out = STRBUF_INIT;
    struct metrics_text text = {.out = &out};

    (void)state;
    histogram_add(&histogram, 291);
    metrics_family(&text, "w_seconds", METRICS_HISTOGRAM, "W.");
    metrics_histogram(&text, NULL, NULL, &histogram);
    assert_non_null(strstr(strbuf_text(&out), "w_seconds_sum 0.000291\n"));
    strbuf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_sum_is_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
