/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces the C library's accept, for libmilter. */
#include "front/milter/quirks/accept_reserve.h"

#include "base/instrumented.h"
#include "front/milter/quirks/next_symbol.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RESERVE_PART = 4, /* of the descriptors that the process may have */
    RESERVE_MAX = 2048,
    REST_MS = 50, /* the listener, which looks at its stop flag between two tries, would spin */
};

static atomic_int watched = -1;

void accept_reserve_watch(int listening)
{
    watched = listening;
}

static rlim_t reserve_of(rlim_t limit)
{
    return limit / RESERVE_PART < RESERVE_MAX ? limit / RESERVE_PART : RESERVE_MAX;
}

/* The system gives the lowest number that is free. So when that is as high as this, no more than the reserve are. */
bool accept_reserve_is_low(void)
{
    struct rlimit limit;
    int lowest;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return false;
    lowest = fcntl(watched >= 0 ? watched : STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (lowest < 0)
        return errno != EBADF;
    close(lowest);
    return (rlim_t)lowest >= limit.rlim_cur - reserve_of(limit.rlim_cur);
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
