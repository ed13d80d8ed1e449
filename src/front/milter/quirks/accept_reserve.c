/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces the C library's accept, for libmilter. */
#include "front/milter/quirks/accept_reserve.h"

#include "base/descriptor_reserve.h"
#include "base/instrumented.h"
#include "front/milter/quirks/next_symbol.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REST_MS = 50 }; /* the listener, which looks at its stop flag between two tries, would spin */

static atomic_int watched = -1;

void accept_reserve_watch(int listening)
{
    watched = listening;
}

bool accept_reserve_is_low(void)
{
    return descriptor_reserve_is_low(watched >= 0 ? watched : STDERR_FILENO, DESCRIPTORS_FOR_LOOKUPS);
}

#if SANITIZED

bool accept_reserve_is_kept(void)
{
    return false;
}

#else

static int (*system_accept)(int fd, struct sockaddr *address, socklen_t *len);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_system_accept(void)
{
    *(void **)&system_accept = next_symbol("accept");
}

/* This definition takes precedence over the C library's. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): as declared */
int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict len)
{
    (void)pthread_once(&once, find_system_accept);
    if (fd != watched || !accept_reserve_is_low())
        return system_accept(fd, address, len);
    (void)poll(NULL, 0, REST_MS);
    errno = EMFILE;
    return -1;
}

bool accept_reserve_is_kept(void)
{
    return next_symbol_comes_after("accept", (uintptr_t)accept);
}

#endif
