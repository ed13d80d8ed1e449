/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends messages to the system's log without ever waiting long for it. */
#include "base/syslog_socket.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#ifndef _PATH_LOG
#define _PATH_LOG "/dev/log"
#endif

enum {
    SEND_TIMEOUT_MS = 200,
    NO_WAIT_MS = 10000, /* after a timeout, so that a slow receiver costs a small part of our time */
};

const char *const syslog_socket_default_path = _PATH_LOG;

static bool connect_to(struct syslog_socket *log)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_usec = SEND_TIMEOUT_MS * 1000L};
    size_t path_len = strlen(log->path);

    if (path_len >= sizeof name.sun_path)
        return false;
    memcpy(name.sun_path, log->path, path_len);
    log->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (log->fd < 0)
        return false;
    if (setsockopt(log->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0 ||
        connect(log->fd, (const struct sockaddr *)&name, sizeof name) != 0) {
        syslog_socket_close(log);
        return false;
    }
    return true;
}

enum send_result { SENT, RECEIVER_FULL, RECEIVER_GONE };

static enum send_result send_once(struct syslog_socket *log, const struct msghdr *message)
{
    int64_t now_ms = clock_monotonic_ms(&clock_system);
    bool waits = now_ms >= log->no_wait_until_ms;
    ssize_t sent;

    do
        sent = sendmsg(log->fd, message, MSG_NOSIGNAL | (waits ? 0 : MSG_DONTWAIT));
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return SENT;
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS)
        return RECEIVER_GONE;
    if (waits)
        log->no_wait_until_ms = now_ms + NO_WAIT_MS;
    return RECEIVER_FULL;
}

bool syslog_socket_send(struct syslog_socket *log, int priority, const char *text, size_t len)
{
    char head[16];
    int head_len = snprintf(head, sizeof head, "<%d>", priority);
    struct iovec parts[] = {{.iov_base = head, .iov_len = (size_t)head_len},
                            {.iov_base = (void *)text, .iov_len = len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    enum send_result result = log->fd >= 0 ? send_once(log, &message) : RECEIVER_GONE;

    if (result == RECEIVER_GONE) {
        syslog_socket_close(log);
        if (connect_to(log))
            result = send_once(log, &message);
    }
    return result == SENT;
}

void syslog_socket_close(struct syslog_socket *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}
