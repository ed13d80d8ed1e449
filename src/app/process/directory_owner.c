/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks a path step by step, as the kernel would, and looks at the owner of each step. */
#include "app/process/directory_owner.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* as Linux has it (path_resolution(7)) */

struct walk {
    char done[PATH_MAX]; /* without links, "." and ".."; empty: the root directory */
    char left[PATH_MAX];
    uid_t owner; /* in addition to root */
    int links;
};

bool directory_of(const char *path, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    const char *directory = slash == NULL ? "." : len == 0 ? "/" : path;

    if (len == 0)
        len = 1;
    if (len >= size)
        return false;
    memcpy(out, directory, len);
    out[len] = '\0';
    return true;
}

static bool fail(int error)
{
    errno = error;
    return false;
}

static bool is_owned(const struct stat *step, uid_t owner)
{
    return step->st_uid == 0 || step->st_uid == owner;
}

/* True if only the two can replace what is in this directory. */
static bool is_theirs(const struct stat *directory)
{
    return (directory->st_mode & (S_IWGRP | S_IWOTH)) == 0 || (directory->st_mode & S_ISVTX) != 0;
}

static void step_back(struct walk *walk)
{
    char *slash = strrchr(walk->done, '/');

    *(slash != NULL ? slash : walk->done) = '\0';
}

/* Takes the first name from what is left. False if it does not fit. */
static bool take_name(struct walk *walk, char name[NAME_MAX + 1])
{
    const char *from = walk->left + strspn(walk->left, "/");
    const size_t len = strcspn(from, "/");

    if (len > NAME_MAX)
        return fail(ENAMETOOLONG);
    memcpy(name, from, len);
    name[len] = '\0';
    memmove(walk->left, from + len, strlen(from + len) + 1);
    return true;
}

/* Puts the target of the link `walk->done` before what is left, and goes back to where the link is. */
static bool follow(struct walk *walk)
{
    char target[PATH_MAX], left[PATH_MAX];
    const ssize_t len = readlink(walk->done, target, sizeof target - 1);

    if (len < 0)
        return false;
    target[len] = '\0';
    if (++walk->links > LINKS_MAX)
        return fail(ELOOP);
    if ((size_t)snprintf(left, sizeof left, "%s/%s", target, walk->left) >= sizeof left)
        return fail(ENAMETOOLONG);
    memcpy(walk->left, left, sizeof left);
    if (target[0] == '/')
        walk->done[0] = '\0';
    else
        step_back(walk);
    return true;
}

/* Goes one step on. */
static bool step_on(struct walk *walk, const char *name)
{
    const size_t len = strlen(walk->done);
    struct stat above, found;

    if (strcmp(name, "..") == 0) {
        step_back(walk);
        return true;
    }
    if (lstat(len == 0 ? "/" : walk->done, &above) != 0)
        return false;
    if (!is_theirs(&above))
        return fail(EPERM);
    if ((size_t)snprintf(walk->done + len, sizeof walk->done - len, "/%s", name) >= sizeof walk->done - len)
        return fail(ENAMETOOLONG);
    if (lstat(walk->done, &found) != 0)
        return false;
    if (!is_owned(&found, walk->owner))
        return fail(EPERM);
    if (S_ISLNK(found.st_mode))
        return follow(walk);
    return S_ISDIR(found.st_mode) || fail(ENOTDIR);
}

static bool begin(struct walk *walk, const char *directory)
{
    size_t used = 0;

    if (directory[0] != '/') {
        if (getcwd(walk->left, sizeof walk->left) == NULL)
            return false;
        used = strlen(walk->left);
    }
    if ((size_t)snprintf(walk->left + used, sizeof walk->left - used, "/%s", directory) >= sizeof walk->left - used)
        return fail(ENAMETOOLONG);
    return true;
}

bool directory_owner(const char *directory, uid_t *owner)
{
    struct walk walk = {.links = 0};
    char name[NAME_MAX + 1];
    struct stat found;

    if (stat(directory, &found) != 0 || !begin(&walk, directory))
        return false;
    walk.owner = found.st_uid;
    do {
        if (!take_name(&walk, name))
            return false;
        if (name[0] != '\0' && strcmp(name, ".") != 0 && !step_on(&walk, name))
            return false;
    } while (name[0] != '\0' || walk.left[0] != '\0');
    if (lstat(walk.done[0] == '\0' ? "/" : walk.done, &found) != 0)
        return false;
    if (!S_ISDIR(found.st_mode))
        return fail(ENOTDIR);
    if (found.st_uid != walk.owner)
        return fail(EPERM);
    *owner = walk.owner;
    return true;
}
