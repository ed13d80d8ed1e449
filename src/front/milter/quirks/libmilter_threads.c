/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts threads when they are first seen, and when they end. */
#include "front/milter/quirks/libmilter_threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static atomic_uint count;
static struct wait_pool pool;
static _Thread_local bool is_counted;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_its_end; /* its destructor is called when a thread ends that has a value for it */
static bool has_key;

static void forget(void *unused)
{
    (void)unused;
    atomic_fetch_sub(&count, 1);
}

static void make_key(void)
{
    has_key = pthread_key_create(&at_its_end, forget) == 0;
}

void libmilter_threads_note(void)
{
    if (is_counted)
        return;
    is_counted = true;
    wait_join(&pool);
    atomic_fetch_add(&count, 1);
    pthread_once(&once, make_key);
    if (has_key)
        (void)pthread_setspecific(at_its_end, &count); /* without memory the thread is counted for ever */
}

struct wait_pool *libmilter_threads_pool(void)
{
    return &pool;
}

unsigned libmilter_threads_count(void)
{
    return count;
}
