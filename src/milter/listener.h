/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket on which the MTA reaches the filter, and libmilter's run loop on it. */
#ifndef SMF_MILTER_LISTENER_H
#define SMF_MILTER_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct listener_config {
    const char *socket; /* unix:path, inet:port@host, inet6:port@host, fd:N; lives as long as the process */
    mode_t mode;        /* of a unix socket */
    uid_t owner;        /* of a unix socket; (uid_t)-1: leave it */
    gid_t group;        /* of a unix socket; (gid_t)-1: leave it */
};

/* Binds the socket and listens. A unix socket that nobody answers on any more is replaced; one that somebody answers on
 * is an error. False, with a message in `error`. After callbacks_register, before privileges are dropped. */
bool listener_open(const struct listener_config *config, char *error, size_t error_size);

/* Takes away the socket that listener_open has made; at the end of the process, or where its start fails. */
void listener_discard(void);

/* Serves the MTA for as long as the process lives; true if libmilter was stopped by a signal, false if it gave up by
 * itself. */
bool listener_run(void);

#endif
