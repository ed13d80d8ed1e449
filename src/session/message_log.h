/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log lines of one message. Each ends with its queue id, as soon as that is known. */
#ifndef SMF_SESSION_MESSAGE_LOG_H
#define SMF_SESSION_MESSAGE_LOG_H

#include "session/client.h"
#include "session/message.h"
#include "session/relayed_client.h"

/* The result of one identity: `SPF fail (cached): ip=..., fqdn=..., helo=..., from=<...>, reason=...`; of the HELO name
 * in addition to a sender: `SPF helo fail: ...`, so that a count of fails counts each message once. */
void message_log_result(const struct message *message, const struct identity_check *check, const struct client *client);

/* A refusal or deferral by the verdict, or in TestMode one that is not carried out; `recipient` is NULL where it is the
 * whole message's. */
void message_log_refusal(const struct message *message, const struct client *client, const struct verdict *verdict,
                         const char *recipient, bool is_test);

/* A recipient beyond those that a quarantine can take the message from, who is deferred; counts it. */
void message_log_too_many(const struct message *message, const struct client *client, const char *recipient);

/* A message with too many forged fields, refused with this reply, or in TestMode not. */
void message_log_forged(const struct message *message, const struct client *client, const char *reply, bool is_test);

/* The sender, or the recipient if it is not NULL, is refused for the form of its address, which counts it, or in
 * TestMode not. `reply` is its codes. */
void message_log_form(const struct message *message, const struct client *client, enum reason reason,
                      const char *recipient, const char *reply, bool is_test);

/* A message that is EXEMPT, which counts it. */
void message_log_exempt(const struct message *message, const struct client *client);

/* The same for a message of one of our relays whose client is not known; with the Received field, counted from the
 * topmost, that could not be used, and why. */
void message_log_unread_relay(const struct message *message, const struct client *client,
                              const struct relayed_client *relayed);

/* An exempt recipient: it gets the message whatever the result. */
void message_log_exempt_recipient(const struct message *message, const struct client *client, const char *recipient);

/* Something done at the end of the message: `event`, and after the sender `more`, which begins with ", " or is "". */
void message_log_action(const struct message *message, const struct client *client, const char *event,
                        const char *more);

#endif
