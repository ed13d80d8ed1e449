/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of a connection, and how the log shows it. */
#ifndef SMF_SESSION_CLIENT_H
#define SMF_SESSION_CLIENT_H

#include "base/addr.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "session/reason.h"
#include "session/speculation.h"

#include <stdbool.h>

enum { CLIENT_NAME_ROOM = 64 }; /* octets, with a NUL: enough for nearly every host name */

/* What is known of the client. It stays where it is, as its names may be in it. */
struct client {
    struct addr address;       /* as it connected */
    struct addr effective;     /* the one that is checked: translated by ClientIPNAT or FixedClientIP */
    bool local;                /* a local submission */
    struct speculation *begun; /* of the HELO name, for the next message; NULL: nothing */
    unsigned unused_lookahead; /* how often evaluations were begun since one was last of use */
    bool relays;               /* one of our relays: it sends the mail of others */
    bool name_is_verified;     /* `host` leads back to the address */
    char *host;                /* its name as the MTA gave it; NULL before connect */
    char *helo;       /* its HELO name, with A-labels, for the evaluation; NULL before HELO and where the name is too
                         long for any use */
    char *helo_shown; /* the same for people: bounded, and the same memory where it is ASCII; NULL before HELO */
    char host_room[CLIENT_NAME_ROOM], helo_room[CLIENT_NAME_ROOM]; /* the last members, not zeroed with the others */
};

/* The address to check for a client: ClientIPNAT takes precedence over FixedClientIP. */
struct addr client_effective_address(const struct config *config, const struct addr *address);

/* Each sets its part of the client. False, with that part unset, if out of memory. */
bool client_set_host(struct client *client, const char *host);
bool client_set_helo(struct client *client, const char *helo);

/* Keeps what was begun of the HELO name; NULL: nothing. What was kept before is ended. */
void client_set_begun(struct client *client, struct speculation *speculation);

/* Makes memory that has any content a client of whom nothing is known. */
void client_init(struct client *client);

void client_free(struct client *client); /* nothing is known of it any more */

const char *client_helo(const struct client *client);       /* "" where there is none */
const char *client_helo_shown(const struct client *client); /* "" where there is none */

/* Adds `: ip=..., fqdn=..., helo=..., from=<...>` to a log line, with what is known of the client. `sender` is NULL
 * before MAIL. */
void client_add(const struct client *client, const char *sender, struct strbuf *line);

/* Adds a name or address from outside to a log line, bounded and quoted where it could mislead (log_value.h). */
void client_add_value(struct strbuf *line, const char *value);

/* Counts an internal error and logs it: the message continues. */
void client_log_fault(const struct client *client, enum reason reason) __attribute__((cold));

#endif
