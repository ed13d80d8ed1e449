/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a unix socket, held so that it cannot be exchanged for another one between a look and a change. POSIX
 * cannot open such a file; O_PATH can (Linux, FreeBSD from 14). Where there is none, the file is only looked at, and
 * changes of it are refused (ENOTSUP) rather than made to what may be another file by now. */
#ifndef SMF_BASE_SOCKET_FILE_H
#define SMF_BASE_SOCKET_FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct socket_file {
    int fd; /* -1: not held */
    struct stat status;
};

/* Holds what is at `path`, without following a link there; it need not be a socket. To be released whatever is
 * returned. False, with errno. */
bool socket_file_hold(struct socket_file *file, const char *path);
void socket_file_release(struct socket_file *file);

/* Changes the file that is held, whatever its path leads to now; an owner or a group of -1 stays. False, with errno. */
bool socket_file_set_mode(const struct socket_file *file, mode_t mode);
bool socket_file_set_owner(const struct socket_file *file, uid_t owner, gid_t group);

#endif
