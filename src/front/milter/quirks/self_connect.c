/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connects to the socket that the filter listens on. */
#include "front/milter/quirks/self_connect.h"

#include "base/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static pthread_mutex_t lock =
    PTHREAD_MUTEX_INITIALIZER; /* covers the address: a stop moves it while the kick thread uses it */
static struct sockaddr_storage address;
static socklen_t address_len; /* 0: none is known */
static const char *unix_path;

static bool set_unix(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof sa.sun_path)
        return false;
    memcpy(sa.sun_path, path, strlen(path) + 1);
    memcpy(&address, &sa, sizeof sa);
    address_len = sizeof sa;
    unix_path = path;
    return true;
}

static bool set_inet(const struct endpoint *endpoint)
{
    const struct addrinfo hints = {.ai_family = endpoint->kind == ENDPOINT_INET6 ? AF_INET6 : AF_INET,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[16];

    snprintf(port, sizeof port, "%u", endpoint->number);
    if (getaddrinfo(endpoint->host[0] != '\0' ? endpoint->host : NULL, port, &hints, &found) != 0)
        return false;
    memcpy(&address, found->ai_addr, found->ai_addrlen);
    address_len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

bool self_connect_move(int fd)
{
    struct sockaddr_storage moved = {0};
    socklen_t len = sizeof moved;

    if (getsockname(fd, (struct sockaddr *)&moved, &len) != 0)
        return false;
    pthread_mutex_lock(&lock);
    address = moved;
    address_len = len;
    pthread_mutex_unlock(&lock);
    return true;
}

bool self_connect_set(const char *spec)
{
    struct endpoint endpoint;

    address_len = 0;
    unix_path = NULL;
    if (!endpoint_parse(spec, &endpoint))
        return false;
    switch (endpoint.kind) {
    case ENDPOINT_UNIX:
        return set_unix(endpoint.path);
    case ENDPOINT_DESCRIPTOR:
        return self_connect_move((int)endpoint.number);
    case ENDPOINT_INET:
    case ENDPOINT_INET6:
        break;
    }
    return set_inet(&endpoint);
}

const char *self_connect_path(void)
{
    return unix_path;
}

int self_connect_open(void)
{
    struct sockaddr_storage now;
    socklen_t len = 0;
    int fd = -1;

    pthread_mutex_lock(&lock);
    now = address;
    len = address_len;
    pthread_mutex_unlock(&lock);
    if (len == 0)
        return -1;
    fd = socket(now.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&now, len) == 0 || errno == EINPROGRESS || errno == EAGAIN)
        return fd;
    close(fd);
    return -1;
}
