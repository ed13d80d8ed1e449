/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Greylisting of a message that is not refused: facts of the message and the recipient in, a deferral out. Who is asked
 * about at RCPT is answered there, each on its own; a message from the null sender at DATA, for all of its recipients,
 * so that servers that only look whether a recipient exists (call-outs) hear of it at once, and are not stored. A store
 * without an answer defers nobody. */
#ifndef SMF_SESSION_GREYLISTING_H
#define SMF_SESSION_GREYLISTING_H

#include "config/config.h"
#include "session/session.h"

#include <stdbool.h>

/* True if messages of this client are greylisted for some recipient. */
bool greylisting_is_on(const struct session *session);

/* Where all else about the message is known: asks about this recipient (NULL: none) what session_rcpt will need, and
 * once DATA is reached, what session_data will, without waiting. What was asked once is not asked again. True: all is
 * known; false: as session_await has it. */
bool greylisting_await(struct session *session, const struct session_recipient *recipient, session_ready ready,
                       void *context);

/* At RCPT, of a DECIDED message that goes on to this recipient. True with the reply, counted and noted: it is deferred.
 * False in TestMode, with *is_noted: as one that would be deferred. May block for STORE_WAIT_MS, unless
 * greylisting_await was called. */
bool greylisting_defers(struct session *session, const struct session_recipient *recipient, bool *is_noted,
                        struct session_reply *reply);

/* The same at DATA, for the message as a whole. */
bool greylisting_defers_message(struct session *session, struct session_reply *reply);

#endif
