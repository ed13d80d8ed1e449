/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports the state of the daemon to the service manager, by the protocol of sd_notify(3). */
#ifndef SMF_APP_PROCESS_NOTIFY_H
#define SMF_APP_PROCESS_NOTIFY_H

/* Connects to the socket that NOTIFY_SOCKET names, if there is one, and keeps the connection: once privileges are
 * dropped, the socket may be out of reach, as start-stop-daemon(8) makes it for root alone. */
void notify_open(void);

/* Sends `state` ("READY=1", "STOPPING=1", ...) there; without notify_open, over a connection of its own. A failure is
 * of no consequence. On one thread. */
void notify_manager(const char *state);

#endif
