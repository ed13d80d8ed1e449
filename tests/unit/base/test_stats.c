/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters: each has a name of its own, and no addition is lost between threads. */
#include "base/stats.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 4, ADDITIONS = 20000 };

static void test_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STATS_COUNT; i++) {
        const char *name = stats_name((enum stats_counter)i);

        assert_non_null(name);
        assert_true(strlen(name) > 0);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(name, stats_name((enum stats_counter)j));
    }
    assert_string_equal(stats_name(STATS_FAULTS), "faults");
}

static void test_counters_are_apart(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STATS_COUNT; i++)
        stats_add((enum stats_counter)i, i);
    for (unsigned i = 0; i < STATS_COUNT; i++)
        assert_int_equal(stats_get((enum stats_counter)i), i);
}

static void *add_many(void *unused)
{
    for (int i = 0; i < ADDITIONS; i++)
        stats_add(STATS_MESSAGES, 1);
    return unused;
}

static void test_threads(void **state)
{
    uint64_t before = stats_get(STATS_MESSAGES);
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(stats_get(STATS_MESSAGES) - before, THREADS * ADDITIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_counters_are_apart),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
