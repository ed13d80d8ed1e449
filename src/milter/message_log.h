/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log lines of one message. */
#ifndef SMF_MILTER_MESSAGE_LOG_H
#define SMF_MILTER_MESSAGE_LOG_H

#include "milter/message.h"
#include "milter/peer.h"

/* The result: `SPF fail (cached): ip=..., fqdn=..., helo=..., from=<...>, reason=...`. */
void message_log_result(const struct message *message, const struct peer *peer);

/* A refusal or deferral by the verdict; `recipient` is NULL at MAIL. */
void message_log_refusal(const struct message *message, const struct peer *peer, const char *recipient);

/* A recipient that gets the message whatever the result. */
void message_log_released(const struct message *message, const struct peer *peer, const char *recipient);

/* Something done at the end of the message: `event`, and behind the sender `more`, which begins with ", " or is "".
 * `queue_id` may be NULL. */
void message_log_action(const struct message *message, const struct peer *peer, const char *event, const char *more,
                        const char *queue_id);

#endif
