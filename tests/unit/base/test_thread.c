/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests that threads begin with all signals blocked, leave their creator's mask alone, and have the stack they need. */
#include "base/thread.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void *read_mask(void *context)
{
    pthread_sigmask(SIG_BLOCK, NULL, context);
    return context;
}

static void test_mask(void **state)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE};
    sigset_t mask, before, after;
    pthread_t thread;
    void *value = NULL;

    (void)state;
    sigemptyset(&mask);
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    assert_int_equal(thread_start(&thread, read_mask, &mask), 0);
    pthread_join(thread, &value);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    assert_ptr_equal(value, &mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        assert_int_equal(sigismember(&mask, signals[i]), 1);
        assert_int_equal(sigismember(&after, signals[i]), sigismember(&before, signals[i]));
    }
}

static void *read_stack_size(void *context)
{
    pthread_attr_t own;

    assert_int_equal(pthread_getattr_np(pthread_self(), &own), 0);
    pthread_attr_getstacksize(&own, context);
    pthread_attr_destroy(&own);
    return context;
}

/* Under a sanitizer a thread with the small stack of libmilter's would not even start. */
static void test_stack_size_without_the_default(void **state)
{
    pthread_attr_t usual, small;
    pthread_t thread;
    size_t size = 0;

    (void)state;
    assert_int_equal(pthread_getattr_default_np(&usual), 0);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, (size_t)128 * 1024);
    assert_int_equal(pthread_setattr_default_np(&small), 0);
    assert_int_equal(thread_start(&thread, read_stack_size, &size), 0);
    pthread_join(thread, NULL);
    assert_int_equal(pthread_setattr_default_np(&usual), 0);
    assert_true(size >= (size_t)2 * 1024 * 1024);
    pthread_attr_destroy(&small);
    pthread_attr_destroy(&usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mask),
                                       cmocka_unit_test(test_stack_size_without_the_default)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
