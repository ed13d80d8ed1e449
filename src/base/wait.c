/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits on a condition, with a count of those who do. */
#include "base/wait.h"

#include <errno.h>
#include <stddef.h>

static _Thread_local struct wait_pool *own_pool;

void wait_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void wait_join(struct wait_pool *pool)
{
    own_pool = pool;
}

unsigned wait_count(const struct wait_pool *pool)
{
    return pool->waiting;
}

static void begin_wait(struct wait_pool *pool)
{
    const unsigned count = atomic_fetch_add(&pool->waiting, 1) + 1;
    void (*observe)(unsigned waiting) = pool->observe;

    if (observe != NULL)
        observe(count);
}

bool wait_cond_until(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *moment)
{
    int status = 0;

    if (own_pool != NULL)
        begin_wait(own_pool);
    status = pthread_cond_timedwait(cond, lock, moment);
    if (own_pool != NULL)
        atomic_fetch_sub(&own_pool->waiting, 1);
    return status != ETIMEDOUT;
}
