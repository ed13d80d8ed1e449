/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts a thread later that the system refuses now. Without it libmilter forgets the connection that the thread was
 * for: it counts it as being served, nobody serves it, its MTA waits for an answer in vain, and its descriptor stays
 * open for ever. */
#ifndef SMF_FRONT_MILTER_QUIRKS_LATE_THREADS_H
#define SMF_FRONT_MILTER_QUIRKS_LATE_THREADS_H

#include <pthread.h>
#include <stdbool.h>

/* What makes a thread, as pthread_create does. */
typedef int (*late_threads_maker)(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                                  void *context);

/* Makes the thread, or remembers it where the system has none (EAGAIN): then 0, and *thread is the calling one. EAGAIN
 * if too many are remembered. Takes the lock for a few instructions. Any thread. */
int late_threads_create(late_threads_maker make, pthread_t *thread, const pthread_attr_t *attributes,
                        void *(*run)(void *), void *context);

/* Makes those that are remembered, detached and with default attributes, the oldest first; returns how many are left.
 * Any thread, one at a time. */
unsigned late_threads_make(late_threads_maker make);

/* The same with the system's threads. Called from time to time. */
unsigned late_threads_retry(void);

/* True if libmilter's threads are made by late_threads_create. That is so in every program that calls this, but where a
 * sanitizer makes the threads. */
bool late_threads_are_kept(void);

#endif
