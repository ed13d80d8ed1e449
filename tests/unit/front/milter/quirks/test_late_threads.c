/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests that a thread which the system refuses is made later, once, and in its turn. */
#include "front/milter/quirks/late_threads.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int granted;   /* threads that the system still has */
static char made[64]; /* the contexts of those that were made */
static char a[] = "a", b[] = "b", c[] = "c", nameless[] = "";

static void *run(void *context)
{
    return context;
}

static int make(pthread_t *thread, const pthread_attr_t *attributes, void *(*given)(void *), void *context)
{
    (void)attributes;
    assert_true(given == run);
    if (granted == 0)
        return EAGAIN;
    granted--;
    *thread = pthread_self();
    if (*(const char *)context != '\0')
        made[strlen(made)] = *(const char *)context;
    return 0;
}

static int create(char *name)
{
    pthread_t thread;

    return late_threads_create(make, &thread, NULL, run, name);
}

static void a_thread_that_there_is_is_made_at_once(void **state)
{
    (void)state;
    granted = 1;
    memset(made, 0, sizeof made);
    assert_int_equal(create(a), 0);
    assert_string_equal(made, "a");
    assert_int_equal(late_threads_make(make), 0);
    assert_string_equal(made, "a");
}

static void refused_ones_are_made_in_their_turn(void **state)
{
    (void)state;
    granted = 0;
    memset(made, 0, sizeof made);
    assert_int_equal(create(a), 0);
    assert_int_equal(create(b), 0);
    assert_int_equal(create(c), 0);
    assert_int_equal(late_threads_make(make), 3);
    granted = 2;
    assert_int_equal(late_threads_make(make), 1);
    assert_string_equal(made, "ab");
    granted = 9;
    assert_int_equal(late_threads_make(make), 0);
    assert_string_equal(made, "abc");
    assert_int_equal(granted, 8);
}

static void more_than_can_be_remembered_are_refused(void **state)
{
    unsigned taken = 0;

    (void)state;
    granted = 0;
    memset(made, 0, sizeof made);
    while (create(nameless) == 0)
        taken++;
    assert_true(taken >= 64);
    assert_int_equal(create(nameless), EAGAIN);
    granted = (int)taken + 1;
    assert_int_equal(late_threads_make(make), 0);
    assert_int_equal(granted, 1);
}

static void a_library_finds_our_pthread_create(void **state)
{
    (void)state;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
    assert_true(late_threads_are_kept());
#endif
    assert_int_equal(late_threads_retry(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_that_there_is_is_made_at_once),
        cmocka_unit_test(refused_ones_are_made_in_their_turn),
        cmocka_unit_test(more_than_can_be_remembered_are_refused),
        cmocka_unit_test(a_library_finds_our_pthread_create),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
