/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file for a library that reads files only. */
#define _GNU_SOURCE /* memfd_create: works where no directory may be written to; other systems do without */
#include "base/scratch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* False, with errno, and the file is gone. */
static bool fill(struct scratch_file *file, const char *text, size_t len)
{
    while (len > 0) {
        const ssize_t written = write(file->fd, text, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            scratch_file_remove(file);
            return false;
        }
        text += written;
        len -= (size_t)written;
    }
    return true;
}

/* False where there is no such file, or no way to it. */
static bool create_in_memory(struct scratch_file *file)
{
#ifdef MFD_CLOEXEC
    *file = (struct scratch_file){.fd = memfd_create("smf-spf", MFD_CLOEXEC)};
    if (file->fd < 0)
        return false;
    (void)snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->fd);
    if (access(file->path, R_OK) == 0)
        return true;
    close(file->fd);
#else
    (void)file;
#endif
    return false;
}

bool scratch_file_write_on_disk(struct scratch_file *file, const char *text, size_t len)
{
    const char *directory = getenv("TMPDIR");
    int needed;

    *file = (struct scratch_file){.fd = -1, .is_on_disk = true};
    needed = snprintf(file->path, sizeof file->path, "%s/smf-spf.XXXXXX",
                      directory != NULL && *directory != '\0' ? directory : "/tmp");
    if (needed < 0 || (size_t)needed >= sizeof file->path) {
        errno = ENAMETOOLONG;
        return false;
    }
    file->fd = mkstemp(file->path);
    if (file->fd < 0)
        return false;
    (void)fcntl(file->fd, F_SETFD, FD_CLOEXEC);
    return fill(file, text, len);
}

bool scratch_file_write(struct scratch_file *file, const char *text, size_t len)
{
    return create_in_memory(file) ? fill(file, text, len) : scratch_file_write_on_disk(file, text, len);
}

void scratch_file_remove(struct scratch_file *file)
{
    const int saved = errno;

    if (file->is_on_disk)
        (void)unlink(file->path);
    close(file->fd);
    errno = saved;
}
