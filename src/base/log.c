/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program's log: one line a call, to syslog, a file or standard error. Losing a line never stops the mail. */
#define _GNU_SOURCE /* glibc's adaptive mutex, see `lock` */
#include "base/log.h"

#include "base/clock.h"
#include "base/log_file.h"
#include "base/log_json.h"
#include "base/log_repeat.h"
#include "base/stats.h"
#include "base/strbuf.h"
#include "base/syslog_socket.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum {
    TEXT_MAX = 2000,
    HEAD_SIZE = 100,  /* room for time, program and process */
    ESCAPED_SIZE = 8, /* room for a character or an escape */
    BLOCK = 32,
};

/* What lines begin with, made anew when it is no longer true. */
struct line_head {
    time_t time_s;
    pid_t process; /* 0: not made yet */
    size_t len;
    char text[HEAD_SIZE];
};

/* One line under construction: its text begins at HEAD_SIZE, with room before it for the head and after it for a
 * newline or NUL. */
struct line {
    size_t text_len;
    char octets[HEAD_SIZE + TEXT_MAX + 1];
};

/* Covers everything below but the two that are atomic. Adaptive: to wait for a line of another thread takes longer
 * asleep. */
#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP
static pthread_mutex_t lock = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
#else
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
#endif
static atomic_int level_max = LOG_LEVEL_INFO;
static atomic_bool file_is_json; /* as level_max */
static struct log_repeat repeats;
static const struct clock *repeat_clock = &clock_system;
static const char *ident = "smf-spf";
static struct line_head head;
static char *file_path; /* NULL: no file, or standard error before log_open */
static struct log_file file = {.fd = STDERR_FILENO, .may_block = true};
static bool is_held;     /* lines of `holder` may wait for others */
static pthread_t holder; /* where is_held */
static int facility = -1;
static struct syslog_socket syslog_receiver = {.fd = -1};
static log_sink sink;
static void *sink_context;

/* Opens what LogTo may name. The standard streams are duplicated, because opening them by name fails where they are
 * sockets. */
static int open_file(const char *path)
{
    if (strcmp(path, "/dev/stdout") == 0)
        return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (strcmp(path, "/dev/stderr") == 0)
        return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

/* A log that is not in use yet. */
struct log_prepared {
    struct log_config config; /* but its path, which may be gone */
    char *path;               /* NULL: no file */
    int fd;                   /* -1: none */
    int problem;              /* errno of opening the file again, where it stays the one that is open; else 0 */
};

/* A second descriptor for the file that is open now, if this is its path; -1 if not. A directory that only root may
 * write to lets nobody make the file again after a rotation, which is no reason to go without a log. */
static int keep_file(const char *path)
{
    int fd = -1;

    pthread_mutex_lock(&lock);
    if (file_path != NULL && strcmp(file_path, path) == 0)
        fd = fcntl(file.fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    pthread_mutex_unlock(&lock);
    return fd;
}

struct log_prepared *log_prepare(const struct log_config *config)
{
    struct log_prepared *prepared = calloc(1, sizeof *prepared);

    if (prepared == NULL)
        return NULL;
    *prepared = (struct log_prepared){.config = *config, .fd = -1};
    if (config->path == NULL)
        return prepared;
    prepared->path = strdup(config->path);
    if (prepared->path != NULL)
        prepared->fd = open_file(prepared->path);
    if (prepared->path != NULL && prepared->fd < 0) {
        prepared->problem = errno;
        prepared->fd = keep_file(prepared->path);
        errno = prepared->problem;
    }
    if (prepared->fd >= 0)
        return prepared;
    log_discard(prepared);
    return NULL;
}

int log_prepared_problem(const struct log_prepared *prepared)
{
    return prepared->problem;
}

void log_discard(struct log_prepared *prepared)
{
    const int saved_errno = errno;

    if (prepared == NULL)
        return;
    if (prepared->fd >= 0)
        close(prepared->fd);
    free(prepared->path);
    free(prepared);
    errno = saved_errno;
}

void log_commit(struct log_prepared *prepared)
{
    pthread_mutex_lock(&lock);
    log_file_replace(&file, prepared->fd);
    free(file_path);
    file_path = prepared->path;
    ident = prepared->config.ident;
    head.process = 0;
    facility = prepared->config.syslog_facility;
    syslog_socket_close(&syslog_receiver);
    syslog_receiver.path = syslog_socket_default_path;
    atomic_store_explicit(&level_max, (int)prepared->config.level, memory_order_relaxed);
    atomic_store_explicit(&file_is_json, prepared->config.format == LOG_FORMAT_JSON, memory_order_relaxed);
    pthread_mutex_unlock(&lock);
    free(prepared);
}

bool log_open(const struct log_config *config)
{
    struct log_prepared *prepared = log_prepare(config);

    if (prepared == NULL)
        return false;
    log_commit(prepared);
    return true;
}

bool log_reopen(void)
{
    bool reopened = true;
    int problem = 0;

    pthread_mutex_lock(&lock);
    if (file_path != NULL) {
        int fd = open_file(file_path);

        reopened = fd >= 0;
        problem = errno;
        if (reopened)
            log_file_replace(&file, fd);
    }
    pthread_mutex_unlock(&lock);
    errno = problem;
    return reopened;
}

void log_close(void)
{
    pthread_mutex_lock(&lock);
    log_file_replace(&file, STDERR_FILENO);
    free(file_path);
    file_path = NULL;
    facility = -1;
    syslog_socket_close(&syslog_receiver);
    atomic_store_explicit(&level_max, LOG_LEVEL_INFO, memory_order_relaxed);
    atomic_store_explicit(&file_is_json, false, memory_order_relaxed);
    memset(&repeats, 0, sizeof repeats);
    pthread_mutex_unlock(&lock);
}

void log_set_clock(const struct clock *clock)
{
    pthread_mutex_lock(&lock);
    repeat_clock = clock != NULL ? clock : &clock_system;
    pthread_mutex_unlock(&lock);
}

bool log_wants_json(void)
{
    return atomic_load_explicit(&file_is_json, memory_order_relaxed);
}

void log_set_sink(log_sink new_sink, void *context)
{
    pthread_mutex_lock(&lock);
    sink = new_sink;
    sink_context = context;
    pthread_mutex_unlock(&lock);
}

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&level_max, memory_order_relaxed);
}

