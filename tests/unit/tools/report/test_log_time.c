/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times of log lines. */
#include "tools/report/log_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

enum { NOW = 1796000000 }; /* 2026-11-30 00:53:20 UTC */

static const struct {
    const char *text;
    size_t used;
    int64_t time_s;
} cases[] = {
    {"2026-11-28T02:03:04.567Z x", 24, 1795831384},
    {"2026-11-28T02:03:04Z", 20, 1795831384},
    {"2026-11-28T03:03:04+01:00 host", 25, 1795831384},
    {"2026-11-28T01:33:04-0030", 24, 1795831384},
    {"2026-11-28 02:03:04 host", 19, 1795831384},
    {"2024-02-29T00:00:00Z", 20, 1709164800},
    {"2000-03-01T00:00:00Z", 20, 951868800},
    {"1970-01-01T00:00:00Z", 20, 0},
    {"2100-07-01T00:00:00Z", 20, INT64_C(4118083200)},
    {"2100-07-01T00:00:00 host", 19, INT64_C(4118083200)},
    {"Nov 28 02:03:04 host", 15, 1795831384},
    {"Nov  8 02:03:04 host", 15, 1794103384},
    {"Dec 25 00:00:00 host", 15, 1766620800}, /* last year's */
    {"Sat 2026-11-28 02:03:04 UTC host", 27, 1795831384},
    {"Sat 2026-11-28 02:03:04 GMT host", 23, 1795831384}, /* the host's zone */
    {"Sat 2026-11-28 02:63:04 UTC host", 0, 0},
    {"2026-11-28 02:03:04 UTC", 23, 1795831384},
    {"2026-11-28 02:03:04 UTCx", 19, 1795831384},
    {"1795831384.123456 host", 17, 1795831384},
    {"1795831384 host", 0, 0},
    {"1795831384.", 0, 0},
    {"179583138.123456 host", 0, 0},
    {"Nov 28 02:03", 0, 0},
    {"Nux 28 02:03:04 host", 0, 0},
    {"Nov 28 25:03:04 host", 0, 0},
    {"Nov 28 02:63:04 host", 0, 0},
    {"2026-13-28T02:03:04Z", 0, 0},
    {"2026-11-28X02:03:04Z", 0, 0},
    {"", 0, 0},
};

static void test_read(void **state)
{
    struct log_time reader = {.now_s = NOW};

    (void)state;
    for (int again = 0; again < 2; again++) { /* the second time with what it remembers */
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            int64_t time_s = 0;
            const size_t used = log_time_read(&reader, cases[i].text, strlen(cases[i].text), &time_s);

            if (used != cases[i].used || time_s != cases[i].time_s)
                fail_msg("%s: %zu octets, %lld", cases[i].text, used, (long long)time_s);
        }
    }
}

static void test_parse(void **state)
{
    struct log_time reader = {.now_s = NOW};
    int64_t time_s = 7;

    (void)state;
    assert_true(log_time_parse(&reader, "2026-11-28", &time_s));
    assert_int_equal(time_s, 1795824000);
    assert_true(log_time_parse(&reader, "-2h", &time_s));
    assert_int_equal(time_s, NOW - 7200);
    assert_true(log_time_parse(&reader, "-7d", &time_s));
    assert_int_equal(time_s, NOW - 7 * 86400);
    assert_true(log_time_parse(&reader, "today", &time_s));
    assert_int_equal(time_s, NOW - 3200);
    assert_true(log_time_parse(&reader, "yesterday", &time_s));
    assert_int_equal(time_s, NOW - 3200 - 86400);
    assert_true(log_time_parse(&reader, "now", &time_s));
    assert_int_equal(time_s, NOW);
    assert_true(log_time_parse(&reader, "2026-11-28T02:03:04Z", &time_s));
    assert_int_equal(time_s, 1795831384);
    time_s = 7;
    assert_false(log_time_parse(&reader, "", &time_s));
    assert_false(log_time_parse(&reader, "-", &time_s));
    assert_false(log_time_parse(&reader, "-2", &time_s));
    assert_false(log_time_parse(&reader, "-2y", &time_s));
    assert_false(log_time_parse(&reader, "soon", &time_s));
    assert_false(log_time_parse(&reader, "2026-11-28T02:03:04Z x", &time_s));
    assert_int_equal(time_s, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_parse)};

    if (setenv("TZ", "UTC", 1) != 0)
        return 1;
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
