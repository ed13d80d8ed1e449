/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done at the end of a message. */
#ifndef SMF_SESSION_MESSAGE_END_H
#define SMF_SESSION_MESSAGE_END_H

#include "config/config.h"
#include "session/client.h"
#include "session/message.h"

/* Adds to the actions of a DECIDED message what can be done before its end: a quarantine for all of its recipients, and
 * the insertions of its result fields. Notes and counts nothing. */
void message_add_early(struct message *message, const struct config *config, const struct session_abilities *abilities,
                       const struct client *client);

/* Builds the actions of a message that is EXEMPT or DECIDED in their order, notes them in its record and counts them.
 * What cannot be built for lack of memory, or is beyond the abilities of the front end, is left out, each kind of
 * action as a whole. */
void message_end(struct message *message, const struct config *config, const struct session_abilities *abilities,
                 const struct client *client);

#endif
