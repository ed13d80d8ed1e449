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

/* The same in one go, for a socket that this process has just bound at `path`. socket_file_note notes in *made which
 * file that is; socket_file_give gives it another owner and group, where they differ; socket_file_remove removes it.
 * What is at the path by now, and is not the socket that was made, stays as it is: ESTALE. False, with errno; outputs
 * are untouched then. */
bool socket_file_note(const char *path, struct stat *made);
bool socket_file_give(const char *path, const struct stat *made, uid_t owner, gid_t group);
bool socket_file_remove(const char *path, const struct stat *made);

#endif
