/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes libmilter's pool by connections of its own. */
#include "milter/pool_guard.h"

#include "milter/callbacks.h"
#include "milter/own_socket.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    REST_MS = 500,   /* between two probes while no connection is open */
    CHECK_MS = 250,  /* between two probes of a pool that answers */
    OVERDUE_MS = 20, /* a probe that is not answered by then asks for another one */
    PROBES_MAX = 64,
};

/* The probes that libmilter has not answered, oldest first. The guard's thread alone uses them. */
struct probes {
    int fds[PROBES_MAX];
    size_t count;
};

static void send_probe(struct probes *probes)
{
    int fd = probes->count < PROBES_MAX ? own_socket_connect() : -1;

    if (fd < 0)
        return;
    (void)shutdown(fd, SHUT_WR); /* libmilter reads the end, and closes */
    probes->fds[probes->count++] = fd;
}

/* Lets go of the probes that were answered. */
static void collect_answers(struct probes *probes)
{
    size_t kept = 0;

    for (size_t n = 0; n < probes->count; n++) {
        char octet = 0;

        if (recv(probes->fds[n], &octet, 1, MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR))
            probes->fds[kept++] = probes->fds[n]; /* nothing yet */
        else
            close(probes->fds[n]);
    }
    probes->count = kept;
}

static void rest(int64_t ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};

    (void)nanosleep(&time, NULL);
}

static void *run_guard(void *unused)
{
    struct probes probes = {.count = 0};
    int64_t wait_ms = REST_MS;

    (void)unused;
    for (;;) {
        rest(wait_ms);
        collect_answers(&probes);
        if (probes.count == 0 && wait_ms == OVERDUE_MS) { /* the last probe was answered in time */
            wait_ms = callbacks_connections() > 0 ? CHECK_MS : REST_MS;
        } else {
            send_probe(&probes);
            wait_ms = OVERDUE_MS;
        }
    }
    return NULL;
}

/* The thread inherits the mask of its creator, which has all signals blocked. */
bool pool_guard_start(void)
{
    pthread_t guard;

    if (pthread_create(&guard, NULL, run_guard, NULL) != 0)
        return false;
    pthread_detach(guard);
    return true;
}
