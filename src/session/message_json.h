/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line of a message as JSON. */
#ifndef SMF_SESSION_MESSAGE_JSON_H
#define SMF_SESSION_MESSAGE_JSON_H

#include "base/strbuf.h"
#include "session/client.h"
#include "session/message.h"

/* Appends the members of the object, from `"event":"message"` on; docs/smf-spf.8, LOG, promises them. */
void message_json(const struct message *message, const struct client *client, struct strbuf *out);

/* The same of a client whose messages are not seen; `sender` and `queue_id` may be NULL. */
void message_json_exempt_client(const struct client *client, enum reason reason, const char *sender,
                                const char *queue_id, struct strbuf *out);

#endif
