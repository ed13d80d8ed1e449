/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which identities of a message are checked, and what follows from their results. */
#ifndef SMF_MILTER_DECISION_H
#define SMF_MILTER_DECISION_H

#include "milter/message.h"
#include "milter/peer.h"
#include "milter/session.h"

/* Names the identities of a message whose sender is known that are to be checked. */
void decision_begin(struct message *message, const struct config *config, const struct peer *peer);

/* Finds out their results, logs them, and decides. May block until DNSTimeout. */
void decision_judge(struct message *message, const struct session_shared *shared, const struct peer *peer);

/* True if each recipient is decided on its own, at RCPT, because there are rules for some. A local submission never has
 * a recipient refused. */
bool decision_is_by_recipient(const struct config *config, const struct peer *peer);

/* What follows for one recipient of a message that was judged; NULL: one that no rule is for. */
struct verdict decision_for(const struct message *message, const struct config *config,
                            const struct address *recipient);

#endif
