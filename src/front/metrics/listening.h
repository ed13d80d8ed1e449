/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that metrics are read from. One for the process; used by the main thread. */
#ifndef SMF_FRONT_METRICS_LISTENING_H
#define SMF_FRONT_METRICS_LISTENING_H

#include "base/strbuf.h"
#include "front/front.h"

#include <stdbool.h>
#include <sys/types.h>

/* Binds and listens. A unix socket that no process answers on is replaced. The descriptor, which the caller closes; -1
 * with a message. */
int listening_open(const struct front_socket *socket, struct strbuf *error);

/* As the functions of struct front. */
bool listening_give(const struct front_socket *socket, uid_t owner, gid_t group, struct strbuf *error);
void listening_discard(void);

#endif
