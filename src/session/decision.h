/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which identities of a message are checked, when, and what follows from their results. */
#ifndef SMF_SESSION_DECISION_H
#define SMF_SESSION_DECISION_H

#include "session/message.h"
#include "session/peer.h"
#include "session/session.h"

/* Names the identities to check of a message whose sender is known: it is PENDING. */
void decision_begin(struct message *message, const struct config *config, const struct peer *peer);

/* Finds out the results of a PENDING message, logs them, and decides: it is DECIDED; or, where a host that may forward
 * any mail sends it, EXEMPT. May block until DNSTimeout. */
void decision_judge(struct message *message, const struct session_shared *shared, const struct peer *peer);

/* The step at which a message of this client is judged, and refused. Where there are rules for some recipients, each is
 * decided on its own, at RCPT; a local submission never has a recipient refused. What a relay of our own sends is
 * judged at its end. Where the front end is not asked at that step, it is the next one, or else the last. */
enum refuse_at decision_due(const struct config *config, const struct session_abilities *abilities,
                            const struct peer *peer);

/* Has the DNS asked for what decision_judge will need for this message, or for the HELO name that was just given.
 * Nobody waits. */
void decision_send_ahead(struct message *message, const struct session_shared *shared, const struct peer *peer);
void decision_send_helo_ahead(const struct session_shared *shared, const struct peer *peer);

/* What follows for one recipient of a DECIDED message; NULL: one that no rule is for. */
struct verdict decision_for(const struct message *message, const struct config *config,
                            const struct address *recipient);

#endif
