/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests the event loop, its tasks and the mailbox. */
#include "base/event_loop.h"

#include "base/mailbox.h"
#include "support/alloc_fail.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 4, LETTERS = 20000 };

struct counter {
    struct event_loop *loop;
    struct event_task *task;
    struct mailbox *_Atomic mailbox; /* made when the loop runs already */
    atomic_uint runs, letters, wrong;
    atomic_bool was_on_loop, repeats;
    unsigned last[THREADS];
};

struct numbered {
    struct letter letter;
    unsigned thread, number;
};

static void count_run(void *context)
{
    struct counter *counter = context;

    counter->was_on_loop = event_loop_is_current(counter->loop);
    counter->runs++;
    if (counter->repeats && counter->runs < 1000)
        event_task_wake(counter->task);
}

/* Waits, within a bound, for a number. */
static void wait_for(atomic_uint *number, unsigned value)
{
    for (unsigned tries = 0; tries < 60000 && *number < value; tries++)
        usleep(1000);
    assert_true(*number >= value);
}

static void start(struct counter *counter, void (*run)(void *context))
{
    counter->loop = event_loop_create();
    assert_non_null(counter->loop);
    counter->task = event_task_create(counter->loop, run, counter);
    assert_non_null(counter->task);
    assert_int_equal(event_loop_start(counter->loop), 0);
}

static void stop(struct counter *counter)
{
    event_loop_stop(counter->loop);
    event_task_destroy(counter->task);
    event_loop_destroy(counter->loop);
}

static void test_wake(void **state)
{
    struct counter counter = {0};

    (void)state;
    start(&counter, count_run);
    assert_false(event_loop_is_current(counter.loop));
    event_task_wake(counter.task);
    wait_for(&counter.runs, 1);
    assert_true(counter.was_on_loop);
    event_task_wake(counter.task); /* as often as wanted */
    wait_for(&counter.runs, 2);
    counter.repeats = true;
    event_task_wake(counter.task); /* and by itself */
    wait_for(&counter.runs, 1000);
    stop(&counter);
}

static void set_timer(void *context)
{
    struct counter *counter = context;

    if (counter->runs++ == 0) {
        event_task_set_timer(counter->task, 3600 * 1000);
        event_task_set_timer(counter->task, 20); /* in its place */
    } else if (counter->runs == 2) {
        event_task_set_timer(counter->task, 10);
        event_task_clear_timer(counter->task);
        event_task_clear_timer(counter->task);
    }
}

static void test_timer(void **state)
{
    struct counter counter = {0};

    (void)state;
    start(&counter, set_timer);
    event_task_wake(counter.task);
    wait_for(&counter.runs, 2);
    usleep(50000);
    assert_int_equal(counter.runs, 2); /* it was cleared */
    stop(&counter);
}

static void read_letters(void *context)
{
    struct counter *counter = context;

    for (struct letter *letter = mailbox_take(counter->mailbox), *next; letter; letter = next) {
        struct numbered *numbered = (struct numbered *)letter;

        next = letter->next;
        counter->wrong += numbered->number != ++counter->last[numbered->thread]; /* in their order */
        counter->letters++;
        free(numbered);
    }
}

struct writer {
    struct counter *counter;
    unsigned thread;
};

static void *write_letters(void *context)
{
    const struct writer *writer = context;

    for (unsigned i = 1; i <= LETTERS; i++) {
        struct numbered *numbered = malloc(sizeof(*numbered));

        if (!numbered)
            abort();
        *numbered = (struct numbered){.thread = writer->thread, .number = i};
        if (!mailbox_put(writer->counter->mailbox, &numbered->letter))
            abort();
    }
    return NULL;
}

static void test_mailbox(void **state)
{
    struct counter counter = {0};
    struct writer writers[THREADS];
    pthread_t threads[THREADS];
    struct numbered late;

    (void)state;
    start(&counter, read_letters);
    counter.mailbox = mailbox_create(counter.task);
    assert_non_null(counter.mailbox);
    assert_null(mailbox_take(counter.mailbox));
    for (unsigned i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){.counter = &counter, .thread = i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_letters, &writers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    wait_for(&counter.letters, THREADS * LETTERS);
    assert_int_equal(counter.wrong, 0);
    mailbox_close(counter.mailbox);
    assert_false(mailbox_put(counter.mailbox, &late.letter));
    stop(&counter);
    mailbox_destroy(counter.mailbox);
}

static void test_unused(void **state)
{
    struct event_loop *loop = event_loop_create();

    (void)state;
    assert_non_null(loop);
    assert_non_null(event_loop_base(loop));
    event_loop_stop(loop); /* it never started */
    event_loop_destroy(loop);
    event_loop_destroy(NULL);
    event_task_destroy(NULL);
    mailbox_destroy(NULL);
}

static void test_memory(void **state)
{
    unsigned n = 1;

    (void)state;
    for (bool failed = true; failed; n++) {
        struct event_loop *loop;

        alloc_fail_at(n);
        loop = event_loop_create();
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(loop == NULL, failed);
        event_loop_destroy(loop);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wake),   cmocka_unit_test(test_timer),  cmocka_unit_test(test_mailbox),
        cmocka_unit_test(test_unused), cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
