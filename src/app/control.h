/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: an administrator asks the running filter for something, and gets its answer. One request a
 * connection: a line "VERB CONFIGURATION-FILE"; the answer is a line CONTROL_DONE, CONTROL_FAILED or, from a filter
 * that runs with another file, CONTROL_OTHER, and then text. */
#ifndef SMF_APP_CONTROL_H
#define SMF_APP_CONTROL_H

#include "app/process/privileges.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <sys/stat.h>

#define CONTROL_DONE   "done"
#define CONTROL_FAILED "failed"
#define CONTROL_OTHER  "other"

/* What can be asked for. */
struct control_verb {
    const char *word;
    /* Does it, and appends lines to `answer`. False: it failed, and the lines say why. */
    bool (*run)(void *context, struct strbuf *answer);
};

struct control {
    const char *path;                 /* of the socket; NULL: there is none, and the rest does nothing */
    const char *config_path;          /* of this filter; a request for another is refused */
    const struct control_verb *verbs; /* up to one without a word */
    void *context;                    /* handed to them */
    int fd;
    struct stat made; /* the file of the socket; st_ino 0: not known */
};

/* Listens at `control->path` with mode 0600, for root and the account of `identity` alone. A socket that nobody listens
 * at is replaced; another is not. control->fd is -1, with a message in `error`, if that cannot be. Before privileges
 * are dropped. */
void control_open(struct control *control, const struct identity *identity, struct strbuf *error);

/* Answers one request, if one waits. Blocks for two seconds at most on a slow peer, and as long as its verb takes. */
void control_serve(const struct control *control);

/* Removes the socket, with the privileges that privileges_borrow gives, if it still is the one that was made. */
void control_close(struct control *control, const struct identity *identity);

#endif
