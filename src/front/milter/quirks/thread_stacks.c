/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chooses the size of stacks that glibc keeps for the next thread. */
#define _GNU_SOURCE /* pthread_setattr_default_np: libmilter starts its threads with the default attributes */
#include "front/milter/quirks/thread_stacks.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __GLIBC__

enum { STACK_SIZE = 256 * 1024 }; /* of a thread; a message needs less than a quarter of it */

static void *end_at_once(void *unused)
{
    return unused;
}

static bool threads_start(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, end_at_once, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

/* libmilter's threads come and go. glibc keeps 40 MB of stacks for the next ones: 5 of the usual size, which does not
 * help, or 160 of ours, which saves much of the cost of a thread. Where a library needs more room in each thread (a
 * sanitizer's does), the usual size stays. */
void thread_stacks_shrink(void)
{
    pthread_attr_t usual, small;

    if (pthread_getattr_default_np(&usual) != 0)
        return;
    if (pthread_attr_init(&small) == 0) {
        if (pthread_attr_setstacksize(&small, STACK_SIZE) == 0 && pthread_setattr_default_np(&small) == 0 &&
            !threads_start())
            (void)pthread_setattr_default_np(&usual);
        (void)pthread_attr_destroy(&small);
    }
    (void)pthread_attr_destroy(&usual);
}

#else

/* Other C libraries keep stacks of any size (FreeBSD's), or have small ones (musl). */
void thread_stacks_shrink(void)
{
}

#endif
