/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a thread waits for another one's answer, and how many of its pool do. Whoever lends the threads of a pool
 * (libmilter does) wants to know when they are all away. */
#ifndef SMF_BASE_WAIT_H
#define SMF_BASE_WAIT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

/* Prepares a condition that goes by CLOCK_MONOTONIC, as clock_moment_after does. */
void wait_cond_init(pthread_cond_t *cond);

/* Threads that serve one kind of clients. Zeroed: none waits. It lives as long as they do. */
struct wait_pool {
    atomic_uint waiting;
    /* NULL, or called by each thread that begins to wait, with the count that includes it. The caller may hold any
     * lock, so it takes none and does not block. Set before threads join, or while none waits. */
    void (*_Atomic observe)(unsigned waiting);
};

/* The calling thread belongs to this pool from now on; NULL, as at its start: to none, and is not counted. */
void wait_join(struct wait_pool *pool);

/* Threads of the pool that are in wait_cond_until. */
unsigned wait_count(const struct wait_pool *pool);

/* Waits, counted, for the condition's signal; the caller holds the lock, and looks afterwards what there is. False:
 * the moment has come. */
bool wait_cond_until(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *moment);

/* One thread's wait for what others do. */
struct wait_event {
    pthread_mutex_t lock; /* covers is_due; a leaf */
    pthread_cond_t changed;
    bool is_due;
};

void wait_event_init(struct wait_event *event);
void wait_event_destroy(struct wait_event *event); /* nobody waits for it or signals it any more */

/* Ends the wait, now or when it begins. Any thread. */
void wait_event_signal(struct wait_event *event);

/* Waits, counted, for a signal, which is used up so that the next call waits again. False: the moment has come. */
bool wait_event_until(struct wait_event *event, const struct timespec *moment);

#endif
