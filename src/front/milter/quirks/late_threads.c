/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces the C library's pthread_create, for libmilter. */
#define _GNU_SOURCE /* dladdr: which library asks */
#include "front/milter/quirks/late_threads.h"

#include "base/instrumented.h"
#include "front/milter/quirks/next_symbol.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LATE_MAX = 1024 };

/* A leaf: held for a few instructions. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct late {
    void *(*run)(void *);
    void *context;
} late[LATE_MAX]; /* a ring */
static unsigned first, count;

static bool remember(void *(*run)(void *), void *context)
{
    bool has_room;

    pthread_mutex_lock(&lock);
    has_room = count < LATE_MAX;
    if (has_room)
        late[(first + count++) % LATE_MAX] = (struct late){run, context};
    pthread_mutex_unlock(&lock);
    return has_room;
}

int late_threads_create(late_threads_maker make, pthread_t *thread, const pthread_attr_t *attributes,
                        void *(*run)(void *), void *context)
{
    const int problem = make(thread, attributes, run, context);

    if (problem != EAGAIN || !remember(run, context))
        return problem;
    *thread = pthread_self();
    return 0;
}

static bool oldest(struct late *next)
{
    bool is_there;

    pthread_mutex_lock(&lock);
    is_there = count > 0;
    if (is_there)
        *next = late[first];
    pthread_mutex_unlock(&lock);
    return is_there;
}

static void forget_oldest(void)
{
    pthread_mutex_lock(&lock);
    first = (first + 1) % LATE_MAX;
    count--;
    pthread_mutex_unlock(&lock);
}

static unsigned left(void)
{
    unsigned found;

    pthread_mutex_lock(&lock);
    found = count;
    pthread_mutex_unlock(&lock);
    return found;
}

unsigned late_threads_make(late_threads_maker make)
{
    pthread_attr_t attributes;
    pthread_t thread;
    struct late next;

    if (left() == 0 || pthread_attr_init(&attributes) != 0)
        return left();
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    while (oldest(&next) && make(&thread, &attributes, next.run, next.context) == 0)
        forget_oldest();
    (void)pthread_attr_destroy(&attributes);
    return left();
}

#if SANITIZED

unsigned late_threads_retry(void)
{
    return 0;
}

bool late_threads_are_kept(void)
{
    return false;
}

#else

static late_threads_maker system_maker;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_system_maker(void)
{
    *(void **)&system_maker = next_symbol("pthread_create");
}

/* Other libraries and our own code learn that there is no thread, and know what to do. */
static bool is_libmilter(void *(*run)(void *))
{
    const void *place;
    Dl_info found;

    memcpy(&place, &run, sizeof(place)); /* C has no cast from a function, POSIX has both alike */
    return dladdr(place, &found) != 0 && found.dli_fname != NULL && strstr(found.dli_fname, "libmilter") != NULL;
}

/* This definition takes precedence over the C library's. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): as declared */
int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*run)(void *),
                   void *restrict context)
{
    (void)pthread_once(&once, find_system_maker);
    if (is_libmilter(run))
        return late_threads_create(system_maker, thread, attributes, run, context);
    return system_maker(thread, attributes, run, context);
}

unsigned late_threads_retry(void)
{
    (void)pthread_once(&once, find_system_maker);
    return late_threads_make(system_maker);
}

bool late_threads_are_kept(void)
{
    return next_symbol_comes_after("pthread_create", (uintptr_t)pthread_create);
}

#endif
