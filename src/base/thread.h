/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that no signal reaches, and whose stack does not depend on the process's default. */
#ifndef SMF_BASE_THREAD_H
#define SMF_BASE_THREAD_H

#include <pthread.h>

/* Starts `run` in a thread that has every signal blocked: signals are the main thread's. Its stack has
 * 2 MB. Returns 0, or what pthread_create does. */
int thread_start(pthread_t *thread, void *(*run)(void *), void *context);

#endif
