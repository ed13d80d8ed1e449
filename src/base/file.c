/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads whole files. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef ENODATA
#define ENODATA EAGAIN /* FreeBSD has none */
#endif

/* Reads to the end. Returns 0 or an error number. */
static int read_to_end(FILE *file, struct strbuf *text)
{
    char chunk[4096];
    size_t len;

    errno = 0;
    do {
        len = fread(chunk, 1, sizeof chunk, file);
        strbuf_add_mem(text, chunk, len);
        if (text->failed)
            return text->limit > 0 && len > text->limit - text->len ? EFBIG : ENOMEM;
    } while (len == sizeof chunk);
    return ferror(file) != 0 ? errno : 0;
}

/* Opens without waiting for somebody to write, as a FIFO has it: a reload would wait for ever, and no signal would be
 * looked at any more. NULL, with errno. */
static FILE *open_at_once(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), error;
    FILE *file = NULL;

    if (fd >= 0 && fcntl(fd, F_SETFL, 0) == 0)
        file = fdopen(fd, "r");
    if (file != NULL || fd < 0)
        return file;
    error = errno;
    close(fd);
    errno = error;
    return NULL;
}

static bool is_fifo(FILE *file)
{
    struct stat status;

    return fstat(fileno(file), &status) == 0 && S_ISFIFO(status.st_mode);
}

bool file_read(const char *path, struct strbuf *text)
{
    const size_t before = text->len;
    FILE *file = open_at_once(path);
    int error;

    if (file == NULL)
        return false;
    error = read_to_end(file, text);
    if (error == 0 && text->len == before && is_fifo(file))
        error = ENODATA;
    (void)fclose(file);
    errno = error;
    return error == 0;
}
