/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log's lines are written to: a file on a disk, a pipe, a terminal. Losing lines never stops the mail. Whoever
 * calls holds the log's lock. */
#ifndef SMF_BASE_LOG_FILE_H
#define SMF_BASE_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_FILE_HELD_MAX = 16 * 1024 }; /* octets of lines that are held back */

struct log_file {
    int fd;                   /* -1: none */
    bool may_block;           /* all but a file on a disk */
    int64_t no_wait_until_ms; /* on the system's monotonic clock: until then no line waits for a full pipe */
    size_t held_len;
    char held[LOG_FILE_HELD_MAX]; /* whole lines */
};

/* Goes on with another descriptor, which is closed with its successor, unless it is a standard one. What is held is
 * written to the one before. */
void log_file_replace(struct log_file *file, int fd);

/* Writes what is held, and a line with its newline, in one go. What is not taken is counted (STATS_LOG_LINES_LOST); a
 * full pipe holds up one caller for 200 ms, and then nobody for 10 s. */
void log_file_write(struct log_file *file, const char *line, size_t len);

/* The same for a line that may be held back, up to the next of any of these calls or as long as there is room. Only for
 * a file on a disk: what reads a pipe waits for it. */
void log_file_hold(struct log_file *file, const char *line, size_t len);

/* Writes what is held. */
void log_file_flush(struct log_file *file);

#endif
