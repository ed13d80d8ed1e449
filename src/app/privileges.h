/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who the program runs as: looked up at the start, and taken on for good before anything from the network is read. */
#ifndef SMF_APP_PRIVILEGES_H
#define SMF_APP_PRIVILEGES_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <sys/types.h>

/* The user to become, and the group of the socket. */
struct identity {
    bool changes;     /* the program was started by root and becomes `user` */
    bool is_not_root; /* `user` is the default account, in the place of root */
    const char *user;
    uid_t uid;
    gid_t gid;
    gid_t socket_gid; /* (gid_t)-1: leave the socket's group */
};

/* Looks up `user` (used if root starts the program) and `socket_group` (NULL: the user's own). Where `user` is root, as
 * smf-spf 2 allowed, the default account takes its place. False, with a message in `error`, if one does not exist.
 * `user` must live as long as the result. */
bool privileges_look_up(const char *user, const char *socket_group, struct identity *out, struct strbuf *error);

/* Becomes that user with its groups, and checks that there is no way back. False, with a message in `error`: then the
 * program must end. */
bool privileges_drop(const struct identity *identity, struct strbuf *error);

#endif
