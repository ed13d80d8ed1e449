/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes libmilter's thread pool with connections of our own. */
#include "front/milter/quirks/libmilter_kick.h"

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/wait.h"
#include "front/milter/quirks/accept_reserve.h"
#include "front/milter/quirks/late_threads.h"
#include "front/milter/quirks/libmilter_threads.h"
#include "front/milter/quirks/self_connect.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    REST_MS = 500,   /* between two probes while no connection is open */
    CHECK_MS = 250,  /* between two probes of a pool that answers */
    OVERDUE_MS = 20, /* a probe that is not answered by then leads to another one */
    PROBES_MAX = 64,
    WARNING_MS = 60000, /* between two warnings */
};

/* The probes that libmilter has not answered, oldest first, after the descriptor that wakes the kick thread. Only
 * that thread uses them. */
struct probes {
    struct pollfd fds[1 + PROBES_MAX];
    nfds_t count; /* with the first */
};

static int wake_pipe[2] = {-1, -1};
static unsigned (*count_connections)(void);

/* True if no thread of the pool is left to poll for ready connections. */
static bool is_exhausted(unsigned waiting)
{
    return waiting > 0 && waiting >= libmilter_threads_count();
}

/* A thread begins to wait. */
static void notice_wait(unsigned waiting)
{
    if (is_exhausted(waiting))
        (void)!write(wake_pipe[1], "", 1); /* a full pipe wakes, too */
}

/* libmilter says nothing when it cannot accept connections for lack of a descriptor; the kick thread notices it, too.
 */
static void warn_of_shortage(int64_t *next_ms, const char *warning)
{
    const int64_t now_ms = clock_monotonic_ms(&clock_system);

    if (now_ms < *next_ms)
        return;
    *next_ms = now_ms + WARNING_MS;
    log_warning("%s", warning);
}

/* True if threads that libmilter was refused are still missing. A probe would want one more. */
static bool misses_threads(void)
{
    static int64_t next_ms;
    const bool misses = late_threads_retry() > 0;

    if (misses)
        warn_of_shortage(&next_ms,
                         "no thread is left: MTAs wait until there is one (see TasksMax of systemd, ulimit -u)");
    return misses;
}

/* True if libmilter accepts no connection, and so no probe. */
static bool misses_descriptors(void)
{
    static int64_t next_ms;
    const bool misses = accept_reserve_is_low();

    if (misses)
        warn_of_shortage(&next_ms, "no file descriptor is left for connections: MTAs wait until others end (see "
                                   "LimitNOFILE of systemd, ulimit -n)");
    return misses;
}

static void send_probe(struct probes *probes)
{
    int fd = probes->count < 1 + PROBES_MAX && !misses_descriptors() ? self_connect_open() : -1;

    if (fd < 0)
        return;
    (void)shutdown(fd, SHUT_WR); /* libmilter reads the end, and closes */
    probes->fds[probes->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* Closes the probes that were answered. */
static void collect_answers(struct probes *probes)
{
    nfds_t kept = 1;

    for (nfds_t n = 1; n < probes->count; n++) {
        char octet = 0;

        if (recv(probes->fds[n].fd, &octet, 1, MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR))
            probes->fds[kept++] = probes->fds[n]; /* nothing yet */
        else
            close(probes->fds[n].fd);
    }
    probes->count = kept;
}

/* Sleeps until a probe is answered, a thread wants one, or `moment_ms`. True: a thread wants one. */
static bool sleep_until(struct probes *probes, int64_t moment_ms)
{
    const int64_t left_ms = moment_ms - clock_monotonic_ms(&clock_system);
    char drained[64];
    bool is_wanted = false;

    (void)poll(probes->fds, probes->count, left_ms > 0 ? (int)left_ms : 0);
    while (read(wake_pipe[0], drained, sizeof drained) > 0)
        is_wanted = true;
    return is_wanted;
}

static void *run_kick(void *unused)
{
    struct probes probes = {.fds = {{.fd = wake_pipe[0], .events = POLLIN}}, .count = 1};
    int64_t due_ms = 0, now_ms;
    bool is_resting = true; /* the last probe was answered in time */

    (void)unused;
    for (;;) {
        const bool is_wanted = sleep_until(&probes, due_ms);

        collect_answers(&probes);
        now_ms = clock_monotonic_ms(&clock_system);
        if (misses_threads()) {
            is_resting = false;
            due_ms = now_ms + OVERDUE_MS;
        } else if (now_ms >= due_ms && !is_resting && probes.count == 1) {
            is_resting = true;
            due_ms = now_ms + (count_connections() > 0 ? CHECK_MS : REST_MS);
        } else if (now_ms >= due_ms || (is_wanted && is_exhausted(wait_count(libmilter_threads_pool())))) {
            is_resting = false;
            due_ms = now_ms + OVERDUE_MS;
            send_probe(&probes);
        }
    }
    return NULL;
}

bool libmilter_kick_start(unsigned (*connections)(void))
{
    pthread_t thread;

    count_connections = connections;
    if (!descriptor_pipe(wake_pipe, false) || thread_start(&thread, run_kick, NULL) != 0)
        return false;
    pthread_detach(thread);
    libmilter_threads_pool()->observe = notice_wait;
    return true;
}
