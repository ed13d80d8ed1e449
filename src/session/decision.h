/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which identities of a message are checked, when, and what follows from their results. */
#ifndef SMF_SESSION_DECISION_H
#define SMF_SESSION_DECISION_H

#include "session/client.h"
#include "session/message.h"
#include "session/session.h"

/* Names the identities to check of a message whose sender is known: it is PENDING. It takes over what was begun of the
 * client's HELO name, if that is checked (always for the null sender, else if `checks_helo`). */
void decision_begin(struct message *message, bool checks_helo, struct client *client);

/* Finds out what is not known yet of a PENDING message (inquiry.h), and decides: it is DECIDED; or EXEMPT, where
 * WhitelistHelo or WhitelistSPF names its client. May block until DNSTimeout. */
void decision_make(struct message *message, const struct session_shared *shared, const struct client *client);

/* The same for recipients with these settings: what is not known yet is found out, and the message is DECIDED, unless
 * they are exempt by a lookup; the reason why they are, or REASON_NONE. */
enum reason decision_make_for(struct message *message, const struct session_shared *shared,
                              const struct config *settings, const struct client *client);

/* The step at which a message of this client is decided, and refused. Where there are rules for some recipients, each
 * is decided on its own, at RCPT, and at RCPT at the latest where some are greylisted; a local submission never has a
 * recipient refused. What one of our relays sends is decided at its end. Where the front end has no such step, it is
 * the next one, or else the last. */
enum refuse_at decision_due(const struct config *config, const struct session_abilities *abilities,
                            const struct client *client);

/* Starts the lookups that decision_make will need for this message, or for the HELO name that was just given. Does not
 * wait. */
void decision_speculate(struct message *message, const struct session_shared *shared, const struct client *client);
void decision_speculate_helo(const struct session_shared *shared, struct client *client);

/* What follows for one recipient of a DECIDED message, who has these settings; NULL: one that no rule is for. */
struct verdict decision_for(const struct message *message, const struct config *config,
                            const struct address *recipient);

/* What Postfix is to do with a DECIDED message, as an identity passes; the sender's counts first. NULL: nothing,
 * as in TestMode, and for a message in quarantine. */
const char *decision_on_pass(const struct message *message, const struct config *config);

#endif
