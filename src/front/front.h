/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A front end as the process sees it: a socket that is opened, served and closed. */
#ifndef SMF_FRONT_FRONT_H
#define SMF_FRONT_FRONT_H

#include "base/strbuf.h"
#include "front/drain.h"
#include "session/forwarding.h"
#include "session/session.h"

#include <stdbool.h>
#include <sys/types.h>

/* Where a front end gets what belongs to the running configuration. Called on any of its threads. */
struct front_host {
    /* A new session for a front end with these abilities, NULL if out of memory; owned by the connection. */
    struct session *(*begin_session)(void *context, const struct session_abilities *abilities);
    struct session_needs (*needs)(void *context);
    /* Answer a lookup about a forwarded message, as forwarding.h has it. */
    void (*forward_sender)(void *context, const char *sender, forwarding_done done, void *done_context);
    void (*forward_recipient)(void *context, const char *recipient, forwarding_done done, void *done_context);
    /* For a front end that shows the process itself. Appends all metrics, as metrics_write does. */
    void (*write_metrics)(void *context, bool is_openmetrics, struct strbuf *out);
    /* True if new mail is checked by the configuration that the administrator wrote, be it without the DNS; appends a
     * line that says so, or what is wrong. */
    bool (*is_healthy)(void *context, struct strbuf *line);
    void *context;
};

struct front_socket {
    const char *protocol; /* which of those that the front end has; NULL: it has one */
    const char *spec;     /* in the form that its key of smf-spf.conf has; lives as long as the process */
    mode_t mode;          /* of a unix socket */
};

/* One protocol, or a kind of them, on one socket or several. Each function is called in this order, by the main thread,
 * but for run; once, but for those that take a socket, which are called for each of its sockets. These live as long as
 * the process. `self` is this. */
struct front {
    const char *name; /* for the log */
    struct drain *drain;
    void *state; /* what its functions need; NULL where that is not handed in */

    /* How many threads serve its connections, and how many of these wait for the DNS. NULL: that is not known. At any
     * time. */
    void (*threads)(unsigned *all, unsigned *waiting);
    /* The path of a unix socket, NULL for any other kind. At any time. */
    const char *(*path)(const char *spec);
    /* Binds the socket and listens, with the permissions of `socket` from the first moment on, and owner and group of
     * this process; connections are not served yet. `host` is copied, its context lives as long as the process. With no
     * more privileges than are needed, since the path is followed. False, with a message in `error`. */
    bool (*open)(const struct front *self, const struct front_socket *socket, const struct front_host *host,
                 struct strbuf *error);
    /* Gives a unix socket that was made to `owner` and `group` (-1: leave it), by a descriptor. False, with a message.
     */
    bool (*give)(const struct front *self, const struct front_socket *socket, uid_t owner, gid_t group,
                 struct strbuf *error);
    /* Removes the unix socket that open has made, if it has; where the start fails. */
    void (*discard)(const struct front *self, const struct front_socket *socket);
    /* Serves for as long as the process lives; true if it was stopped, false if it ended by itself. On a thread of
     * its own. */
    bool (*run)(const struct front *self);
    /* Stops listening, and removes the unix sockets, so that a successor can bind them; connections go on. */
    void (*close)(const struct front *self);
    /* Ends the connections: all answers are written by then. The last of it is seen in `drain`. */
    void (*hang_up)(const struct front *self);
};

#endif
