/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers requests of an administrator on a unix socket, one after the other. */
#include "app/control.h"

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/log.h"
#include "base/socket_file.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 16,
    PEER_TIMEOUT_MS = 2000,       /* for its request, and once more for taking the answer */
    REQUEST_SIZE = PATH_MAX + 64, /* a verb and a path */
};

/* True if somebody listens there. */
static bool is_alive(const struct sockaddr_un *address)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;

    if (fd >= 0)
        close(fd);
    return alive;
}

/* Removes a socket that an earlier process left. False, with errno, if the path is taken. */
static bool make_way(const struct sockaddr_un *address)
{
    struct stat found;

    if (lstat(address->sun_path, &found) != 0)
        return errno == ENOENT;
    if (!S_ISSOCK(found.st_mode) || is_alive(address)) {
        errno = EADDRINUSE;
        return false;
    }
    return unlink(address->sun_path) == 0;
}

/* A listening socket with mode 0600; -1 with errno. */
static int listen_at(const struct sockaddr_un *address)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const mode_t mask = umask(0177);
    bool good = fd >= 0 && make_way(address) && bind(fd, (const struct sockaddr *)address, sizeof *address) == 0 &&
                listen(fd, BACKLOG) == 0;
    const int error = errno;

    umask(mask);
    if (good)
        return fd;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

/* In a directory of root's it was made by root. */
static bool give(struct control *control, const struct identity *identity)
{
    if (!socket_file_note(control->path, &control->made))
        return false;
    return !identity->changes || socket_file_give(control->path, &control->made, identity->uid, identity->gid);
}

void control_open(struct control *control, const struct identity *identity, struct strbuf *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    control->fd = -1;
    if (control->path == NULL)
        return;
    if (strlen(control->path) >= sizeof address.sun_path) {
        strbuf_addf(error, "ControlSocket: %s: the path is too long for a socket", control->path);
        return;
    }
    memcpy(address.sun_path, control->path, strlen(control->path));
    if (privileges_borrow(identity, control->path, identity->gid, "ControlSocket", error)) {
        control->fd = listen_at(&address);
        if (control->fd < 0)
            strbuf_addf(error, "ControlSocket: %s: cannot listen: %s", control->path, strerror(errno));
        else if (!give(control, identity))
            strbuf_addf(error, "ControlSocket: %s: cannot be given to user %s, but root can use it: %s", control->path,
                        identity->user, errno == ESTALE ? "it was exchanged for another file" : strerror(errno));
    }
    privileges_return(identity);
}

/* A peer, and until when it is waited for in all: whoever connects holds up the main thread. */
struct peer {
    int fd;
    int64_t deadline_ms;
};

/* True once it can be read, or written; false at the deadline. */
static bool await(const struct peer *peer, short events)
{
    struct pollfd watched = {.fd = peer->fd, .events = events};
    int64_t left_ms;

    while ((left_ms = peer->deadline_ms - clock_monotonic_ms(&clock_system)) > 0) {
        const int ready = poll(&watched, 1, (int)left_ms);

        if (ready > 0 || (ready < 0 && errno != EINTR))
            return ready > 0;
    }
    return false;
}

/* Reads up to the end of the line, which is replaced by NUL. False if none comes. */
static bool read_request(const struct peer *peer, char request[REQUEST_SIZE])
{
    size_t len = 0;

    while (len < REQUEST_SIZE && await(peer, POLLIN)) {
        const ssize_t got = recv(peer->fd, request + len, REQUEST_SIZE - len, MSG_DONTWAIT);
        char *end = got > 0 ? memchr(request + len, '\n', (size_t)got) : NULL;

        if (end != NULL) {
            *end = '\0';
            return true;
        }
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            return false;
        len += got > 0 ? (size_t)got : 0;
    }
    return false;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;

    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

/* Returns the first line of the answer. */
static const char *run_request(const struct control *control, char *request, struct strbuf *answer)
{
    char *file = strchr(request, ' ');

    if (file != NULL)
        *file++ = '\0';
    if (file != NULL && !is_same_file(file, control->config_path)) {
        strbuf_addf(answer, "the filter that listens there runs with another file, %s\n", control->config_path);
        return CONTROL_OTHER "\n";
    }
    for (const struct control_verb *verb = control->verbs; verb->word != NULL; verb++)
        if (strcmp(request, verb->word) == 0)
            return verb->run(control->context, answer) ? CONTROL_DONE "\n" : CONTROL_FAILED "\n";
    strbuf_add(answer, "the filter does not know this request; is it of another version?\n");
    return CONTROL_FAILED "\n";
}

static void send_whole(const struct peer *peer, const char *text, size_t len)
{
    while (len > 0 && await(peer, POLLOUT)) {
        const ssize_t sent = send(peer->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && errno != EINTR && errno != EAGAIN)
            return; /* who asked has gone */
        text += sent > 0 ? sent : 0;
        len -= sent > 0 ? (size_t)sent : 0;
    }
}

static struct peer peer_of(int fd)
{
    return (struct peer){.fd = fd, .deadline_ms = clock_monotonic_ms(&clock_system) + PEER_TIMEOUT_MS};
}

static void answer_peer(const struct control *control, int fd)
{
    struct peer peer = peer_of(fd);
    char request[REQUEST_SIZE];
    struct strbuf answer = STRBUF_INIT;
    const char *first;

    if (!read_request(&peer, request))
        return;
    first = run_request(control, request, &answer);
    peer = peer_of(fd); /* a reload may have taken longer */
    send_whole(&peer, first, strlen(first));
    send_whole(&peer, strbuf_text(&answer), answer.len);
    strbuf_free(&answer);
}

void control_serve(const struct control *control)
{
    const int fd = control->fd >= 0 ? descriptor_accept(control->fd) : -1;

    if (fd < 0)
        return;
    answer_peer(control, fd);
    close(fd);
}

void control_close(struct control *control, const struct identity *identity)
{
    struct strbuf unused = STRBUF_INIT;

    if (control->fd < 0)
        return;
    if (control->made.st_ino != 0 && privileges_borrow(identity, control->path, (gid_t)-1, "ControlSocket", &unused))
        (void)socket_file_remove(control->path, &control->made);
    privileges_return(identity);
    strbuf_free(&unused);
    close(control->fd);
    control->fd = -1;
}
