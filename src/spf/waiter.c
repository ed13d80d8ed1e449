/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits on a condition. */
#include "spf/waiter.h"

#include "base/wait.h"

void waiter_open(struct waiter *waiter)
{
    pthread_mutex_init(&waiter->lock, NULL);
    wait_cond_init(&waiter->changed);
    waiter->is_woken = false;
}

void waiter_close(struct waiter *waiter)
{
    pthread_cond_destroy(&waiter->changed);
    pthread_mutex_destroy(&waiter->lock);
}

void waiter_wake(void *context)
{
    struct waiter *waiter = context;

    pthread_mutex_lock(&waiter->lock);
    waiter->is_woken = true;
    pthread_cond_signal(&waiter->changed);
    pthread_mutex_unlock(&waiter->lock);
}

bool waiter_wait(struct waiter *waiter, const struct timespec *moment)
{
    bool is_woken;

    pthread_mutex_lock(&waiter->lock);
    while (!waiter->is_woken && wait_cond_until(&waiter->changed, &waiter->lock, moment))
        ;
    is_woken = waiter->is_woken;
    waiter->is_woken = false;
    pthread_mutex_unlock(&waiter->lock);
    return is_woken;
}
