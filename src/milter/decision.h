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

#endif
