/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads whole files. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef ENODATA
#define ENODATA EAGAIN /* FreeBSD has none */
#endif

enum { CHUNK_SIZE = 4096 };

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
    } while (len > 0 || (len < 0 && errno == EINTR));
    return len < 0 ? errno : 0;
}

/* Opens without waiting for somebody to write, as a FIFO has it: a reload would wait for ever, and no signal would be
 * looked at any more. -1, with errno. */
static int open_at_once(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), error;

    if (fd < 0 || fcntl(fd, F_SETFL, 0) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static bool is_fifo(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

bool file_read(const char *path, struct strbuf *text)
{
    const size_t before = text->len;
    const int fd = open_at_once(path);
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
