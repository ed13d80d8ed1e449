/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who handed a message to a relay of our own: what that relay wrote in its Received field. */
#ifndef SMF_SESSION_ORIGIN_H
#define SMF_SESSION_ORIGIN_H

#include "config/config.h"
#include "session/peer.h"
#include "session/reason.h"

#include <stdbool.h>

enum { ORIGIN_FIELDS_MAX = 10 }; /* Received fields that are read of one message */

/* Zeroed: nothing is known yet. */
struct origin {
    struct peer peer; /* the relay's client, as if it had connected here; `client` is the relay's address */
    struct addr client;
    unsigned fields;     /* Received fields that were read, from the topmost on */
    bool done;           /* the fields further down are not looked at: they may be anybody's */
    bool known;          /* a field named a client that is no relay of our own */
    bool authenticated;  /* one that logged in there */
    const char *problem; /* where nothing is known: what the last field that was read does; lives as long as the program
                          */
};

void origin_reset(struct origin *origin); /* frees what it holds and zeroes it */

/* Takes the next Received field of the message, from the topmost on. The first is the relay's own. Where it names
 * another relay of our own, or the relay's own loopback address, as a content filter there has it, that one wrote the
 * next field. The first client that is none of ours ends it, and so does a field that cannot be read. False if out of
 * memory; then nothing is known. */
bool origin_note(struct origin *origin, const struct config *config, const struct peer *relay, const char *value);

/* Why a message of this origin is not checked; REASON_NONE: it is. */
enum reason origin_exemption(const struct origin *origin, const struct config *config);

#endif
