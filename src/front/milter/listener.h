/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket on which the MTA reaches the filter, and libmilter's run loop on it. There is one in a process, so that
 * `self` says nothing. */
#ifndef SMF_FRONT_MILTER_LISTENER_H
#define SMF_FRONT_MILTER_LISTENER_H

#include "base/strbuf.h"
#include "front/front.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct listener_config {
    const char *socket; /* unix:path, inet:port@host, inet6:port@host, fd:N; lives as long as the process */
    mode_t mode;        /* of a unix socket */
};

/* The path of a unix socket in `socket`, which has the form of the member above; NULL for any other kind. */
const char *listener_path(const char *socket);

/* Binds the socket and listens. A unix socket that no process answers on is replaced; one that a process answers on is
 * an error. It has its permissions from the first moment on, and owner and group of this process. False, with a message
 * in `error`. After callbacks_register; with no more privileges than are needed, since the path is followed. */
bool listener_open(const struct listener_config *config, char *error, size_t error_size);

/* Gives the unix socket that listener_open has made to `owner` and `group` (-1: leave it), by a descriptor: nothing
 * happens to another file that has taken its place. Does nothing to a socket of another kind. False, with a message in
 * `error`. */
bool listener_give(const char *socket, uid_t owner, gid_t group, char *error, size_t error_size);

/* Removes the unix socket that listener_open has made, unless another one has replaced it; where the start fails. */
void listener_discard(void);

/* Stops listening, and removes the unix socket, so that a successor can bind it; connections go on. A connection that
 * was not accepted yet is closed. For a socket that a service manager has opened and holds, such connections wait for
 * the successor. Once, at the end. */
void listener_close(const struct front *self);

/* Lets libmilter read the end of each of the MTA's connections, after which it closes them: all answers are written by
 * then. The last of it is seen by callbacks_connections. */
void listener_hang_up(const struct front *self);

/* Serves the MTA for as long as the process lives; true if libmilter was stopped by a signal, false if it ended by
 * itself. */
bool listener_run(const struct front *self);

/* Appends the version of libmilter, "1.0.1". */
void listener_add_version(struct strbuf *out);

#endif
