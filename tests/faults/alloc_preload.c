/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded before the C library (LD_PRELOAD): an allocator that fails when a test wants it to, for the program and for
 * all its libraries. */
#include "alloc_control.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

/* glibc's own, under the names that it has for a library like this one. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static const int deaths[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

/* A death that a failed allocation led to is told with its place, and then died. */
static void on_death(int number)
{
    alloc_control_note_death(); /* NOLINT(bugprone-signal-handler,cert-sig30-c): the program dies in any case */
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

__attribute__((constructor)) static void begin(void)
{
    alloc_control_open();
    for (size_t n = 0; n < sizeof deaths / sizeof deaths[0]; n++)
        (void)signal(deaths[n], on_death);
}

/* The program's threads block all signals; those of a death would then go past the handler. */
int pthread_sigmask(int how, const sigset_t *given, sigset_t *old)
{
    int (*next)(int, const sigset_t *, sigset_t *) = NULL;
    sigset_t set;

    *(void **)&next = dlsym(RTLD_NEXT, "pthread_sigmask");
    if (given == NULL || how == SIG_UNBLOCK)
        return next(how, given, old);
    set = *given;
    for (size_t n = 0; n < sizeof deaths / sizeof deaths[0]; n++)
        (void)sigdelset(&set, deaths[n]);
    return next(how, &set, old);
}

static void *none(void)
{
    errno = ENOMEM;
    return NULL;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's names are not for programs */

void *malloc(size_t size)
{
    return alloc_control_fails() ? none() : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return alloc_control_fails() ? none() : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return alloc_control_fails() ? none() : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return alloc_control_fails() ? none() : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *got = alloc_control_fails() ? NULL : __libc_memalign(alignment, size);

    if (got == NULL)
        return ENOMEM;
    *out = got;
    return 0;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
