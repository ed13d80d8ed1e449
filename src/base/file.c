/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads whole files. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef ENODATA
#define ENODATA EAGAIN /* FreeBSD has none */
#endif

enum {
    CHUNK_SIZE = 4096,
    FIFO_WAIT_MS = 5000, /* for the next octets of a FIFO that somebody writes to */
};

static bool is_fifo(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

/* Waits until something can be read. False, with errno: whoever has a FIFO open to write says nothing. */
static bool await_more(int fd)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    const int ready = poll(&watched, 1, is_fifo(fd) ? FIFO_WAIT_MS : -1);

    if (ready == 0)
        errno = ETIMEDOUT;
    return ready > 0 || (ready < 0 && errno == EINTR);
}

/* Reads to the end, each octet to its place in the text, so that there is no second copy of it. Returns 0 or an error
 * number. */
static int read_to_end(int fd, struct strbuf *text)
{
    ssize_t len;

    do {
        const size_t left = text->limit > 0 ? text->limit - text->len : CHUNK_SIZE;
        const size_t wanted = left < CHUNK_SIZE ? left : CHUNK_SIZE;
        char beyond = '\0', *room = left > 0 ? strbuf_make_room(text, wanted) : &beyond;

        if (room == NULL)
            return ENOMEM;
        len = read(fd, room, left > 0 ? wanted : sizeof beyond);
        if (left > 0)
            strbuf_fill_room(text, len > 0 ? (size_t)len : 0);
        else if (len > 0)
            return EFBIG;
    } while (len > 0 || (len < 0 && (errno == EINTR || (errno == EAGAIN && await_more(fd)))));
    return len < 0 ? errno : 0;
}

/* Opens and reads without waiting for a FIFO's writer for ever: a reload would do so, and no signal would be looked at
 * any more. */
bool file_read(const char *path, struct strbuf *text)
{
    const size_t before = text->len;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int error;

    if (fd < 0)
        return false;
    error = read_to_end(fd, text);
    if (error == 0 && text->len == before && is_fifo(fd))
        error = ENODATA;
    (void)close(fd);
    errno = error;
    return error == 0;
}
