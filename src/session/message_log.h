/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one line that the log has of a message, written when the message is over: by then the MTA's queue id is known, if
 * there is to be one. docs/smf-spf.8, LOG, promises its keys. */
#ifndef SMF_SESSION_MESSAGE_LOG_H
#define SMF_SESSION_MESSAGE_LOG_H

#include "session/client.h"
#include "session/message.h"

/* Writes the line of a message that has none yet (message->record.is_open); else does nothing. `problem`: why the
 * client of a relay is not known; NULL: it is, or there is none. Text, and for LogFormat json an object. */
void message_log(struct message *message, const struct client *client, const char *problem);

/* The line of a client whose messages are not checked, and that are not seen for that: `sender` is NULL at connect. It
 * counts the exemption. */
void message_log_exempt_client(const struct client *client, enum reason reason, const char *sender,
                               const char *queue_id);

#endif
