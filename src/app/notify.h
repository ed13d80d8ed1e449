/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports the state of the daemon to the service manager, by the protocol of sd_notify(3). */
#ifndef SMF_APP_NOTIFY_H
#define SMF_APP_NOTIFY_H

/* Sends `state` ("READY=1", "STOPPING=1", ...) to the socket that NOTIFY_SOCKET names; without one, nothing. A failure
 * is of no consequence. */
void notify_manager(const char *state);

#endif
