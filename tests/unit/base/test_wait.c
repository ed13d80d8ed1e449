/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests waiting, and the count of those who wait. */
#include "base/wait.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 5, LONG_MS = 30000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened;
static bool is_open;
static unsigned most, calls; /* what the observer was told, under the lock */
static struct wait_pool pool, other_pool;

static void observe(unsigned count)
{
    calls++;
    if (count > most)
        most = count;
}

static void *wait_for_it(void *own_pool)
{
    const struct timespec moment = clock_moment_after(LONG_MS);

    wait_join(own_pool);
    pthread_mutex_lock(&lock);
    while (!is_open && wait_cond_until(&opened, &lock, &moment))
        ;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void test_count(void **state)
{
    pthread_t threads[THREADS], stranger, loner;

    (void)state;
    pool.observe = observe;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_it, &pool), 0);
    assert_int_equal(pthread_create(&stranger, NULL, wait_for_it, &other_pool), 0);
    assert_int_equal(pthread_create(&loner, NULL, wait_for_it, NULL), 0);
    for (unsigned tries = 0; tries < 10000 && wait_count(&pool) + wait_count(&other_pool) < THREADS + 1; tries++)
        usleep(1000);
    assert_int_equal(wait_count(&pool), THREADS);
    assert_int_equal(wait_count(&other_pool), 1);
    pthread_mutex_lock(&lock);
    assert_int_equal(most, THREADS);
    is_open = true;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&lock);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_join(stranger, NULL);
    pthread_join(loner, NULL);
    assert_int_equal(wait_count(&pool), 0);
    assert_int_equal(wait_count(&other_pool), 0);
    assert_true(calls >= THREADS);
}

static void test_moment(void **state)
{
    const int64_t start_ms = clock_monotonic_ms(&clock_system);
    const struct timespec moment = clock_moment_after(50);
    unsigned calls_before;

    (void)state;
    wait_join(&pool);
    pthread_mutex_lock(&lock);
    while (wait_cond_until(&opened, &lock, &moment)) /* it may wake up for no reason */
        ;
    assert_true(clock_monotonic_ms(&clock_system) >= start_ms + 49);
    assert_int_equal(wait_count(&pool), 0);
    calls_before = calls;
    wait_join(&other_pool);
    assert_false(wait_cond_until(&opened, &lock, &moment));
    assert_int_equal(calls, calls_before);
    pthread_mutex_unlock(&lock);
}

static void *signal_event(void *event)
{
    usleep(20000);
    wait_event_signal(event);
    return NULL;
}

/* A signal ends one wait, before it begins or while it lasts. */
static void test_event(void **state)
{
    const struct timespec late = clock_moment_after(LONG_MS), now = clock_moment_after(0);
    struct wait_event event;
    pthread_t thread;

    (void)state;
    wait_event_init(&event);
    assert_false(wait_event_until(&event, &now));
    wait_event_signal(&event);
    wait_event_signal(&event);
    assert_true(wait_event_until(&event, &now));
    assert_false(wait_event_until(&event, &now));
    assert_int_equal(pthread_create(&thread, NULL, signal_event, &event), 0);
    assert_true(wait_event_until(&event, &late));
    pthread_join(thread, NULL);
    assert_int_equal(wait_count(&pool), 0);
    wait_event_destroy(&event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_count), cmocka_unit_test(test_moment),
                                       cmocka_unit_test(test_event)};

    wait_cond_init(&opened);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
