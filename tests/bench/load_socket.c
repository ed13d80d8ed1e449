/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connects to what is measured. */
#include "load_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 256 };

int64_t load_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int connect_unix(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) < sizeof name.sun_path)
        memcpy(name.sun_path, path, strlen(path));
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    close(fd);
    return -1;
}

/* `where` is PORT@ADDRESS. */
static int connect_inet(const char *where)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(where, NULL, 10))};
    const char *host = strchr(where, '@');
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;

    if (fd >= 0 && host != NULL && inet_pton(AF_INET, host + 1, &name.sin_addr) == 1 &&
        connect(fd, (const struct sockaddr *)&name, sizeof name) == 0 &&
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0)
        return fd;
    close(fd);
    return -1;
}

int load_socket_connect(const char *address)
{
    if (strncmp(address, "unix:", 5) == 0)
        return connect_unix(address + 5);
    return strncmp(address, "inet:", 5) == 0 ? connect_inet(address + 5) : -1;
}

void load_socket_watch(int epoll, int fd, void *ready)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = ready};

    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void load_socket_wait(int epoll, void (*take)(void *context, void *ready), void *context)
{
    struct epoll_event events[EVENTS_MAX];
    const int count = epoll_wait(epoll, events, EVENTS_MAX, -1);

    for (int i = 0; i < count; i++)
        take(context, events[i].data.ptr);
}
