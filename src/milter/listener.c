/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens, runs and stops libmilter's listener. */
#include "milter/listener.h"

#include "base/log.h"
#include "milter/own_socket.h"
#include "milter/pool_guard.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    BACKLOG = 1024, /* connections that wait to be accepted; the kernel cuts it to its own bound */
    STOP_TRIES = 200,
    STOP_PAUSE_NS = 10000000, /* 10 ms */
};

static atomic_bool running; /* listener_run */

/* Connects and hangs up; true if somebody listens. */
static bool touch_socket(void)
{
    int fd = own_socket_connect();

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Gives a bound unix socket its mode and owner. */
static bool set_permissions(const char *path, const struct listener_config *config, char *error, size_t error_size)
{
    if (chown(path, config->owner, config->group) == 0 && chmod(path, config->mode) == 0)
        return true;
    snprintf(error, error_size, "%s: cannot set its owner and mode: %s", path, strerror(errno));
    unlink(path);
    return false;
}

/* Lets libmilter bind; a unix socket that nobody answers on is replaced. */
static bool bind_socket(const char *spec, char *error, size_t error_size)
{
    const mode_t old_mask = umask(0177); /* nobody else gets in before set_permissions */
    int opened = MI_FAILURE;

    errno = 0;
    if (smfi_setconn((char *)spec) == MI_SUCCESS && smfi_setbacklog(BACKLOG) == MI_SUCCESS)
        opened = smfi_opensocket(true);
    umask(old_mask);
    if (opened != MI_SUCCESS)
        snprintf(error, error_size, "%s: cannot listen: %s", spec,
                 errno != 0 ? strerror(errno) : "not a socket of this host");
    return opened == MI_SUCCESS;
}

bool listener_open(const struct listener_config *config, char *error, size_t error_size)
{
    const char *path = NULL;

    if (!own_socket_set(config->socket)) {
        snprintf(error, error_size, "%s: cannot listen: not a socket of this host", config->socket);
        return false;
    }
    path = own_socket_path();
    if (path != NULL && touch_socket()) {
        snprintf(error, error_size, "%s: another program answers on this socket", path);
        return false;
    }
    if (!bind_socket(config->socket, error, error_size))
        return false;
    return path == NULL || set_permissions(path, config, error, error_size);
}

void listener_discard(void)
{
    if (own_socket_path() != NULL)
        unlink(own_socket_path());
}

bool listener_run(void)
{
    bool succeeded = false;

    running = true;
    if (!pool_guard_start())
        log_warning("no thread to guard libmilter's pool: connections may wait for each other");
    succeeded = smfi_main() == MI_SUCCESS;
    pool_guard_stop();
    running = false;
    return succeeded;
}

static void *stop_libmilter(void *unused)
{
    (void)unused;
    smfi_stop();
    return NULL;
}

/* libmilter's loop looks at its stop flag when a connection arrives, or once in five seconds. smfi_stop sets the flag,
 * then waits for a lock that the sleeping loop holds: so it gets a thread of its own, and the loop is woken beside it.
 */
void listener_stop(void)
{
    const struct timespec pause = {.tv_nsec = STOP_PAUSE_NS};
    pthread_t stopper;

    if (pthread_create(&stopper, NULL, stop_libmilter, NULL) != 0) {
        smfi_stop();
        return;
    }
    for (int tries = 0; running && tries < STOP_TRIES; tries++) {
        touch_socket();
        nanosleep(&pause, NULL);
    }
    pthread_detach(stopper);
}
