/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done at the end of a message. */
#ifndef SMF_SESSION_MESSAGE_END_H
#define SMF_SESSION_MESSAGE_END_H

#include "config/config.h"
#include "session/client.h"
#include "session/message.h"

/* Adds the insertions of the result fields of a DECIDED message to its actions. */
void message_add_fields(struct message *message, const struct config *config, const struct client *client);

/* Builds the actions of a message that is EXEMPT or DECIDED in their order, notes them in its record and counts them.
 * What cannot be built for lack of memory, or is beyond the abilities of the front end, is left out, each kind of
 * action as a whole. */
void message_end(struct message *message, const struct config *config, const struct session_abilities *abilities,
                 const struct client *client);

#endif
