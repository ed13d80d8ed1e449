/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program's log: one line a call, to syslog, a file or standard error. Losing a line never stops the mail. */
#ifndef SMF_BASE_LOG_H
#define SMF_BASE_LOG_H

#include "base/clock.h"

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* LOG_FORMAT_JSON: each line is an object. */
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log_config {
    enum log_level level;   /* lines above this level are dropped */
    int syslog_facility;    /* a LOG_* facility of syslog.h, or -1: no syslog */
    const char *path;       /* a file to append to, /dev/stdout or /dev/stderr; NULL: no file. Copied. */
    const char *ident;      /* the program's name in each line; lives as long as the program */
    enum log_format format; /* of the file; syslog's lines are text in any case */
};

/* A receiver of finished lines, for tests. Called with the log's lock held: must not log. */
typedef void (*log_sink)(void *context, enum log_level level, const char *line);

/* Opens the log, or swaps an open one for another (reload). Before the first call lines go to standard error at
 * LOG_LEVEL_INFO. False if the file cannot be opened: then the log is as it was, and errno says why. */
bool log_open(const struct log_config *config);

/* The same in two steps: everything that can fail, and the swap. NULL, with errno, if the file cannot be opened, and is
 * not open already; then nothing has changed. log_commit and log_discard free what was prepared. */
struct log_prepared;
struct log_prepared *log_prepare(const struct log_config *config);
void log_commit(struct log_prepared *prepared);
void log_discard(struct log_prepared *prepared); /* NULL is fine */

/* 0; or, where the file could not be opened again under the name that it was opened under before, why not, as an errno
 * value: then lines go on to the file that was opened before, which a rotation may have renamed. */
int log_prepared_problem(const struct log_prepared *prepared);

/* Opens the file again under its name, after a rotation. False, with errno and keeping the old file, if that fails. */
bool log_reopen(void);

/* Ends what log_open began: lines go to standard error at LOG_LEVEL_INFO again. */
void log_close(void);

/* Sends every line to `sink` as well; NULL ends that. */
void log_set_sink(log_sink sink, void *context);

bool log_enabled(enum log_level level);

/* Writes one line, at most 2,000 octets of it, without a final newline in `format`. Control characters, DEL and octets
 * that are not valid UTF-8 are written as \xNN, and a backslash as \\, so that no input can forge a line or a terminal
 * escape. Any thread may call it. errno stays as it was. Where the file or syslog does not take a line, that is counted
 * (STATS_LOG_LINES_LOST); a full one holds up one caller for at most 200 ms, and then nobody within 10 s. Locks: the
 * log's own, a leaf. */
void log_write(enum log_level level, const char *format, ...) __attribute__((cold, format(printf, 2, 3)));

/* The same for what may repeat with each message: of lines with one `format`, which is a literal, a few a minute are
 * written. How many others there were, and the last of them, is a line of its own afterwards (STATS_LOG_LINES_HELD). */
void log_write_limited(enum log_level level, const char *format, ...) __attribute__((cold, format(printf, 2, 3)));

/* Writes a line that has two forms: `text`, as above, and where the file takes JSON (log_wants_json), `members`, what
 * follows time and level in its object; "": none was made, and there the text is wrapped as that of any other line. */
void log_write_both(enum log_level level, const char *text, const char *members);
bool log_wants_json(void);

/* From log_hold to log_release this thread's lines may wait, below the level of a warning and where they go to a file
 * on a disk, so that one write takes several of them. For moments in which one thread has many lines to write: a
 * process that is killed in between loses them. A line of another thread, or one that may not wait, writes those that
 * do before it. For one thread at a time; any thread may release. Locks: the log's own. */
void log_hold(void);
void log_release(void);

/* The clock by which repeated lines are counted; NULL: the system's. For tests. */
void log_set_clock(const struct clock *clock);

#define log_error(...)   log_write_limited(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write_limited(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
