/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was probably meant by the name of a socket in another program's syntax, for messages. */
#ifndef SMF_BASE_ENDPOINT_GUESS_H
#define SMF_BASE_ENDPOINT_GUESS_H

#include "base/addr.h"
#include "base/endpoint.h"

#include <stdbool.h>

/* A host and a port, in whatever order and with whatever between them. */
struct endpoint_guess {
    char host[ENDPOINT_HOST_SIZE]; /* an address or a name, without brackets; "": none, or every address */
    bool is_address;
    enum addr_family family; /* of an address */
    unsigned port;           /* 0: none */
};

/* Reads `inet:127.0.0.1:10010` and `[::1]:10010` (Postfix), `10010@127.0.0.1`, `tcp://localhost:10010`, `*:10010`, a
 * port alone, `192.0.2.53#53` and the like. False if it cannot tell, or it is a path. */
bool endpoint_guess_host(const char *text, struct endpoint_guess *out);

/* Appends the text that endpoint_parse takes and `text` probably means. False, with nothing appended, if it cannot
 * tell, or the text is right. */
bool endpoint_guess(const char *text, struct strbuf *out);

#endif
