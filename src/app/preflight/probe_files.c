/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the files that the filter writes. */
#include "app/preflight/probe_files.h"

#include "app/process/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* 0 if the file at `path` can be written to, with its type set to *found; ENOENT with a directory that takes one is 0
 * too. */
static int file_error(const char *path, struct stat *found)
{
    *found = (struct stat){.st_mode = S_IFREG, .st_nlink = 1};
    if (lstat(path, found) != 0)
        return errno == ENOENT ? probe_directory_error(path) : errno;
    if (S_ISREG(found->st_mode) && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
        return errno;
    return S_ISDIR(found->st_mode) ? EISDIR : 0;
}

/* True of a file that is not there, too. */
static bool holds_process_id(const char *path)
{
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const bool holds = fd < 0 || detach_is_pid_file(fd);

    if (fd >= 0)
        close(fd);
    return holds;
}

void probe_pid_file(struct probe *probe)
{
    const char *path = probe->config->pid_file;
    struct stat found;
    int error;

    if (path == NULL || !probe_begin(probe, path, (gid_t)-1, "PidFile", EX_CANTCREAT))
        return;
    error = file_error(path, &found);
    if (S_ISLNK(found.st_mode))
        probe_problem(probe, EX_CANTCREAT, 0, "PidFile: %s is a symbolic link", path);
    else if (error != 0)
        probe_problem(probe, EX_CANTCREAT, error, "PidFile: cannot write %s: %s", path, strerror(error));
    else if (!S_ISREG(found.st_mode))
        probe_problem(probe, EX_CANTCREAT, 0, "PidFile: %s is not a regular file", path);
    else if (found.st_nlink != 1)
        probe_problem(probe, EX_CANTCREAT, 0, "PidFile: %s has a second name (a hard link)", path);
    else if (!holds_process_id(path))
        probe_problem(probe, EX_CANTCREAT, 0, "PidFile: %s holds something other than a process ID", path);
    probe_end(probe);
}

/* As log_setup_create_file does it: a missing file is made, and one of root's is given to User. */
void probe_log_before_drop(struct probe *probe)
{
    const char *path = probe->config->log_to;
    struct strbuf unused = STRBUF_INIT;
    struct stat found;

    if (path == NULL || !probe->identity.changes)
        return;
    if (privileges_borrow(&probe->identity, path, probe->identity.gid, "LogTo", &unused)) {
        const bool is_there = lstat(path, &found) == 0;

        probe->log_is_made = is_there
                                 ? geteuid() == 0 && S_ISREG(found.st_mode) && found.st_nlink == 1 && found.st_uid == 0
                                 : errno == ENOENT && probe_directory_error(path) == 0;
    }
    privileges_return(&probe->identity);
    strbuf_free(&unused);
}

/* 0 if LogTo can be opened. What is no regular file is opened: nothing else tells a FIFO that has a reader. */
static int log_file_error(const char *path)
{
    struct stat found;
    int fd = -1, error = 0;

    if (stat(path, &found) != 0)
        return errno == ENOENT ? probe_directory_error(path) : errno;
    if (S_ISREG(found.st_mode) || S_ISDIR(found.st_mode)) {
        error = faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 ? 0 : errno;
        return S_ISDIR(found.st_mode) ? EISDIR : error;
    }
    fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    error = fd < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error;
}

void probe_log(struct probe *probe)
{
    const char *path = probe->config->log_to;
    const char *const user = probe_user(probe);
    int error;

    if (path == NULL || strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0)
        return; /* they are open already */
    if (strncmp(path, "/dev/", 5) != 0 && !probe_is_writable(probe, "LogTo", path, EX_CANTCREAT))
        return;
    error = probe->log_is_made ? 0 : log_file_error(path);
    if (error == EACCES)
        probe_problem(probe, EX_CANTCREAT, error, "LogTo: cannot open %s: %s (user %s must be able to write to it)",
                      path, strerror(error), user);
    else if (error != 0)
        probe_problem(probe, EX_CANTCREAT, error, "LogTo: cannot open %s: %s", path, strerror(error));
    else if (probe->is_certain && strncmp(path, "/dev/", 5) != 0 && probe_directory_error(path) == EACCES)
        strbuf_addf(&probe->out->notes,
                    "LogTo: %s: user %s cannot make it again once it is rotated away: use a directory of that user's\n",
                    path, user);
}

/* 0 if the file can be opened, and others be made beside it. */
static int store_file_error(const char *path)
{
    struct stat found;

    if (stat(path, &found) != 0)
        return errno == ENOENT ? probe_directory_error(path) : errno;
    if (!S_ISREG(found.st_mode))
        return S_ISDIR(found.st_mode) ? EISDIR : EINVAL;
    return faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) != 0 ? errno : probe_directory_error(path);
}

void probe_greylist_store(struct probe *probe)
{
    const char *path = config_greylist_file(probe->config), *password = probe->config->greylist_password_file;
    int error = 0;

    if (!config_greylists(probe->config))
        return;
    probe->without = "; the filter starts, and defers nobody until it can";
    if (path != NULL && probe_is_writable(probe, "GreylistStore", path, EX_CANTCREAT)) {
        error = store_file_error(path);
        if (error != 0)
            probe_problem(probe, EX_CANTCREAT, error, "GreylistStore: user %s cannot use %s: %s", probe_user(probe),
                          path, strerror(error));
    }
    if (password != NULL && faccessat(AT_FDCWD, password, R_OK, AT_EACCESS) != 0)
        probe_problem(probe, EX_NOINPUT, errno, "GreylistPasswordFile: user %s cannot read %s: %s", probe_user(probe),
                      password, strerror(errno));
    probe->without = NULL;
}
