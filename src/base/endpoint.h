/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The syntax of listening sockets: `unix:/path`, `inet:port@host`, `inet6:port@host`, `fd:number`, `fd:name`. */
#ifndef SMF_BASE_ENDPOINT_H
#define SMF_BASE_ENDPOINT_H

#include "base/strbuf.h"

#include <stdbool.h>

enum endpoint_kind {
    ENDPOINT_UNIX,
    ENDPOINT_INET,
    ENDPOINT_INET6,
    ENDPOINT_DESCRIPTOR, /* a socket that is open already */
};

enum { ENDPOINT_HOST_SIZE = 256 };

struct endpoint {
    enum endpoint_kind kind;
    const char *path;              /* unix: absolute, as the daemon leaves its working directory; within the text that
                                      was parsed. Else NULL */
    unsigned number;               /* the port, 1 to 65535; or the descriptor, if it is not named */
    const char *name;              /* fd: what a service manager calls the descriptor; within the text. Else NULL */
    char host[ENDPOINT_HOST_SIZE]; /* an address of the family or a name, without brackets; "": every address */
};

/* Reads one of the forms above; the word before the colon in any case, `@host` left out or with brackets around an
 * address. `local:/path` and `/path` are unix sockets too. False, with *out untouched, for any other text. */
bool endpoint_parse(const char *text, struct endpoint *out);

/* Appends what keeps a text in one of these forms from being a socket where that is not plain to see, as a phrase: its
 * path is too long ("the path of a socket has at most 107 octets"), or its port too large. False, with nothing
 * appended, if it is neither. */
bool endpoint_add_problem(const char *text, struct strbuf *out);

/* The path in a text that names a unix socket, absolute or not, within the text; NULL if it names another or none. */
const char *endpoint_unix_path(const char *text);

/* Appends a text that endpoint_parse takes in one of the forms above, the word before the colon in lower case, as
 * libmilter wants it. False, with nothing appended, for any other text. */
bool endpoint_add_canonical(const char *text, struct strbuf *out);

#endif
