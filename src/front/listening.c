/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a listening socket. */
#include "front/listening.h"

#include "base/endpoint.h"
#include "base/socket_file.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Makes way for a socket at `address`: one that nobody answers on goes. False, with errno. */
static bool make_way(const struct sockaddr_un *address)
{
    struct stat found;
    int fd = -1, answered;

    if (lstat(address->sun_path, &found) != 0)
        return errno == ENOENT;
    errno = EEXIST;
    if (!S_ISSOCK(found.st_mode))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    answered = connect(fd, (const struct sockaddr *)address, sizeof *address);
    if (answered == 0)
        errno = EADDRINUSE;
    close(fd);
    return answered != 0 && errno == ECONNREFUSED && unlink(address->sun_path) == 0;
}

static bool bind_unix(struct listening *listening, int fd, const struct front_socket *socket, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const mode_t old_mask = umask(0777 & ~socket->mode);
    bool is_bound = false;

    if (strlen(path) < sizeof address.sun_path) {
        memcpy(address.sun_path, path, strlen(path));
        is_bound = make_way(&address) && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    } else {
        errno = ENAMETOOLONG;
    }
    umask(old_mask);
    is_bound = is_bound && socket_file_note(path, &listening->file);
    if (is_bound)
        listening->address = address;
    return is_bound;
}

static int open_inet(const struct endpoint *endpoint)
{
    const struct addrinfo hints = {.ai_family = endpoint->kind == ENDPOINT_INET ? AF_INET : AF_INET6,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char port[16];
    int fd, on = 1, bound;

    (void)snprintf(port, sizeof port, "%u", endpoint->number);
    if (getaddrinfo(endpoint->host[0] != '\0' ? endpoint->host : NULL, port, &hints, &found) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (found->ai_family == AF_INET6)
            (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        bound = bind(fd, found->ai_addr, found->ai_addrlen);
        if (bound != 0) {
            const int saved = errno;

            close(fd);
            errno = saved;
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

/* A socket that is bound, or -1 with errno. */
static int open_bound(struct listening *listening, const struct front_socket *wanted)
{
    struct endpoint endpoint;
    int fd;

    errno = EINVAL;
    if (!endpoint_parse(wanted->spec, &endpoint))
        return -1;
    if (endpoint.kind == ENDPOINT_DESCRIPTOR)
        return fcntl((int)endpoint.number, F_DUPFD_CLOEXEC, 3);
    if (endpoint.kind != ENDPOINT_UNIX)
        return open_inet(&endpoint);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && !bind_unix(listening, fd, wanted, endpoint.path)) {
        const int saved = errno;

        close(fd);
        errno = saved;
        fd = -1;
    }
    return fd;
}

int listening_open(struct listening *listening, const struct front_socket *socket, struct strbuf *error)
{
    int fd = open_bound(listening, socket);

    if (fd >= 0 && listen(fd, SOMAXCONN) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
        return fd;
    strbuf_addf(error, "%s: cannot listen: %s", socket->spec, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

bool listening_give(const struct listening *listening, const struct front_socket *socket, uid_t owner, gid_t group,
                    struct strbuf *error)
{
    if (listening->address.sun_path[0] == '\0' ||
        socket_file_give(listening->address.sun_path, &listening->file, owner, group))
        return true;
    if (errno == ESTALE || errno == ENOENT)
        strbuf_addf(error, "%s: was exchanged for another file", socket->spec);
    else
        strbuf_addf(error, "%s: cannot set its owner and group: %s", socket->spec, strerror(errno));
    return false;
}

void listening_discard(struct listening *listening)
{
    if (listening->address.sun_path[0] != '\0')
        (void)socket_file_remove(listening->address.sun_path, &listening->file);
    listening->address.sun_path[0] = '\0';
}
