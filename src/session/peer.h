/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of a connection, and the log lines about it. */
#ifndef SMF_SESSION_PEER_H
#define SMF_SESSION_PEER_H

#include "base/addr.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "session/reason.h"

#include <stdbool.h>

/* What is known of the client. */
struct peer {
    struct addr client;  /* as it connected */
    struct addr checked; /* as it is judged: translated by ClientIPNAT or FixedClientIP */
    bool local;          /* a local submission */
    bool relays;         /* a relay of our own: it sends the mail of others */
    char *host;          /* its name as the MTA gave it; NULL before connect */
    char *helo;          /* its HELO name, with A-labels, for the evaluation; NULL before HELO and where the name is too
                            long for any use */
    char *helo_shown;    /* the same for people: bounded; NULL before HELO */
};

/* The address to judge a client by: ClientIPNAT comes before FixedClientIP. */
struct addr peer_checked_address(const struct config *config, const struct addr *client);

/* Each sets its part of the peer. False, with that part unset, if out of memory. */
bool peer_set_host(struct peer *peer, const char *host);
bool peer_set_helo(struct peer *peer, const char *helo);

void peer_free(struct peer *peer); /* zeroes it */

const char *peer_helo(const struct peer *peer);       /* "" where there is none */
const char *peer_helo_shown(const struct peer *peer); /* "" where there is none */

/* Writes `SPF event: ip=..., fqdn=..., helo=..., from=<...>` with what is known of the client, and behind it whatever
 * `format` makes, which begins with ", ". `sender` is NULL before MAIL. */
void peer_log(const struct peer *peer, enum log_level level, const char *event, const char *sender, const char *format,
              ...) __attribute__((format(printf, 5, 6)));

/* Adds a name or address from outside to a log line, bounded and quoted where it could mislead (log_value.h). */
void peer_add_value(struct strbuf *line, const char *value);

/* Counts what is exempt, and logs it. `sender` is NULL before MAIL. */
void peer_exempt(const struct peer *peer, enum log_level level, enum reason reason, const char *sender);

/* Counts a fault of ours and logs it: the message goes on. */
void peer_fault(const struct peer *peer, enum reason reason);

#endif
