/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock: the system's one moves forward, and one of a test's own is asked with its context. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

static int64_t fixed_monotonic_ms(void *context)
{
    return *(const int64_t *)context;
}

static int64_t fixed_unix_s(void *context)
{
    return *(const int64_t *)context / 1000;
}

static void test_system_clock(void **state)
{
    const struct timespec pause = {.tv_nsec = 5000000};

    (void)state;
    int64_t before_ms = clock_monotonic_ms(&clock_system), before_s = time(NULL);
    nanosleep(&pause, NULL);
    assert_true(clock_monotonic_ms(&clock_system) > before_ms);
    assert_true(clock_unix_s(&clock_system) >= before_s);
    assert_true(clock_unix_s(&clock_system) <= time(NULL));
}

static void test_own_clock(void **state)
{
    int64_t now_ms = 7000;
    const struct clock clock = {fixed_monotonic_ms, fixed_unix_s, &now_ms};

    (void)state;
    assert_int_equal(clock_monotonic_ms(&clock), 7000);
    assert_int_equal(clock_unix_s(&clock), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_system_clock), cmocka_unit_test(test_own_clock)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
