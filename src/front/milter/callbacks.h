/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter's callbacks, registered with libmilter: they carry values between it and a session. */
#ifndef SMF_FRONT_MILTER_CALLBACKS_H
#define SMF_FRONT_MILTER_CALLBACKS_H

#include "front/front.h"

#include <stdbool.h>

/* Makes the filter known to libmilter; once in a process, before listener_open. `host` is copied, its context lives as
 * long as the process. */
bool callbacks_register(const struct front_host *host);

/* The MTA's connections, their messages, and callbacks that are running (those for header fields belong to a message).
 * Once it is closed, a MAIL is not answered, and the connection ends with the process. To the MTA the filter is gone,
 * so it does what its administrator chose for that (milter_default_action, F=). */
extern struct drain callbacks_drain;

unsigned callbacks_connections(void); /* those of callbacks_drain */

#endif
