/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages over time. */
#include "tools/report/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S, MIDNIGHT = 1795824000 };

static bool add(struct timeline *timeline, int64_t time_s, enum spf_result result, enum fate fate)
{
    static struct log_entry message;
    const struct entry_check check = {.is_known = true, .result = result};

    log_entry_clear(&message);
    message.time_s = time_s;
    message.fate = fate;
    return timeline_add(timeline, &message, &check);
}

static void test_bins(void **state)
{
    struct timeline *timeline = timeline_create();
    struct timeline_bin bins[TIMELINE_BINS_MAX];
    int64_t step_s;

    (void)state;
    assert_int_equal(timeline_bins(timeline, bins, &step_s), 0);
    assert_true(add(timeline, MIDNIGHT + 2 * HOUR_S + 5, RESULT_FAIL, FATE_REFUSED));
    assert_true(add(timeline, MIDNIGHT + 10, RESULT_PASS, FATE_ACCEPTED)); /* logs may come in any order */
    assert_true(add(timeline, MIDNIGHT + 3599, RESULT_TEMPERROR, FATE_DEFERRED));
    assert_false(add(timeline, ENTRY_NO_TIME, RESULT_PASS, FATE_ACCEPTED));
    assert_false(add(timeline, 5, RESULT_PASS, FATE_ACCEPTED));
    assert_int_equal(timeline_bins(timeline, bins, &step_s), 3);
    assert_int_equal(step_s, HOUR_S);
    assert_int_equal(bins[0].start_s, MIDNIGHT);
    assert_int_equal(bins[0].messages, 2);
    assert_int_equal(bins[0].deferred, 1);
    assert_int_equal(bins[1].messages, 0);
    assert_int_equal(bins[2].start_s, MIDNIGHT + 2 * HOUR_S);
    assert_int_equal(bins[2].results[RESULT_FAIL], 1);
    assert_int_equal(bins[2].refused, 1);
    timeline_destroy(timeline);
}

/* Whatever the range, there are few bins, and each message is in one. */
static void test_ranges(void **state)
{
    (void)state;
    for (int64_t hours = 1; hours <= 399 * 24; hours += 7) {
        struct timeline *timeline = timeline_create();
        struct timeline_bin bins[TIMELINE_BINS_MAX];
        int64_t step_s;
        size_t count;
        uint64_t sum = 0;

        assert_true(add(timeline, MIDNIGHT + 13 * HOUR_S, RESULT_PASS, FATE_ACCEPTED));
        assert_true(add(timeline, MIDNIGHT + (13 + hours) * HOUR_S, RESULT_PASS, FATE_ACCEPTED));
        count = timeline_bins(timeline, bins, &step_s);
        assert_in_range(count, 1, TIMELINE_BINS_MAX);
        for (size_t i = 0; i < count; i++)
            sum += bins[i].messages;
        assert_int_equal(sum, 2);
        if (step_s == 24 * HOUR_S)
            assert_int_equal(bins[0].start_s, MIDNIGHT);
        timeline_destroy(timeline);
    }
}

/* Days begin at midnight of the local time, in summer too; it is summer in November here. */
static void test_days(void **state)
{
    struct timeline *timeline = timeline_create();
    struct timeline_bin bins[TIMELINE_BINS_MAX];
    int64_t step_s;

    (void)state;
    assert_int_equal(setenv("TZ", "AEST-10AEDT,M10.1.0,M4.1.0/3", 1), 0);
    tzset();
    assert_true(add(timeline, MIDNIGHT + 12 * HOUR_S, RESULT_PASS, FATE_ACCEPTED));
    assert_true(add(timeline, MIDNIGHT + 13 * HOUR_S, RESULT_PASS, FATE_ACCEPTED)); /* the next day begins */
    assert_true(add(timeline, MIDNIGHT + (int64_t)20 * DAY_S, RESULT_PASS, FATE_ACCEPTED));
    assert_true(timeline_bins(timeline, bins, &step_s) > 2);
    assert_int_equal(step_s % (DAY_S / 2), 0);
    assert_int_equal((bins[0].start_s + (int64_t)11 * HOUR_S) % step_s, 0);
    assert_int_equal(bins[0].messages, 1);
    assert_int_equal(bins[1].messages, 1);
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    timeline_destroy(timeline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bins), cmocka_unit_test(test_ranges),
                                       cmocka_unit_test(test_days)};

    if (setenv("TZ", "UTC", 1) != 0)
        return 1;
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
