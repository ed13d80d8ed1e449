/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program's log: one line a call, to syslog, a file or standard error. Losing a line never stops the mail. */
#include "base/log.h"

#include "base/syslog_socket.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
    HEAD_SIZE = 100,       /* room for time, program and process */
    FILE_TIMEOUT_MS = 200, /* how long a full pipe or terminal may hold up one line */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* covers everything below but `level` */
static atomic_int level = LOG_LEVEL_INFO;
static const char *ident = "smf-spf";
static char *file_path; /* NULL: no file, or standard error before log_open */
static int file = STDERR_FILENO;
static bool file_stalled;
static int facility = -1;
static struct syslog_socket syslog_receiver = SYSLOG_SOCKET_INIT(NULL);
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

/* Lock held. */
static void replace_file(int fd)
{
    if (file > STDERR_FILENO)
        close(file);
    file = fd;
    file_stalled = false;
}

bool log_open(const struct log_config *config)
{
    char *path = NULL;
    int fd = -1;

    if (config->path != NULL) {
        path = strdup(config->path);
        if (path == NULL)
            return false;
        fd = open_file(path);
        if (fd < 0) {
            free(path);
            return false;
        }
    }

    pthread_mutex_lock(&lock);
    replace_file(fd);
    free(file_path);
    file_path = path;
    ident = config->ident;
    facility = config->syslog_facility;
    syslog_socket_close(&syslog_receiver);
    syslog_receiver.path = syslog_socket_default_path;
    atomic_store_explicit(&level, (int)config->level, memory_order_relaxed);
    pthread_mutex_unlock(&lock);
    return true;
}

bool log_reopen(void)
{
    bool reopened = true;

    pthread_mutex_lock(&lock);
    if (file_path != NULL) {
        int fd = open_file(file_path);

        reopened = fd >= 0;
        if (reopened)
            replace_file(fd);
    }
    pthread_mutex_unlock(&lock);
    return reopened;
}

void log_close(void)
{
    pthread_mutex_lock(&lock);
    replace_file(STDERR_FILENO);
    free(file_path);
    file_path = NULL;
    facility = -1;
    syslog_socket_close(&syslog_receiver);
    atomic_store_explicit(&level, LOG_LEVEL_INFO, memory_order_relaxed);
    pthread_mutex_unlock(&lock);
}

void log_set_sink(log_sink new_sink, void *context)
{
    pthread_mutex_lock(&lock);
    sink = new_sink;
    sink_context = context;
    pthread_mutex_unlock(&lock);
}

bool log_enabled(enum log_level of_line)
{
    return (int)of_line <= atomic_load_explicit(&level, memory_order_relaxed);
}

/* How one character of the input stands in the line: its octets, or an escape if it is a backslash, a control character
 * (C0, DEL, C1) or an octet outside of UTF-8. Returns how many octets of the input that covers. */
static size_t escape_one(const char *in, size_t in_len, char out[16], size_t *out_len)
{
    size_t len = utf8_char_len(in, in_len);
    unsigned char first = (unsigned char)in[0];
    bool is_c1 = len == 2 && first == 0xc2 && (unsigned char)in[1] < 0xa0;

    if (first == '\\') {
        memcpy(out, "\\\\", 2);
        *out_len = 2;
    } else if (len == 0 || is_c1 || first < ' ' || first == 0x7f) {
        *out_len = (size_t)snprintf(out, 16, "\\x%02X", first);
        if (is_c1)
            *out_len += (size_t)snprintf(out + *out_len, 16 - *out_len, "\\x%02X", (unsigned char)in[1]);
        return is_c1 ? 2 : 1;
    } else {
        memcpy(out, in, len);
        *out_len = len;
    }
    return len;
}

/* Fills `line` with at most TEXT_MAX octets, whole characters and escapes only, and a NUL. Returns its length. */
static size_t escape(const char *text, char line[TEXT_MAX + 1])
{
    size_t left = strlen(text), len = 0, out_len;
    char out[16];

    while (left > 0) {
        size_t used = escape_one(text, left, out, &out_len);

        if (len + out_len > TEXT_MAX)
            break;
        memcpy(line + len, out, out_len);
        len += out_len;
        text += used;
        left -= used;
    }
    line[len] = '\0';
    return len;
}

static void write_file(const char *line, size_t len)
{
    struct pollfd ready = {.fd = file, .events = POLLOUT};

    /* A standard stream may be a pipe that nobody empties, and is not ours to make non-blocking. */
    file_stalled = poll(&ready, 1, file_stalled ? 0 : FILE_TIMEOUT_MS) <= 0;
    if (!file_stalled && write(file, line, len) < 0)
        return; /* a line is lost, and there is no better place to say so */
}

/* Writes `Mon DD HH:MM:SS ident[pid]: ` (RFC 3164 4.1.2) and returns its length. Lock held. */
static size_t format_head(char head[HEAD_SIZE])
{
    time_t now = time(NULL);
    struct tm local = {0};
    size_t len;

    localtime_r(&now, &local);
    len = strftime(head, HEAD_SIZE, "%b %e %H:%M:%S ", &local);
    len += (size_t)snprintf(head + len, HEAD_SIZE - len, "%.40s[%ld]: ", ident, (long)getpid());
    return len;
}

/* Lock held. */
static void deliver(enum log_level of_line, const char *text, size_t text_len)
{
    static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG};
    char line[HEAD_SIZE + TEXT_MAX + 1];
    size_t len = format_head(line);

    memcpy(line + len, text, text_len);
    len += text_len;
    if (facility >= 0)
        syslog_socket_send(&syslog_receiver, facility | priorities[of_line], line, len);
    line[len++] = '\n';
    if (file >= 0)
        write_file(line, len);
    if (sink != NULL)
        sink(sink_context, of_line, text);
}

void log_write(enum log_level of_line, const char *format, ...)
{
    int saved_errno = errno;
    char raw[TEXT_MAX + 4 + 1]; /* the last character that can count is whole */
    char text[TEXT_MAX + 1];
    va_list args;

    if (!log_enabled(of_line))
        return;
    va_start(args, format);
    int raw_len = vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    if (raw_len >= 0) {
        size_t len = escape(raw, text);

        pthread_mutex_lock(&lock);
        deliver(of_line, text, len);
        pthread_mutex_unlock(&lock);
    }
    errno = saved_errno;
}
