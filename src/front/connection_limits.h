/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What clients may hold of a front end (front/connections.h) without asking anything of it: requests that they leave
 * unfinished, and connections on which nothing comes while others wait. All but the first on the loop's thread. */
#ifndef SMF_FRONT_CONNECTION_LIMITS_H
#define SMF_FRONT_CONNECTION_LIMITS_H

#include "front/connections.h"

#include <stdbool.h>

enum {
    CONNECTIONS_MOST = 16384,           /* whatever the descriptors allow: an MTA has fewer processes */
    CONNECTIONS_READ_SIZE = 2047,       /* more than a request mostly has; with a NUL a size that is allocated */
    CONNECTIONS_LARGE_MAX = 16 << 20,   /* octets of memory for all requests, beyond one such read of each */
    CONNECTIONS_SILENT_MS = 10000,      /* nothing came on it for so long, or twice so long: it is silent */
    CONNECTIONS_CLOSED_AT_ONCE_PART = 8 /* of those that there may be, so many silent ones are closed at a time */
};

/* Before the loop starts. `refuse` and `close`: what ends a connection of which this file finds that it is to end, as
 * connection_refuse and connection_close. False, with errno, if there is no memory or no descriptor. */
bool connection_limits_start(struct connections *all,
                             void (*refuse)(struct connection *connection, const char *problem),
                             void (*close)(struct connection *connection));

/* Its client has sent something, or taken an answer. */
void connection_limits_heard(struct connection *connection);

/* What was read has another size, or is gone. */
void connection_limits_recount(struct connection *connection);

/* Where all requests together are larger than they may be, the largest one is refused. False if that was this one's:
 * then the connection was closed. */
bool connection_limits_make_room(struct connection *connection);

/* Somebody waits who cannot be accepted: silent connections are closed, up to the next call of _accepted. */
void connection_limits_full(struct connections *all);
void connection_limits_accepted(struct connections *all);

#endif
