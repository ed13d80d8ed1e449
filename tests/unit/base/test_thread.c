/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests that threads begin with all signals blocked, and leave their creator's mask alone. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mask)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
