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

static bool is_stale(void)
{
    errno = ESTALE;
    return false;
}

/* A link to another file is none, and a name for another account's socket neither. */
static bool is_own_socket(const struct stat *found)
{
    return S_ISSOCK(found->st_mode) && found->st_nlink == 1 && found->st_uid == geteuid();
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return S_ISSOCK(a->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_nlink == 1;
}

bool socket_file_note(const char *path, struct stat *made)
{
    struct stat found;

    if (lstat(path, &found) != 0)
        return false;
    if (!is_own_socket(&found))
        return is_stale();
    *made = found;
    return true;
}

/* An owner or a group of -1 is any. */
static bool belongs_to(const struct stat *found, uid_t owner, gid_t group)
{
    return (owner == (uid_t)-1 || owner == found->st_uid) && (group == (gid_t)-1 || group == found->st_gid);
}

bool socket_file_give(const char *path, const struct stat *made, uid_t owner, gid_t group)
{
    struct socket_file file;
    bool given = socket_file_hold(&file, path);

    if (given && !is_same_file(&file.status, made))
        given = is_stale();
    given = given && (belongs_to(&file.status, owner, group) || socket_file_set_owner(&file, owner, group));
    socket_file_release(&file);
    return given;
}

/* The directory may be another one by now, so the caller has the privileges of who may write to it, and no more. */
bool socket_file_remove(const char *path, const struct stat *made)
{
    struct stat found;

    if (lstat(path, &found) != 0)
        return false;
    if (!is_same_file(&found, made))
        return is_stale();
    return unlink(path) == 0;
}
