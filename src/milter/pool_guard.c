/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes libmilter's pool by connections of its own. */
#include "milter/pool_guard.h"

#include "base/clock.h"
#include "milter/callbacks.h"
#include "milter/own_socket.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    REST_MS = 1000,  /* how often to look whether a connection has been opened */
    CHECK_MS = 250,  /* between two probes of a pool that answers */
    OVERDUE_MS = 20, /* a probe that is not answered by then asks for another one */
    PROBES_MAX = 64,
};

static pthread_t guard;
static bool started;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* covers `stopping` */
static pthread_cond_t stop_wanted;
static bool stopping;

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

        if (recv(probes->fds[n], &octet, 1, MSG_DONTWAIT) < 0)
            probes->fds[kept++] = probes->fds[n]; /* nothing yet */
        else
            close(probes->fds[n]);
    }
    probes->count = kept;
}

static void close_all(struct probes *probes)
{
    while (probes->count > 0)
        close(probes->fds[--probes->count]);
}

/* Waits for `timeout_ms`; true if the guard shall go on. */
static bool rest(int64_t timeout_ms)
{
    const int64_t until_ms = clock_monotonic_ms(&clock_system) + timeout_ms;
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = (until_ms % 1000) * 1000000};
    bool go_on = false;

    pthread_mutex_lock(&lock);
    while (!stopping && pthread_cond_timedwait(&stop_wanted, &lock, &until) == 0)
        ;
    go_on = !stopping;
    pthread_mutex_unlock(&lock);
    return go_on;
}

static void *run_guard(void *unused)
{
    struct probes probes = {.count = 0};
    int64_t wait_ms = REST_MS;
    sigset_t all;

    (void)unused;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    while (rest(wait_ms)) {
        collect_answers(&probes);
        if (probes.count == 0 && wait_ms == OVERDUE_MS) {
            wait_ms = CHECK_MS; /* the last probe was answered in time */
        } else if (callbacks_connections() == 0) {
            wait_ms = REST_MS;
        } else {
            send_probe(&probes);
            wait_ms = OVERDUE_MS;
        }
    }
    close_all(&probes);
    return NULL;
}

bool pool_guard_start(void)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&stop_wanted, &attributes);
    pthread_condattr_destroy(&attributes);
    started = pthread_create(&guard, NULL, run_guard, NULL) == 0;
    return started;
}

void pool_guard_stop(void)
{
    if (!started)
        return;
    pthread_mutex_lock(&lock);
    stopping = true;
    pthread_cond_signal(&stop_wanted);
    pthread_mutex_unlock(&lock);
    pthread_join(guard, NULL);
    started = false;
}
