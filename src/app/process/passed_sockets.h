/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets that a service manager opens and passes to the process (sd_listen_fds(3)), found by their names. */
#ifndef SMF_APP_PROCESS_PASSED_SOCKETS_H
#define SMF_APP_PROCESS_PASSED_SOCKETS_H

#include "base/strbuf.h"

enum { PASSED_SOCKETS_SPEC_SIZE = sizeof "fd:65535" };

/* The name of a socket as a front end opens it: fd:NAME becomes fd:N, written to `numbered`, where N is the descriptor
 * that LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES call so; any other `spec` is returned as it is. NULL, with a message
 * in `error` that begins with `spec`, if no socket or more than one was passed to this process by the name, or if it is
 * not a stream socket. In the process that was started, before it forks and before any thread exists. */
const char *passed_sockets_spec(const char *spec, char numbered[PASSED_SOCKETS_SPEC_SIZE], struct strbuf *error);

#endif
