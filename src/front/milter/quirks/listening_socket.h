/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that libmilter listens on, whose descriptor it does not reveal. Without it there is no orderly stop, and
 * each message over TCP waits. */
#ifndef SMF_FRONT_MILTER_QUIRKS_LISTENING_SOCKET_H
#define SMF_FRONT_MILTER_QUIRKS_LISTENING_SOCKET_H

/* Notes which descriptors listen before libmilter opens its own. Without it another one that listens, inherited for
 * instance, would be taken for libmilter's. */
void listening_socket_before(void);

/* Finds the descriptor that libmilter opened for `socket` (fd:N names it; else it is the one that has begun to listen),
 * leaves descriptors free of its connections (accept_reserve.h), and sets TCP_NODELAY there, which accepted connections
 * inherit. Without the option each message over TCP waits for a delayed acknowledgement, about 40 ms: libmilter writes
 * its changes and its answer one by one. */
void listening_socket_find(const char *socket);

/* Replaces it with a socket that only the kick thread connects to. Without it libmilter could not stop listening
 * without abandoning its connections as well, and no successor could bind the address. */
void listening_socket_exchange(void);

/* Ends the input of all connections that came in there. Without it libmilter would wait for each MTA to close its own,
 * and would be ended in the middle of what it writes. */
void listening_socket_hang_up(void);

#endif
