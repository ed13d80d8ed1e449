/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens, runs and stops libmilter's listener. */
#include "milter/listener.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    BACKLOG = 1024, /* connections that wait to be accepted; the kernel cuts it to its own bound */
    STOP_TRIES = 200,
    STOP_PAUSE_NS = 10000000, /* 10 ms */
};

static const char *socket_spec;
static atomic_bool running; /* listener_run */

/* The path of a unix socket, NULL for any other kind. */
static const char *unix_path(const char *spec)
{
    return strncmp(spec, "unix:", 5) == 0 ? spec + 5 : NULL;
}

/* Connects and closes again; true if somebody listens. */
static bool connect_address(const struct sockaddr *sa, socklen_t len)
{
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool connected = false;

    if (fd < 0)
        return false;
    connected = connect(fd, sa, len) == 0 || errno == EAGAIN || errno == EINPROGRESS;
    close(fd);
    return connected;
}

static bool connect_unix(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof sa.sun_path)
        return false;
    memcpy(sa.sun_path, path, strlen(path) + 1);
    return connect_address((const struct sockaddr *)&sa, sizeof sa);
}

/* Connects to `port` or `port@host` of the family; a listener on every address is reached over loopback. */
static void connect_inet(const char *spec, int family)
{
    const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[32], host[NI_MAXHOST];
    const char *at = strchr(spec, '@');

    snprintf(port, sizeof port, "%.*s", (int)strcspn(spec, "@"), spec);
    if (at != NULL && at[1] == '[')
        snprintf(host, sizeof host, "%.*s", (int)strcspn(at + 2, "]"), at + 2);
    else
        snprintf(host, sizeof host, "%s", at != NULL ? at + 1 : "");
    if (getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &found) != 0)
        return;
    for (const struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next)
        connect_address(ai->ai_addr, ai->ai_addrlen);
    freeaddrinfo(found);
}

/* Connects to a socket that was handed over by its number. */
static void connect_descriptor(int listening)
{
    struct sockaddr_storage sa = {0};
    socklen_t len = sizeof sa;

    if (getsockname(listening, (struct sockaddr *)&sa, &len) == 0)
        connect_address((const struct sockaddr *)&sa, len);
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

bool listener_open(const struct listener_config *config, char *error, size_t error_size)
{
    const char *path = unix_path(config->socket);
    mode_t old_mask = 0;
    int opened = MI_FAILURE;

    if (path != NULL && connect_unix(path)) {
        snprintf(error, error_size, "%s: another program answers on this socket", path);
        return false;
    }
    socket_spec = config->socket;
    old_mask = umask(0177); /* nobody else gets in before set_permissions */
    errno = 0;
    if (smfi_setconn((char *)config->socket) == MI_SUCCESS && smfi_setbacklog(BACKLOG) == MI_SUCCESS)
        opened = smfi_opensocket(true);
    umask(old_mask);
    if (opened != MI_SUCCESS) {
        snprintf(error, error_size, "%s: cannot listen: %s", config->socket,
                 errno != 0 ? strerror(errno) : "not a socket of this host");
        return false;
    }
    return path == NULL || set_permissions(path, config, error, error_size);
}

void listener_discard(void)
{
    const char *path = unix_path(socket_spec);

    if (path != NULL)
        unlink(path);
}

bool listener_run(void)
{
    bool succeeded = false;

    running = true;
    succeeded = smfi_main() == MI_SUCCESS;
    running = false;
    return succeeded;
}

/* Lets libmilter's loop look at its stop flag, which it does when a connection arrives, or once in five seconds. */
static void wake_listener(void)
{
    const char *path = unix_path(socket_spec);

    if (path != NULL)
        connect_unix(path);
    else if (strncmp(socket_spec, "inet6:", 6) == 0)
        connect_inet(socket_spec + 6, AF_INET6);
    else if (strncmp(socket_spec, "inet:", 5) == 0)
        connect_inet(socket_spec + 5, AF_INET);
    else if (strncmp(socket_spec, "fd:", 3) == 0)
        connect_descriptor((int)strtol(socket_spec + 3, NULL, 10));
}

static void *stop_libmilter(void *unused)
{
    (void)unused;
    smfi_stop();
    return NULL;
}

/* smfi_stop sets the flag, then waits for a lock that the sleeping loop holds: so it gets a thread of its own, and the
 * loop is woken beside it. */
void listener_stop(void)
{
    const struct timespec pause = {.tv_nsec = STOP_PAUSE_NS};
    pthread_t stopper;

    if (pthread_create(&stopper, NULL, stop_libmilter, NULL) != 0) {
        smfi_stop();
        return;
    }
    for (int tries = 0; running && tries < STOP_TRIES; tries++) {
        wake_listener();
        nanosleep(&pause, NULL);
    }
    pthread_detach(stopper);
}
