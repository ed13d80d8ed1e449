/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds libmilter's listening descriptor, for what libmilter has no function for. */
#include "front/milter/quirks/listening_socket.h"

#include "base/descriptor.h"
#include "front/milter/quirks/accept_reserve.h"
#include "front/milter/quirks/self_connect.h"

#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    DESCRIPTORS_LOOKED_AT = 256, /* at the start few are open */
    DESCRIPTORS_MAX = 65536,     /* where the system does not list them */
};

static bool before[DESCRIPTORS_LOOKED_AT]; /* these listened before libmilter's */
static int listening = -1;                 /* libmilter's descriptor; -1: not known */
static struct sockaddr_storage bound;      /* its address */
static socklen_t bound_len;

static bool listens(int fd)
{
    int is_listening = 0;
    socklen_t len = sizeof is_listening;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) == 0 && is_listening != 0;
}

void listening_socket_before(void)
{
    for (int fd = 0; fd < DESCRIPTORS_LOOKED_AT; fd++)
        before[fd] = listens(fd);
}

static int find(const char *socket)
{
    if (strncmp(socket, "fd:", 3) == 0)
        return (int)strtol(socket + 3, NULL, 10);
    for (int fd = 0; fd < DESCRIPTORS_LOOKED_AT; fd++)
        if (!before[fd] && listens(fd))
            return fd;
    return -1;
}

/* Accepted connections inherit the option. */
static void send_without_delay(int fd)
{
    const int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* of no use to a unix socket */
}

void listening_socket_find(const char *socket)
{
    listening = find(socket);
    bound_len = sizeof bound;
    if (getsockname(listening, (struct sockaddr *)&bound, &bound_len) != 0)
        listening = -1;
    accept_reserve_watch(listening);
    send_without_delay(listening);
}

/* A listening socket of this family at an address that is not published. -1 if there can be none. */
static int listen_in_private(sa_family_t family)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    socklen_t len = family == AF_INET ? sizeof v4 : sizeof v6;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (family == AF_UNIX)
        len = sizeof family; /* Linux chooses a name that is no file (unix(7)) */
    v6.sin6_family = family;
    if (fd >= 0 && bind(fd, address, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

void listening_socket_exchange(void)
{
    int substitute = listening >= 0 ? listen_in_private(bound.ss_family) : -1, last = -1;

    if (substitute < 0 && bound.ss_family == AF_UNIX && listening >= 0)
        substitute = listen_in_private(AF_INET); /* other systems choose no name */
    if (substitute >= 0 && descriptor_replace(substitute, listening)) {
        last = self_connect_open(); /* the listener still waits at the old one, which stays open until it wakes */
        (void)self_connect_move(substitute);
    }
    if (last >= 0)
        close(last);
    if (substitute >= 0)
        close(substitute);
}

/* Whether this is a connection that came in at our address: over TCP at the port, as the address may be any of ours. */
static bool is_accepted(int fd)
{
    struct sockaddr_storage own = {0};
    socklen_t len = sizeof own;

    if (listens(fd) || getsockname(fd, (struct sockaddr *)&own, &len) != 0 || own.ss_family != bound.ss_family)
        return false;
    if (own.ss_family == AF_INET)
        return ((struct sockaddr_in *)&own)->sin_port == ((struct sockaddr_in *)&bound)->sin_port;
    if (own.ss_family == AF_INET6)
        return ((struct sockaddr_in6 *)&own)->sin6_port == ((struct sockaddr_in6 *)&bound)->sin6_port;
    return len == bound_len && memcmp(&own, &bound, len) == 0;
}

static void hang_up(int fd)
{
    if (is_accepted(fd))
        (void)shutdown(fd, SHUT_RD);
}

void listening_socket_hang_up(void)
{
    DIR *descriptors = listening >= 0 ? opendir("/proc/self/fd") : NULL;
    const struct dirent *entry = NULL;

    for (int fd = 0; descriptors == NULL && listening >= 0 && fd < DESCRIPTORS_MAX; fd++)
        hang_up(fd); /* no system but Linux lists them there */
    while (descriptors != NULL && (entry = readdir(descriptors)) != NULL)
        if (entry->d_name[0] != '.')
            hang_up((int)strtol(entry->d_name, NULL, 10));
    if (descriptors != NULL)
        closedir(descriptors);
}
