/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a unix socket, held so that it cannot be exchanged for another one. */
#define _GNU_SOURCE /* O_PATH and AT_EMPTY_PATH: safe against who may write to the directory; see the header */
#include "base/socket_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#if defined(O_PATH) && defined(AT_EMPTY_PATH)

bool socket_file_hold(struct socket_file *file, const char *path)
{
    file->fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return file->fd >= 0 && fstat(file->fd, &file->status) == 0;
}

/* Linux before 6.6 has the first way only by name, and FreeBSD has no such name. */
bool socket_file_set_mode(const struct socket_file *file, mode_t mode)
{
    char name[32];

    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", file->fd);
    return fchmodat(file->fd, "", mode, AT_EMPTY_PATH) == 0 || chmod(name, mode) == 0;
}

bool socket_file_set_owner(const struct socket_file *file, uid_t owner, gid_t group)
{
    return fchownat(file->fd, "", owner, group, AT_EMPTY_PATH) == 0;
}

#else

bool socket_file_hold(struct socket_file *file, const char *path)
{
    file->fd = -1;
    return lstat(path, &file->status) == 0;
}

bool socket_file_set_mode(const struct socket_file *file, mode_t mode)
{
    (void)file;
    (void)mode;
    errno = ENOTSUP;
    return false;
}

bool socket_file_set_owner(const struct socket_file *file, uid_t owner, gid_t group)
{
    (void)file;
    (void)owner;
    (void)group;
    errno = ENOTSUP;
    return false;
}

#endif

void socket_file_release(struct socket_file *file)
{
    const int saved = errno;

    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    errno = saved;
}
