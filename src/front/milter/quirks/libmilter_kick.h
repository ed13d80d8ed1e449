/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps libmilter's thread pool from forgetting a connection. Without it one slow lookup delays the mail of others.
 *
 * Where libmilter is built with a pool (Debian's is), sessions that become ready together may wake one thread for all
 * of them. If that thread then blocks, in a callback that waits for the DNS or on an MTA that stops in the middle of a
 * frame, the others wait for it, though the pool could grow. Any new connection makes the pool look again, with one
 * more thread if all are busy. So the kick thread connects to the filter's own socket, and hangs up:
 *
 *  - at once when the last of the pool's threads begins to wait for the DNS, as then no thread is left to poll. The
 *    thread that comes polls first, and if it comes to wait too, it is again the last one.
 *  - from time to time, for the half frames. If libmilter does not hang up in turn, the pool is stuck, and the
 *    thread connects again.
 *
 * The connections also make libmilter's listener look at its stop flag, which it otherwise does every five seconds. */
#ifndef SMF_FRONT_MILTER_QUIRKS_LIBMILTER_KICK_H
#define SMF_FRONT_MILTER_QUIRKS_LIBMILTER_KICK_H

#include <stdbool.h>

/* Starts the kick thread, which lives as long as the process and is slower while `connections` says that none is
 * open. After self_connect_set. False if there is no thread: the filter works without it. */
bool libmilter_kick_start(unsigned (*connections)(void));

#endif
