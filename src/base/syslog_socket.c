/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends messages to the system's log without ever waiting long for it. */
#include "base/syslog_socket.h"

#include <errno.h>
#include <stdint.h>
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

enum { SEND_TIMEOUT_MS = 200 };

const char *const syslog_socket_default_path = _PATH_LOG;

static bool connect_to(struct syslog_socket *log)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_usec = SEND_TIMEOUT_MS * 1000};

    if (strlen(log->path) >= sizeof name.sun_path)
        return false;
    strcpy(name.sun_path, log->path);
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

static bool send_once(struct syslog_socket *log, const struct msghdr *message)
{
    ssize_t sent;
    int flags = MSG_NOSIGNAL | (log->stalled ? MSG_DONTWAIT : 0);

    do
        sent = sendmsg(log->fd, message, flags);
    while (sent < 0 && errno == EINTR);
    log->stalled = sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS);
    return sent >= 0;
}

bool syslog_socket_send(struct syslog_socket *log, int priority, const char *text, size_t len)
{
    char head[16];
    int head_len = snprintf(head, sizeof head, "<%d>", priority);
    struct iovec parts[] = {{.iov_base = head, .iov_len = (size_t)head_len},
                            {.iov_base = (void *)(uintptr_t)text, .iov_len = len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    if (log->fd >= 0) {
        if (send_once(log, &message))
            return true;
        if (log->stalled)
            return false;
        syslog_socket_close(log); /* its receiver was restarted */
    }
    return connect_to(log) && send_once(log, &message);
}

void syslog_socket_close(struct syslog_socket *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
    log->stalled = false;
}