/* Writes the first character of `text`, or an escape for its first octet, to `out` with a NUL. Returns how much of
 * `text` that covers. */
static size_t escape_one(const char *text, size_t text_len, char out[ESCAPED_SIZE])
{
    size_t len = utf8_char_len(text, text_len);

    if (len == 0 || utf8_is_control(text, len)) {
        snprintf(out, ESCAPED_SIZE, "\\x%02X", (unsigned char)*text);
        return 1;
    }
    if (*text == '\\') {
        snprintf(out, ESCAPED_SIZE, "\\\\");
        return 1;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return len;
}

static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '\\';
}

/* The same for BLOCK octets. Without a way out in between, which compilers make few instructions of. */
static bool is_plain_block(const char *text)
{
    unsigned char plain = 1;

    for (int i = 0; i < BLOCK; i++)
        plain &= (unsigned char)is_plain(text[i]);
    return plain;
}

/* How many of the `len` octets at `text` stand for themselves, up to the first that may not. */
static size_t plain_run(const char *text, size_t len)
{
    size_t run = 0;

    while (len - run >= BLOCK && is_plain_block(text + run))
        run += BLOCK;
    if (run < len && len >= BLOCK && len - run < BLOCK &&
        is_plain_block(text + len - BLOCK)) /* again some of the block before */
        return len;
    while (run < len && is_plain(text[run]))
        run++;
    return run;
}

static void add_line_text(struct line *line, const char *octets, size_t len)
{
    memcpy(line->octets + HEAD_SIZE + line->text_len, octets, len);
    line->text_len += len;
}

/* Makes the text of the line of `raw`: at most TEXT_MAX octets, whole characters and escapes only, and a NUL. */
static void escape_octets(struct line *line, const char *raw)
{
    size_t left = strlen(raw);

    line->text_len = 0;
    for (;;) {
        size_t room = TEXT_MAX - line->text_len, used = plain_run(raw, left < room ? left : room);
        char out[ESCAPED_SIZE];

        add_line_text(line, raw, used);
        raw += used;
        left -= used;
        if (left == 0)
            break;
        used = escape_one(raw, left, out);
        if (line->text_len + strlen(out) > TEXT_MAX)
            break;
        add_line_text(line, out, strlen(out));
        raw += used;
        left -= used;
    }
    line->octets[HEAD_SIZE + line->text_len] = '\0';
}

/* In a child of a fork, which has one thread. */
static void forget_process(void)
{
    head.process = 0;
}

/* Without memory for that, the first lines of a child have its parent's number. Lock held. */
static void watch_forks(void)
{
    static bool is_watching;

    is_watching = is_watching || pthread_atfork(NULL, NULL, forget_process) == 0;
}

/* Makes `Mon DD HH:MM:SS ident[pid]: ` (RFC 3164 4.1.2), if the one at hand is that of another second or, after a fork,
 * of another process. Lock held. */
static void update_head(void)
{
    time_t now_s = time(NULL);
    struct tm local = {0};

    if (now_s == head.time_s && head.process != 0)
        return;
    watch_forks();
    head.process = getpid();
    localtime_r(&now_s, &local);
    head.len = strftime(head.text, HEAD_SIZE, "%b %e %H:%M:%S ", &local);
    head.len += (size_t)snprintf(head.text + head.len, HEAD_SIZE - head.len, "%.40s[%ld]: ", ident, (long)head.process);
    head.time_s = now_s;
}

static const char *const level_names[] = {"error", "warning", "notice", "info", "debug"};

/* The members of a line that has no others. */
static void add_text_members(struct strbuf *out, const char *text, pid_t process)
{
    log_json_member(out, "event", "log");
    log_json_number(out, "pid", process);
    log_json_member(out, "text", text);
}

