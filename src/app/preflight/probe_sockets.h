/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Could the sockets be opened? */
#ifndef SMF_APP_PREFLIGHT_PROBE_SOCKETS_H
#define SMF_APP_PREFLIGHT_PROBE_SOCKETS_H

#include "app/preflight/probe.h"

/* Looks at Socket, Metrics, PolicySocket, TableSocket and ControlSocket, and opens none of them. Whether one is in use
 * is not looked at. */
void probe_sockets(struct probe *probe);

#endif
