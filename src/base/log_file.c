/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes lines, each on its own or many at once. */
#include "base/log_file.h"

#include "base/clock.h"
#include "base/stats.h"

#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    TIMEOUT_MS = 200,   /* how long a full pipe may hold up one line */
    NO_WAIT_MS = 10000, /* for how long after that it holds up none */
};

/* Standard error itself may yet be pointed elsewhere; of no file it does not matter. */
static bool may_block(int fd)
{
    struct stat status;

    return fd <= STDERR_FILENO || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode);
}

/* False, after a while, for a full pipe: a standard stream may be one that nobody empties, and is not ours to make
 * non-blocking. */
static bool takes_line(struct log_file *file)
{
    if (!file->may_block)
        return true;

    struct pollfd ready = {.fd = file->fd, .events = POLLOUT};
    int64_t now_ms = clock_monotonic_ms(&clock_system);
    bool waits = now_ms >= file->no_wait_until_ms;

    if (poll(&ready, 1, waits ? TIMEOUT_MS : 0) != 0)
        return true;
    if (waits)
        file->no_wait_until_ms = now_ms + NO_WAIT_MS;
    return false;
}

/* The lines that end in an octet after the first `written`; one of which a part was written is lost, too. */
static uint64_t count_lost(const char *lines, size_t len, size_t written)
{
    uint64_t lost = 0;

    for (size_t i = written; i < len; i++)
        lost += lines[i] == '\n';
    return lost;
}

/* Writes what is held and `line`. */
static void write_all(struct log_file *file, const char *line, size_t len)
{
    const struct iovec parts[] = {{.iov_base = file->held, .iov_len = file->held_len},
                                  {.iov_base = (void *)line, .iov_len = len}};
    const size_t held = file->held_len;
    const ssize_t result = takes_line(file) ? (held > 0 ? writev(file->fd, parts, 2) : write(file->fd, line, len)) : -1;
    const size_t written = result < 0 ? 0 : (size_t)result;

    file->held_len = 0;
    if (written == held + len)
        return;
    stats_add(STATS_LOG_LINES_LOST,
              count_lost(file->held, held, written) + count_lost(line, len, written > held ? written - held : 0));
}

void log_file_replace(struct log_file *file, int fd)
{
    log_file_flush(file);
    if (file->fd > STDERR_FILENO)
        close(file->fd);
    file->fd = fd;
    file->may_block = may_block(fd);
    file->no_wait_until_ms = 0;
}

void log_file_write(struct log_file *file, const char *line, size_t len)
{
    if (file->fd >= 0)
        write_all(file, line, len);
}

void log_file_hold(struct log_file *file, const char *line, size_t len)
{
    if (file->may_block || len > sizeof file->held - file->held_len) {
        log_file_write(file, line, len);
        return;
    }
    memcpy(file->held + file->held_len, line, len);
    file->held_len += len;
}

void log_file_flush(struct log_file *file)
{
    if (file->held_len > 0)
        write_all(file, "", 0);
}
