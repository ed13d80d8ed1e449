/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a thread waits for another one's answer, and how many do. Whoever lends the threads (libmilter's pool does) wants
 * to know when they are all away. */
#ifndef SMF_BASE_WAIT_H
#define SMF_BASE_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

/* Prepares a condition that goes by CLOCK_MONOTONIC, as clock_moment_after does. */
void wait_cond_init(pthread_cond_t *cond);

/* Waits, counted, for the condition's signal; the caller holds the lock, and looks afterwards what there is. False:
 * the moment has come. */
bool wait_cond_until(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *moment);

/* Threads that are in wait_cond_until. */
unsigned wait_count(void);

/* Has `observer` called by each thread that begins to wait, with the count that includes it. The caller may hold any
 * lock, so the observer takes none and does not block. NULL, as at the start: nobody. */
void wait_observe(void (*observer)(unsigned count));

#endif
