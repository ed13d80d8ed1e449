/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines that repeat, by a clock of the test's. */
#include "base/log.h"
#include "base/log_repeat.h"
#include "base/stats.h"
#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int64_t now_ms;

static int64_t tell_ms(void *context)
{
    (void)context;
    return now_ms;
}

static int64_t tell_s(void *context)
{
    (void)context;
    return now_ms / 1000;
}

static const struct clock test_clock = {.monotonic_ms = tell_ms, .unix_s = tell_s};
static struct strbuf lines;  /* the last one, */
static struct strbuf before; /* and the one before */
static size_t line_count;

static void keep_line(void *context, enum log_level level, const char *line)
{
    (void)context;
    (void)level;
    line_count++;
    strbuf_truncate(&before, 0);
    strbuf_add(&before, strbuf_text(&lines));
    strbuf_truncate(&lines, 0);
    strbuf_add(&lines, line);
}

static int start(void **state)
{
    static const struct log_config quiet = {.level = LOG_LEVEL_INFO, .syslog_facility = -1, .ident = "test"};

    (void)state;
    now_ms = 1000;
    line_count = 0;
    if (!log_open(&quiet))
        return -1;
    log_set_clock(&test_clock);
    log_set_sink(keep_line, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    log_set_sink(NULL, NULL);
    log_set_clock(NULL);
    log_close();
    strbuf_free(&lines);
    strbuf_free(&before);
    return 0;
}

static void storm(int count)
{
    for (int n = 1; n <= count; n++)
        log_error("no answer for name %d", n);
}

static void a_storm_is_a_few_lines_and_a_number(void **state)
{
    const uint64_t held = stats_get(STATS_LOG_LINES_HELD);

    (void)state;
    storm(100000);
    assert_int_equal(line_count, LOG_REPEAT_LINES);
    assert_int_equal(stats_get(STATS_LOG_LINES_HELD) - held, 100000 - LOG_REPEAT_LINES);
    now_ms += LOG_REPEAT_WINDOW_MS - 1;
    log_info("mail goes on");
    assert_int_equal(line_count, LOG_REPEAT_LINES + 1);
    now_ms += 1;
    log_info("mail goes on");
    assert_int_equal(line_count, LOG_REPEAT_LINES + 3);
    assert_string_equal(strbuf_text(&lines), "mail goes on");
    storm(1);
    assert_string_equal(strbuf_text(&lines), "no answer for name 1");
}

static void the_number_names_the_last_one(void **state)
{
    (void)state;
    storm(17);
    now_ms += LOG_REPEAT_WINDOW_MS;
    log_error("another");
    assert_string_equal(strbuf_text(&before), "12 more lines like this were held back: no answer for name 17");
    assert_string_equal(strbuf_text(&lines), "another");
}

static void kinds_do_not_hold_each_other_back(void **state)
{
    (void)state;
    storm(50);
    log_warning("something else");
    assert_string_equal(strbuf_text(&lines), "something else");
}

static void results_and_notices_are_never_held_back(void **state)
{
    (void)state;
    for (int n = 0; n < 1000; n++)
        log_info("SPF pass");
    for (int n = 0; n < 1000; n++)
        log_notice("SPF fail");
    assert_int_equal(line_count, 2000);
}

/* More kinds than there is room for: none is lost, and none is counted as another. */
static void many_kinds_are_written(void **state)
{
    static struct log_repeat repeat;
    static const char kinds[2 * LOG_REPEAT_KINDS];
    uint64_t held = 0;
    const char *example = NULL;
    int level = 0, written = 0;

    (void)state;
    for (size_t i = 0; i < sizeof kinds; i++)
        for (int n = 0; n < 2 * LOG_REPEAT_LINES; n++)
            written += log_repeat_allows(&repeat, &kinds[i], 0, "x", 0);
    assert_int_equal(written, LOG_REPEAT_KINDS * LOG_REPEAT_LINES + LOG_REPEAT_KINDS * 2 * LOG_REPEAT_LINES);
    for (int n = 0; n < LOG_REPEAT_KINDS; n++) {
        assert_true(log_repeat_take(&repeat, LOG_REPEAT_WINDOW_MS, &held, &example, &level));
        assert_int_equal(held, LOG_REPEAT_LINES);
        assert_string_equal(example, "x");
    }
    assert_false(log_repeat_take(&repeat, LOG_REPEAT_WINDOW_MS, &held, &example, &level));
    assert_false(repeat.holds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_storm_is_a_few_lines_and_a_number, start, stop),
        cmocka_unit_test_setup_teardown(the_number_names_the_last_one, start, stop),
        cmocka_unit_test_setup_teardown(kinds_do_not_hold_each_other_back, start, stop),
        cmocka_unit_test_setup_teardown(results_and_notices_are_never_held_back, start, stop),
        cmocka_unit_test(many_kinds_are_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
