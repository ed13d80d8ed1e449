/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the metrics as a person reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/stats_text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct strbuf shown;

/* The line of the text that begins with `start`, its spaces in a row taken as one. "": there is none. */
static const char *line_of(const char *start)
{
    static char line[512];
    size_t len = 0;

    line[0] = '\0';
    for (const char *at = strbuf_text(&shown); *at != '\0'; at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n'))
        if (strncmp(at, start, strlen(start)) == 0) {
            for (; *at != '\n' && *at != '\0'; at++)
                if (*at != ' ' || len == 0 || line[len - 1] != ' ')
                    line[len++] = *at;
            line[len] = '\0';
            return line;
        }
    return line;
}

static void show(const char *metrics)
{
    strbuf_free(&shown);
    stats_text_add(metrics, &shown);
    assert_false(shown.failed);
}

static void test_counters(void **state)
{
    (void)state;
    show("# HELP smf_spf_messages_total Messages.\n# TYPE smf_spf_messages_total counter\n"
         "smf_spf_messages_total{verdict=\"accepted\"} 12\nsmf_spf_messages_total{verdict=\"held\"} 0\n"
         "# HELP smf_spf_replies_total Replies.\n# TYPE smf_spf_replies_total counter\n"
         "smf_spf_replies_total{code=\"450\"} 0\nsmf_spf_replies_total{code=\"550\"} 0\n"
         "# HELP smf_spf_errors_total Errors.\n# TYPE smf_spf_errors_total counter\nsmf_spf_errors_total 3\n"
         "# HELP smf_spf_nothing_total Of no one.\n# TYPE smf_spf_nothing_total counter\n");
    assert_string_equal(line_of("Messages"), "Messages");
    assert_string_equal(line_of("  accepted"), " accepted 12");
    assert_string_equal(line_of("  held"), "");
    assert_string_equal(line_of("Replies"), "Replies 0"); /* none of them is worth a line */
    assert_string_equal(line_of("Errors"), "Errors 3");
    assert_null(strstr(strbuf_text(&shown), "Of no one"));
}

/* A gauge says something with 0, too. */
static void test_gauges(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    show("# HELP smf_spf_up 1 if it replied.\n# TYPE smf_spf_up gauge\nsmf_spf_up{server=\"a \\\"b\\\\\"} 0\n"
         "smf_spf_up{server=\"c\",kind=\"d\"} 1\n"
         "# HELP x_bytes Memory.\n# TYPE x_bytes gauge\nx_bytes 2500000\n"
         "# HELP x_start_time_seconds Begun.\n# TYPE x_start_time_seconds gauge\nx_start_time_seconds 86400.5\n"
         "# HELP x_cpu_seconds Busy.\n# TYPE x_cpu_seconds counter\nx_cpu_seconds_total 0.25\n"
         "# HELP x_info It.\n# TYPE x_info gauge\nx_info{version=\"1.0\",library=\"2\"} 1\n");
    assert_string_equal(line_of("  a"), " a \"b\\ 0");
    assert_string_equal(line_of("  c"), " c d 1");
    assert_string_equal(line_of("Memory"), "Memory 2.5 MB");
    assert_string_equal(line_of("Begun"), "Begun 1970-01-02 00:00:00");
    assert_string_equal(line_of("Busy"), "Busy 250 ms");
    assert_string_equal(line_of("It"), "It version 1.0, library 2");
}

static void test_histograms(void **state)
{
    (void)state;
    show("# HELP x_seconds Waits.\n# TYPE x_seconds histogram\n"
         "x_seconds_bucket{step=\"mail\",le=\"0.001\"} 49\nx_seconds_bucket{step=\"mail\",le=\"0.5\"} 50\n"
         "x_seconds_bucket{step=\"mail\",le=\"2\"} 99\nx_seconds_bucket{step=\"mail\",le=\"+Inf\"} 100\n"
         "x_seconds_sum{step=\"mail\"} 150\nx_seconds_count{step=\"mail\"} 100\n"
         "x_seconds_bucket{step=\"eom\",le=\"0.001\"} 0\nx_seconds_bucket{step=\"eom\",le=\"+Inf\"} 0\n"
         "x_seconds_sum{step=\"eom\"} 0\nx_seconds_count{step=\"eom\"} 0\n"
         "x_seconds_bucket{step=\"rcpt\",le=\"0.001\"} 1\nx_seconds_bucket{step=\"rcpt\",le=\"+Inf\"} 2\n"
         "x_seconds_sum{step=\"rcpt\"} 1\nx_seconds_count{step=\"rcpt\"} 2\n");
    assert_string_equal(line_of("Waits"), "Waits");
    assert_string_equal(line_of("  mail"), " mail 100, 1.5 s on average, half within 500 ms, 99 % within 2 s");
    assert_string_equal(line_of("  eom"), "");
    assert_string_equal(line_of("  rcpt"), " rcpt 2, 500 ms on average, half within 1 ms, 99 % not within 1 ms");
    show("# HELP x_seconds Waits.\n# TYPE x_seconds histogram\nx_seconds_bucket{le=\"+Inf\"} 0\nx_seconds_sum 0\n"
         "x_seconds_count 0\n");
    assert_string_equal(line_of("Waits"), "Waits 0");
}

/* What a filter of another version may say, or half of what one said. */
static void test_lines_that_cannot_be_read(void **state)
{
    static const char *const texts[] = {"",
                                        "\n",
                                        "# HELP",
                                        "# HELP x",
                                        "# HELP x ",
                                        "# HELP x \n# TYPE x counter\nx 1",
                                        "x 1\n",
                                        "# HELP x Y\nx{",
                                        "# HELP x Y\nx{a",
                                        "# HELP x Y\nx{a=",
                                        "# HELP x Y\nx{a=\"",
                                        "# HELP x Y\nx{a=\"\\",
                                        "# HELP x Y\nx{a=\"b\"",
                                        "# HELP x Y\nx{a=\"b\"}",
                                        "# HELP x Y\nx",
                                        "# HELP x Y\n# TYPE x histogram\nx_count 5\n"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *copy = strdup(texts[i]); /* so that a sanitizer sees who reads past its end */

        assert_non_null(copy);
        show(copy);
        free(copy);
        assert_true(shown.len == 0 || strcmp(line_of("Y"), "Y 0") == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_gauges),
        cmocka_unit_test(test_histograms),
        cmocka_unit_test(test_lines_that_cannot_be_read),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    strbuf_free(&shown);
    return failed;
}
