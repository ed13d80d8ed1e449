/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connects to the filter's own listening socket. Without it libmilter's listener and its pool could not be woken, and a
 * second instance would take over a socket that is in use. */
#ifndef SMF_FRONT_MILTER_QUIRKS_SELF_CONNECT_H
#define SMF_FRONT_MILTER_QUIRKS_SELF_CONNECT_H

#include <stdbool.h>

/* Notes where `spec` (unix:path, inet:port@host, inet6:port@host, fd:N) listens; a listener on every address is reached
 * over loopback. False if that names no address of this host. May use the resolver. Before any thread exists. */
bool self_connect_set(const char *spec);

/* The path of a unix socket, NULL for any other kind. Lives as long as the spec. */
const char *self_connect_path(void);

/* From now on self_connect_open connects to the address of this socket. Any thread. */
bool self_connect_move(int fd);

/* Connects without waiting; a descriptor that the caller closes, or -1, with errno, if no process listens (over TCP
 * that may show only later). Any thread; takes the lock of the address, a leaf. */
int self_connect_open(void);

#endif
