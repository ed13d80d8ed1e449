/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter's callbacks, registered with libmilter: they carry values between it and a session. */
#ifndef SMF_FRONT_MILTER_CALLBACKS_H
#define SMF_FRONT_MILTER_CALLBACKS_H

#include "session/session.h"

#include <stdbool.h>

/* Where the callbacks get what belongs to the running configuration. Called on any of libmilter's threads. */
struct callbacks_host {
    /* A new session for a front end with these abilities, NULL if out of memory; owned by the connection. */
    struct session *(*begin_session)(void *context, const struct session_abilities *abilities);
    struct session_needs (*needs)(void *context);
    void *context;
};

/* Makes the filter known to libmilter; once in a process, before listener_open. `host` is copied, its context lives as
 * long as the process. */
bool callbacks_register(const struct callbacks_host *host);

/* From now on no message begins: a MAIL is not answered, and the connection is left to end with the process. That is
 * what a filter looks like that has gone, so the MTA does what its administrator chose for that (milter_default_action,
 * F=). Messages that have begun go on. Any thread. */
void callbacks_take_no_more(void);

/* Connections that have begun and not ended. */
unsigned callbacks_connections(void);

/* Messages between MAIL and their end, and callbacks that are running (those for header fields belong to a message):
 * what an orderly stop waits for. */
unsigned callbacks_messages_under_way(void);
unsigned callbacks_running(void);

#endif
