/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replies that refuse a message or a recipient. */
#ifndef SMF_SESSION_REFUSAL_H
#define SMF_SESSION_REFUSAL_H

#include "base/strbuf.h"
#include "session/client.h"
#include "session/message.h"
#include "session/session.h"

/* The refusal of a sender or recipient for the form of its address; SoftFail makes it a temporary one. `shown` is the
 * recipient, or NULL where it cannot be read. All refusals are counted, and noted in the record of the message, from
 * which the log has them. In TestMode that of a sender is noted in the message, and the reply lets the address through.
 * The text is written into `text`. */
struct session_reply refusal_of_sender(struct message *message, const struct config *config, enum reason reason,
                                       struct strbuf *text);
struct session_reply refusal_of_recipient(struct message *message, const struct config *config, enum reason reason,
                                          const char *shown, struct strbuf *text);

/* The deferral of a recipient beyond those that a quarantine can take a message from: the client sends to the others
 * afterwards (RFC 5321 4.5.3.1.10). */
struct session_reply refusal_of_number(struct message *message, const struct config *config, const char *shown,
                                       struct strbuf *text);

/* The deferral that greylisting decided on (RFC 3463 4.7.1), of a recipient, or of the whole message (`shown` NULL).
 * What TestMode makes of it is as for a verdict. */
struct session_reply refusal_of_greylisted(struct message *message, const struct config *config,
                                           const struct greylist_answer *answer, const char *shown,
                                           struct strbuf *text);

/* The refusal of a message with more forged fields than are removed, for all its recipients: an attack, and half
 * cleaned it would still deceive. In TestMode the reply lets the message through. */
struct session_reply refusal_of_forged(struct message *message, const struct config *config, struct strbuf *text);

/* The refusal that follows from a verdict; the same at every step: of a recipient (`recipient`, NULL where it is not
 * known), or of the whole message. The text is written into `text`. In TestMode it is noted in the message, and the
 * reply lets the message through; `config` is what holds for the recipient. */
struct session_reply refusal_of_message(struct message *message, const struct config *config,
                                        const struct client *client, const struct verdict *verdict, bool is_recipient,
                                        const char *recipient, struct strbuf *text);

#endif
