/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who handed a message to a relay of our own: what that relay wrote in its Received field. */
#ifndef SMF_MILTER_ORIGIN_H
#define SMF_MILTER_ORIGIN_H

#include "milter/peer.h"
#include "policy/config.h"

#include <stdbool.h>

/* Zeroed: nothing is known yet. */
struct origin {
    struct peer peer; /* the relay's client, as if it had connected here; `client` is the relay's address */
    struct addr client;
    bool seen;          /* the topmost Received field went by */
    bool known;         /* it named a client */
    bool authenticated; /* one that logged in there */
};

void origin_reset(struct origin *origin); /* frees what it holds and zeroes it */

/* Takes the first Received field for the relay's own; those below it may be anybody's and are not looked at. False if
 * out of memory; then nothing is known. */
bool origin_note(struct origin *origin, const struct config *config, const struct peer *relay, const char *value);

/* Why a message of this origin is not checked; NULL: it is. */
const char *origin_skip(const struct origin *origin, const struct config *config);

#endif
