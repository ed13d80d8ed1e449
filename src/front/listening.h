/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening socket of a front end that reads its connections itself. Used by the main thread. */
#ifndef SMF_FRONT_LISTENING_H
#define SMF_FRONT_LISTENING_H

#include "base/strbuf.h"
#include "front/front.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>

/* Zeroed: none was made. */
struct listening {
    struct sockaddr_un address; /* of a unix socket that was made; sun_path "": none */
    struct stat file;
};

/* Binds and listens. A unix socket that no process answers on is replaced. The descriptor, which the caller closes; -1
 * with a message. */
int listening_open(struct listening *listening, const struct front_socket *socket, struct strbuf *error);

/* As the functions of struct front. */
bool listening_give(const struct listening *listening, const struct front_socket *socket, uid_t owner, gid_t group,
                    struct strbuf *error);
void listening_discard(struct listening *listening);

#endif
