/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection to the system's log that a stuck or absent receiver cannot stop, which syslog(3) does not promise. */
#ifndef SMF_BASE_SYSLOG_SOCKET_H
#define SMF_BASE_SYSLOG_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins as {.path = ..., .fd = -1}. */
struct syslog_socket {
    const char *path;         /* of a datagram socket; lives as long as this */
    int fd;                   /* -1: not connected */
    int64_t no_wait_until_ms; /* the receiver was full at that time; monotonic */
};

/* Where this system's log listens. */
extern const char *const syslog_socket_default_path;

/* Sends one message "<priority>text" (RFC 3164 4.1), connecting first where necessary, as after a restart of the
 * receiver. For a full receiver it waits at most 200 ms, and then not again within 10 s. False if the message is lost.
 * Locks: none; one thread at a time. */
bool syslog_socket_send(struct syslog_socket *log, int priority, const char *text, size_t len);

void syslog_socket_close(struct syslog_socket *log);

#endif