/* Makes the object of a line, with a newline. The time is UTC (RFC 3339). */
static void make_object(struct strbuf *out, enum log_level level, const char *text, const char *members, pid_t process)
{
    struct timespec now = {0};
    struct tm utc = {0};
    char seconds[40], moment[64];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(moment, sizeof moment, "%s.%03ldZ", seconds, now.tv_nsec / 1000000);
    strbuf_add_char(out, '{');
    log_json_member(out, "time", moment);
    log_json_member(out, "level", level_names[level]);
    if (members[0] != '\0')
        strbuf_addf(out, ",%s", members);
    else
        add_text_members(out, text, process);
    strbuf_add(out, "}\n");
}

/* What is wrong does not wait, as it may be the last thing that the process says. Lock held. */
static void write_to_file(enum log_level level, const char *octets, size_t len)
{
    if (is_held && level > LOG_LEVEL_WARNING && pthread_equal(holder, pthread_self()))
        log_file_hold(&file, octets, len);
    else
        log_file_write(&file, octets, len);
}

/* Lock held. */
static void write_object_out(enum log_level level, const char *text, const char *members)
{
    struct strbuf object = STRBUF_INIT;

    if (file.fd < 0)
        return;
    make_object(&object, level, text, members, head.process);
    if (object.failed)
        stats_add(STATS_LOG_LINES_LOST, 1);
    else
        write_to_file(level, strbuf_text(&object), object.len);
    strbuf_free(&object);
}

/* Lock held. */
static void write_line_out(enum log_level level, struct line *line, const char *members)
{
    static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG};
    char *text = line->octets + HEAD_SIZE;
    char *whole = memcpy(text - head.len, head.text, head.len);
    size_t len = head.len + line->text_len;

    if (sink != NULL)
        sink(sink_context, level, text);
    if (facility >= 0 && !syslog_socket_send(&syslog_receiver, facility | priorities[level], whole, len))
        stats_add(STATS_LOG_LINES_LOST, 1);
    if (log_wants_json()) {
        write_object_out(level, text, members);
        return;
    }
    whole[len++] = '\n';
    write_to_file(level, whole, len);
}

/* Writes one line. Lock held. */
static void write_text(enum log_level level, const char *raw, const char *members)
{
    struct line line;

    escape_octets(&line, raw);
    update_head();
    write_line_out(level, &line, members);
}

/* Tells of lines that were held back, once their time is over. Lock held. */
static void tell_of_held_lines(void)
{
    const int64_t now_ms = clock_monotonic_ms(repeat_clock);
    const char *example;
    uint64_t held;
    int level;

    while (log_repeat_take(&repeats, now_ms, &held, &example, &level)) {
        char text[TEXT_MAX + 1];

        (void)snprintf(text, sizeof text, "%llu more lines like this were held back: %s", (unsigned long long)held,
                       example);
        write_text((enum log_level)level, text, "");
    }
}

static void write_locked(enum log_level level, const char *raw, const char *members)
{
    pthread_mutex_lock(&lock);
    if (repeats.holds)
        tell_of_held_lines();
    write_text(level, raw, members);
    pthread_mutex_unlock(&lock);
}

void log_write(enum log_level level, const char *format, ...)
{
    const int saved_errno = errno;
    char raw[TEXT_MAX + 1]; /* for the escape of a character that is cut here there is no room in the line */
    va_list args;

    if (!log_enabled(level))
        return;
    va_start(args, format);
    if (vsnprintf(raw, sizeof raw, format, args) >= 0)
        write_locked(level, raw, "");
    va_end(args);
    errno = saved_errno;
}

void log_write_both(enum log_level level, const char *text, const char *members)
{
    const int saved_errno = errno;

    if (log_enabled(level))
        write_locked(level, text, members);
    errno = saved_errno;
}

/* Counts the line by its kind, and writes it unless there were too many. */
static void write_counted(enum log_level level, const void *kind, const char *raw)
{
    bool allowed;

    pthread_mutex_lock(&lock);
    if (repeats.holds)
        tell_of_held_lines();
    allowed = log_repeat_allows(&repeats, kind, (int)level, raw, clock_monotonic_ms(repeat_clock));
    if (allowed)
        write_text(level, raw, "");
    pthread_mutex_unlock(&lock);
    if (!allowed)
        stats_add(STATS_LOG_LINES_HELD, 1);
}

void log_write_limited(enum log_level level, const char *format, ...)
{
    const int saved_errno = errno;
    char raw[TEXT_MAX + 1];
    va_list args;

    if (!log_enabled(level))
        return;
    va_start(args, format);
    if (vsnprintf(raw, sizeof raw, format, args) >= 0)
        write_counted(level, format, raw);
    va_end(args);
    errno = saved_errno;
}

void log_hold(void)
{
    pthread_mutex_lock(&lock);
    is_held = true;
    holder = pthread_self();
    pthread_mutex_unlock(&lock);
}

void log_release(void)
{
    pthread_mutex_lock(&lock);
    is_held = false;
    log_file_flush(&file);
    pthread_mutex_unlock(&lock);
}
