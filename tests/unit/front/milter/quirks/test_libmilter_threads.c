/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests the count of libmilter's threads. */
#include "front/milter/quirks/libmilter_threads.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { THREADS = 4 };

static pthread_barrier_t noted, counted;

static void *work(void *unused)
{
    libmilter_threads_note();
    libmilter_threads_note();
    pthread_barrier_wait(&noted);
    pthread_barrier_wait(&counted);
    return unused;
}

static void test_threads_come_and_go(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    assert_int_equal(libmilter_threads_count(), 0);
    for (unsigned round = 1; round <= 2; round++) {
        for (unsigned i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, work, NULL), 0);
        pthread_barrier_wait(&noted);
        assert_int_equal(libmilter_threads_count(), THREADS);
        pthread_barrier_wait(&counted);
        for (unsigned i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(libmilter_threads_count(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads_come_and_go)};

    pthread_barrier_init(&noted, NULL, THREADS + 1);
    pthread_barrier_init(&counted, NULL, THREADS + 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
