/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts threads. */
#include "base/thread.h"

#include <signal.h>

enum { STACK_SIZE = 2 * 1024 * 1024 }; /* libunbound checks signatures on one; memory only as far as it is used */

/* With a stack of its own size: the process's default is made small for libmilter, and is in between too small for a
 * thread to start. */
static int start(pthread_t *thread, void *(*run)(void *), void *context)
{
    pthread_attr_t attributes;
    int problem = pthread_attr_init(&attributes);

    if (problem != 0)
        return problem;
    problem = pthread_attr_setstacksize(&attributes, STACK_SIZE);
    if (problem == 0)
        problem = pthread_create(thread, &attributes, run, context);
    (void)pthread_attr_destroy(&attributes);
    return problem;
}

int thread_start(pthread_t *thread, void *(*run)(void *), void *context)
{
    sigset_t all, before;
    int problem = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* a thread begins with the mask of its creator */
    problem = start(thread, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return problem;
}
