/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits on a condition, with a count of those who do. */
#include "base/wait.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

typedef void (*wait_observer)(unsigned count);

static atomic_uint waiting;
static _Atomic(wait_observer) observer;

void wait_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool wait_cond_until(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *moment)
{
    const unsigned count = atomic_fetch_add(&waiting, 1) + 1;
    const wait_observer observe = observer;
    int status = 0;

    if (observe != NULL)
        observe(count);
    status = pthread_cond_timedwait(cond, lock, moment);
    atomic_fetch_sub(&waiting, 1);
    return status != ETIMEDOUT;
}

unsigned wait_count(void)
{
    return waiting;
}

void wait_observe(wait_observer new_observer)
{
    observer = new_observer;
}
