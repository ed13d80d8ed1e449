/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client that handed a message to one of our relays, as that relay's Received field names it. */
#ifndef SMF_SESSION_RELAYED_CLIENT_H
#define SMF_SESSION_RELAYED_CLIENT_H

#include "config/config.h"
#include "session/client.h"
#include "session/reason.h"

#include <stdbool.h>

enum { RELAYED_CLIENT_FIELDS_MAX = 10 }; /* Received fields that are read of one message */

/* Zeroed: nothing is known yet. */
struct relayed_client {
    struct addr address;  /* that client's own */
    unsigned fields;      /* Received fields that were read, from the topmost on */
    bool done;            /* the fields below are not read: anybody may have written them */
    bool known;           /* a field named a client that is not one of our relays */
    bool authenticated;   /* it logged in there */
    const char *problem;  /* where nothing is known: what is wrong with the last field that was read; lives as long as
                           * the program
                           */
    struct client client; /* the relay's client, as if it had connected here; its `address` is the relay's */
};

/* Makes memory that has any content one of which nothing is known. */
void relayed_client_init(struct relayed_client *relayed);

void relayed_client_reset(struct relayed_client *relayed); /* frees what it holds: nothing is known */

/* Takes the next Received field of the message, from the topmost on. The first is the relay's own. Where it names
 * another of our relays, or the relay's own loopback address, as for a content filter there, that host wrote the next
 * field. The first client that is not ours ends the search, and so does a field that cannot be read. False if out of
 * memory; then nothing is known. */
bool relayed_client_note(struct relayed_client *relayed, const struct config *config, const struct client *relay,
                         const char *value);

/* Why a message of this client is not checked; REASON_NONE: it is. */
enum reason relayed_client_exemption(const struct relayed_client *relayed, const struct config *config);

#endif
