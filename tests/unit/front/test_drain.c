/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stop waits for. */
#include "front/drain.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 20000 };

static void messages_and_calls_keep_it_busy(void **state)
{
    struct drain drain = {.is_closed = false};

    (void)state;
    assert_true(drain_is_idle(&drain));
    assert_true(drain_begin_message(&drain));
    assert_false(drain_is_idle(&drain));
    drain.calls++;
    drain_end_message(&drain);
    assert_false(drain_is_idle(&drain));
    drain.calls--;
    drain.connections++; /* an idle one does not */
    assert_true(drain_is_idle(&drain));
}

static void once_closed_no_message_begins(void **state)
{
    struct drain drain = {.is_closed = false};

    (void)state;
    assert_true(drain_begin_message(&drain));
    drain_close(&drain);
    assert_false(drain_begin_message(&drain));
    assert_false(drain_is_idle(&drain));
    drain_end_message(&drain);
    assert_true(drain_is_idle(&drain));
}

static struct drain shared;
static atomic_bool was_idle;
static atomic_uint begun_late;

/* Begins messages until none begins any more. */
static void *work(void *unused)
{
    for (int i = 0; i < ROUNDS && drain_begin_message(&shared); i++) {
        if (was_idle)
            begun_late++;
        drain_end_message(&shared);
    }
    return unused;
}

/* Once it was closed and idle, nothing begins: a stop never ends a message that it did not see. */
static void nothing_slips_through_a_stop(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, NULL), 0);
    drain_close(&shared);
    while (!drain_is_idle(&shared))
        ;
    was_idle = true;
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(begun_late, 0);
    assert_true(drain_is_idle(&shared));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_and_calls_keep_it_busy),
        cmocka_unit_test(once_closed_no_message_begins),
        cmocka_unit_test(nothing_slips_through_a_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
