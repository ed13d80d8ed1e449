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

void wait_event_init(struct wait_event *event)
{
    pthread_mutex_init(&event->lock, NULL);
    wait_cond_init(&event->changed);
    event->is_due = false;
}

void wait_event_destroy(struct wait_event *event)
{
    pthread_cond_destroy(&event->changed);
    pthread_mutex_destroy(&event->lock);
}

void wait_event_signal(struct wait_event *event)
{
    pthread_mutex_lock(&event->lock);
    event->is_due = true;
    pthread_cond_signal(&event->changed);
    pthread_mutex_unlock(&event->lock);
}

bool wait_event_until(struct wait_event *event, const struct timespec *moment)
{
    bool is_due;

    pthread_mutex_lock(&event->lock);
    while (!event->is_due && wait_cond_until(&event->changed, &event->lock, moment))
        ;
    is_due = event->is_due;
    event->is_due = false;
    pthread_mutex_unlock(&event->lock);
    return is_due;
}
