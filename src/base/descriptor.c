/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that no other program inherits, as POSIX.1-2008 can make them. */
#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

static bool prepare(int fd, bool waits)
{
    const int flags = fcntl(fd, F_GETFL);

    return flags != -1 && fcntl(fd, F_SETFL, waits ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) != -1 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) != -1;
}

static void close_quietly(int fd)
{
    const int saved = errno;

    close(fd);
    errno = saved;
}

bool descriptor_pipe(int ends[2], bool waits)
{
    int made[2];

    if (pipe(made) != 0)
        return false;
    if (!prepare(made[0], waits) || !prepare(made[1], waits)) {
        close_quietly(made[0]);
        close_quietly(made[1]);
        return false;
    }
    ends[0] = made[0];
    ends[1] = made[1];
    return true;
}

int descriptor_accept(int listening)
{
    const int fd = accept(listening, NULL, NULL);

    if (fd < 0 || prepare(fd, true))
        return fd;
    close_quietly(fd);
    return -1;
}

bool descriptor_replace(int fd, int target)
{
    return dup2(fd, target) >= 0 && fcntl(target, F_SETFD, FD_CLOEXEC) != -1;
}
