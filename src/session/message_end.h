/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done and logged at the end of a message. */
#ifndef SMF_SESSION_MESSAGE_END_H
#define SMF_SESSION_MESSAGE_END_H

#include "config/config.h"
#include "session/message.h"
#include "session/peer.h"

/* Adds the insertions of the result fields of a DECIDED message to its actions. */
void message_add_fields(struct message *message, const struct config *config, const struct peer *peer);

/* Builds the actions of a message that is EXEMPT or DECIDED in their order, logs and counts them. What cannot be built
 * for want of memory, or is beyond the abilities of the front end, is left out, each kind of action whole. */
void message_end(struct message *message, const struct config *config, const struct session_abilities *abilities,
                 const struct peer *peer);

#endif
