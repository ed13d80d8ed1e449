/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a client, a sender or a message is not checked, as far as is known without a lookup. Each is REASON_NONE where it
 * is checked; where recipients have settings of their own, "for all" is so only if it is not checked for any of them.
 */
#ifndef SMF_SESSION_EXEMPTION_H
#define SMF_SESSION_EXEMPTION_H

#include "session/reason.h"
#include "session/session.h"

/* The client, when it connects, by its address and by its name (NULL: none). */
enum reason exemption_of_client_for_all(const struct session *session, const char *name);

/* What the client has shown about itself by MAIL. */
enum reason exemption_of_proof_for_all(const struct session *session, const struct session_sender *sender);

/* The current message, for recipients with these settings. */
enum reason exemption_of_message(const struct session *session, const struct config *settings);
enum reason exemption_of_message_for_all(const struct session *session);

#endif
