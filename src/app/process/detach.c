/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forks into the background and reports how the start went. */
#include "app/process/detach.h"

#include "base/descriptor.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static int pid_fd = -1;    /* open for the lock */
static int status_fd = -1; /* the child's end of the pipe to its parent */

/* The parent: waits for the child's report, and exits. */
static _Noreturn void await_child(int fd)
{
    unsigned char status = EX_SOFTWARE;
    ssize_t got = 0;

    do
        got = read(fd, &status, 1);
    while (got < 0 && errno == EINTR);
    if (got != 1)
        (void)fputs("smf-spf: the daemon died while it started\n", stderr);
    _exit(got == 1 ? status : EX_SOFTWARE);
}

bool detach_begin(struct strbuf *error)
{
    int ends[2];
    pid_t child = -1;

    if (!descriptor_pipe(ends, true)) {
        strbuf_addf(error, "cannot go into the background: %s", strerror(errno));
        return false;
    }
    child = fork();
    if (child > 0) {
        close(ends[1]);
        await_child(ends[0]);
    }
    close(ends[0]);
    if (child < 0) {
        strbuf_addf(error, "cannot go into the background: %s", strerror(errno));
        close(ends[1]);
        return false;
    }
    status_fd = ends[1];
    setsid();
    return true;
}

/* Standard streams are /dev/null from now on, so that no later write meets a closed terminal. */
static void leave_terminal(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0)
        return;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    if (null > STDERR_FILENO)
        close(null);
}

void detach_finish(int status)
{
    const unsigned char octet = (unsigned char)status;

    if (status_fd < 0)
        return;
    if (status == EX_OK) {
        leave_terminal();
        (void)!chdir("/");
    }
    (void)!write(status_fd, &octet, 1);
    close(status_fd);
    status_fd = -1;
}

/* Locks the file until the process ends, and replaces its contents. No other account may control what root reads. */
static bool fill_pid_file(int fd)
{
    char text[32];
    const int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    return flock(fd, LOCK_EX | LOCK_NB) == 0 && ftruncate(fd, 0) == 0 && write(fd, text, (size_t)len) == len &&
           (geteuid() != 0 || (fchown(fd, 0, 0) == 0 && fchmod(fd, 0644) == 0));
}

bool detach_is_pid_file(int fd)
{
    char text[32];
    const ssize_t len = pread(fd, text, sizeof text, 0);

    for (ssize_t i = 0; i < len; i++)
        if (!isdigit((unsigned char)text[i]) && !isspace((unsigned char)text[i]))
            return false;
    return len >= 0;
}

/* Where the path still leads to the file that is open. With the privileges that it takes. */
static void unlink_pid_file(const char *path)
{
    struct stat ours, found;

    if (fstat(pid_fd, &ours) == 0 && lstat(path, &found) == 0 && ours.st_dev == found.st_dev &&
        ours.st_ino == found.st_ino)
        (void)unlink(path);
}

/* Without its content, as on a full disk, it would be taken for that of a program that is gone, or of none. */
static bool fill_or_remove_pid_file(const char *path)
{
    const bool filled = fill_pid_file(pid_fd);
    const int saved = errno;

    if (!filled && saved != EWOULDBLOCK)
        unlink_pid_file(path);
    errno = saved;
    return filled;
}

/* With the privileges that it takes. Opening does not wait: a FIFO would, for a reader. */
static bool write_pid_file(const char *path, struct strbuf *error)
{
    const char *reason = NULL;

    pid_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
    if (pid_fd >= 0)
        reason = privileges_unfit(pid_fd);
    if (pid_fd >= 0 && reason == NULL && !detach_is_pid_file(pid_fd))
        reason = "holds something other than a process ID";
    if (pid_fd >= 0 && reason == NULL && fill_or_remove_pid_file(path))
        return true;
    if (reason != NULL)
        strbuf_addf(error, "PidFile: %s %s", path, reason);
    else if (errno == EWOULDBLOCK)
        strbuf_addf(error, "PidFile: %s belongs to a program that is running", path);
    else if (errno == ELOOP)
        strbuf_addf(error, "PidFile: %s is a symbolic link", path);
    else if (errno == ENXIO)
        strbuf_addf(error, "PidFile: %s is not a regular file", path);
    else
        strbuf_addf(error, "PidFile: cannot write %s: %s", path, strerror(errno));
    if (pid_fd >= 0)
        close(pid_fd);
    pid_fd = -1;
    return false;
}

bool detach_write_pid_file(const char *path, const struct identity *identity, struct strbuf *error)
{
    const bool written = privileges_borrow(identity, path, (gid_t)-1, "PidFile", error) && write_pid_file(path, error);

    privileges_return(identity);
    return written;
}

void detach_remove_pid_file(const char *path, const struct identity *identity)
{
    struct strbuf unused = STRBUF_INIT;

    if (pid_fd >= 0 && ftruncate(pid_fd, 0) == 0 && privileges_borrow(identity, path, (gid_t)-1, "PidFile", &unused))
        unlink_pid_file(path);
    privileges_return(identity);
    strbuf_free(&unused);
}
