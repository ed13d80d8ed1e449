/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connects to the socket that the filter itself listens on. */
#include "milter/own_socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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

/* `where` is `port` or `port@host`, the host perhaps in brackets. */
static bool set_inet(const char *where, int family)
{
    const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[32], host[NI_MAXHOST];
    const char *at = strchr(where, '@');
    const bool in_brackets = at != NULL && at[1] == '[';

    snprintf(port, sizeof port, "%.*s", (int)strcspn(where, "@"), where);
    if (in_brackets)
        snprintf(host, sizeof host, "%.*s", (int)strcspn(at + 2, "]"), at + 2);
    else
        snprintf(host, sizeof host, "%s", at != NULL ? at + 1 : "");
    if (getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &found) != 0)
        return false;
    memcpy(&address, found->ai_addr, found->ai_addrlen);
    address_len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool set_descriptor(const char *number)
{
    socklen_t len = sizeof address;

    if (getsockname((int)strtol(number, NULL, 10), (struct sockaddr *)&address, &len) != 0)
        return false;
    address_len = len;
    return true;
}

bool own_socket_set(const char *spec)
{
    address_len = 0;
    unix_path = NULL;
    if (strncmp(spec, "unix:", 5) == 0)
        return set_unix(spec + 5);
    if (strncmp(spec, "inet6:", 6) == 0)
        return set_inet(spec + 6, AF_INET6);
    if (strncmp(spec, "inet:", 5) == 0)
        return set_inet(spec + 5, AF_INET);
    return strncmp(spec, "fd:", 3) == 0 && set_descriptor(spec + 3);
}

const char *own_socket_path(void)
{
    return unix_path;
}

int own_socket_connect(void)
{
    int fd = -1;

    if (address_len == 0)
        return -1;
    fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, address_len) == 0 || errno == EINPROGRESS || errno == EAGAIN)
        return fd;
    close(fd);
    return -1;
}
