/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a thread waits for what another one finishes. Lives on the stack of the thread that waits. */
#ifndef SMF_SPF_WAITER_H
#define SMF_SPF_WAITER_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

struct waiter {
    pthread_mutex_t lock; /* covers is_woken; a leaf */
    pthread_cond_t changed;
    bool is_woken;
};

void waiter_open(struct waiter *waiter);
void waiter_close(struct waiter *waiter); /* nobody may wake it any more */

/* Wakes the struct waiter that `context` is; so it can be a callback. The waiter may be closed before this returns. */
void waiter_wake(void *context);

/* Waits until it is woken, and forgets that. False: it was not by `moment`. Counted in base/wait.h. */
bool waiter_wait(struct waiter *waiter, const struct timespec *moment);

#endif
