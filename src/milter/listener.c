/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens, runs and stops libmilter's listener. */
#include "milter/listener.h"

#include "base/log.h"
#include "milter/own_socket.h"
#include "milter/pool_guard.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,              /* connections that wait to be accepted; the kernel cuts it to its own bound */
    DESCRIPTORS_LOOKED_AT = 256, /* at the start few are open */
    STACK_SIZE = 256 * 1024,     /* of a thread; a message needs less than a quarter of it */
};

static bool is_no_socket(const char *path)
{
    struct stat found;

    return lstat(path, &found) == 0 && !S_ISSOCK(found.st_mode);
}

/* True if somebody listens. */
static bool is_answered(void)
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

/* Accepted connections inherit the option. Without it each message over TCP waits for a delayed acknowledgement, about
 * 40 ms: libmilter writes its changes and its answer one by one. It does not tell its descriptor, but no other listens.
 */
static void send_without_delay(void)
{
    for (int fd = 0; fd < DESCRIPTORS_LOOKED_AT; fd++) {
        const int on = 1;
        int listens = 0;
        socklen_t len = sizeof listens;

        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens)
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* of no use to a unix socket */
    }
}

bool listener_open(const struct listener_config *config, char *error, size_t error_size)
{
    const char *path = NULL;

    if (!own_socket_set(config->socket)) {
        snprintf(error, error_size, "%s: cannot listen: not a socket of this host", config->socket);
        return false;
    }
    path = own_socket_path();
    if (path != NULL && is_no_socket(path)) {
        snprintf(error, error_size, "%s: is there already, and is no socket", path);
        return false;
    }
    if (path != NULL && is_answered()) {
        snprintf(error, error_size, "%s: another program answers on this socket", path);
        return false;
    }
    if (!bind_socket(config->socket, error, error_size))
        return false;
    send_without_delay();
    return path == NULL || set_permissions(path, config, error, error_size);
}

void listener_discard(void)
{
    if (own_socket_path() != NULL)
        unlink(own_socket_path());
}

static void *end_at_once(void *unused)
{
    return unused;
}

static bool threads_start(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, end_at_once, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

/* libmilter's threads come and go. glibc keeps 40 MB of stacks for the next ones: 5 of the usual size, which does not
 * help, or 160 of ours, which saves much of the price of a thread. Where a library needs more room in each thread (a
 * sanitizer's does), the usual size stays. */
static void make_stacks_small(void)
{
    pthread_attr_t usual, small;

    if (pthread_getattr_default_np(&usual) != 0)
        return;
    if (pthread_attr_init(&small) == 0) {
        if (pthread_attr_setstacksize(&small, STACK_SIZE) == 0 && pthread_setattr_default_np(&small) == 0 &&
            !threads_start())
            (void)pthread_setattr_default_np(&usual);
        (void)pthread_attr_destroy(&small);
    }
    (void)pthread_attr_destroy(&usual);
}

/* libmilter has a thread that waits for the stopping signals, and ends in the middle of messages when it gets one. Here
 * signals are the main thread's, but where that has them blocked for a moment, as any start of a thread does, the other
 * one would be asked. It is the only caller of this function in the process, and this definition comes before the C
 * library's: the thread waits for ever. */
/* NOLINTNEXTLINE(readability-non-const-parameter,readability-inconsistent-declaration-parameter-name): as declared */
int sigwait(const sigset_t *set, int *number)
{
    (void)set;
    (void)number;
    for (;;)
        (void)pause();
}

bool listener_run(void)
{
    make_stacks_small();
    if (!pool_guard_start())
        log_warning("no thread to guard libmilter's pool: connections may wait for each other");
    return smfi_main() == MI_SUCCESS;
}
