/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who the program runs as: looked up at the start, and taken on for good before anything from the network is read.
 * Until then root opens no file whose name another account can make lead elsewhere. */
#ifndef SMF_APP_PROCESS_PRIVILEGES_H
#define SMF_APP_PROCESS_PRIVILEGES_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <sys/types.h>

/* The user to become, and the group of the socket. */
struct identity {
    bool changes;     /* the program was started by root, and has not become `user` yet */
    bool is_not_root; /* `user` is the default account, instead of root */
    const char *user; /* NULL: not known */
    uid_t uid;
    gid_t gid;
    gid_t socket_gid; /* (gid_t)-1: leave the socket's group */
};

/* Looks up `user` (used if root starts the program) and `socket_group` (NULL: the user's own). Where `user` is root, as
 * smf-spf 2 allowed, the default account is used instead. False, with a line in `error` for each that does not exist.
 * `user` must live as long as the result. */
bool privileges_look_up(const char *user, const char *socket_group, struct identity *out, struct strbuf *error);

/* Before a file is made, opened or removed at `path`: takes on the privileges of `user` where it may write to the
 * directory; else those of the directory's owner, root for instance, if only that owner and root can make the name lead
 * to another directory. What is made then belongs to `group` ((gid_t)-1: the account's own). Does nothing unless root
 * started the program. Where `user` is not known, the owner's it is. False, with a message in `error` that begins with
 * `key`, if neither can be. Before any thread exists. */
bool privileges_borrow(const struct identity *identity, const char *path, gid_t group, const char *key,
                       struct strbuf *error);

/* Ends privileges_borrow, successful or not. The process ends if root's privileges do not come back. */
void privileges_return(const struct identity *identity);

/* Another account may control what a name leads to, so root changes only a regular file that has no second name. NULL
 * if the descriptor's is one, else what is wrong with it, as the end of a sentence. */
const char *privileges_unfit(int fd);

/* Becomes that user with its groups, if root started the program, and checks that there is no way back: from then on
 * `identity` changes nothing. Whoever started it, it has no capabilities any more and gains none. Before any thread
 * exists. False, with a message in `error`: then the program must end. */
bool privileges_drop(struct identity *identity, struct strbuf *error);

#endif
