/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session from within: its parts, and what several of its steps need. */
#ifndef SMF_SESSION_STATE_H
#define SMF_SESSION_STATE_H

#include "base/strbuf.h"
#include "session/client.h"
#include "session/companion.h"
#include "session/message.h"
#include "session/relayed_client.h"
#include "session/session.h"

#include <stdbool.h>
#include <stddef.h>

struct session {
    struct session_shared shared;
    struct session_abilities abilities;
    struct companion_key key;    /* of the client, where another front end may be asked about it too; else no port */
    struct companion *companion; /* of the client, for a front end that does not yield; NULL: nothing is shared */
    struct strbuf reply;
    char *receiver; /* this host, as the MTA named itself for the message; NULL: it did not */
    bool helo_lost; /* there is one that could not be stored */

    /* The last members, as most of each need not be zeroed. */
    struct client client;
    struct relayed_client relayed; /* of the message, where one of our relays sends it */
    struct message message;
};

/* The client to check: the one that connected, or where that is one of our relays, the relay's client. */
struct client *state_client(struct session *session);

/* True if messages of this client are decided at this step. */
bool state_is_due(const struct session *session, enum refuse_at step);

/* True if the HELO name is checked in addition to a sender for some recipient that this client may name. */
bool state_checks_helo(const struct session *session);

/* True if an evaluation may begin before its result is due. Not for a client that goes on to give names and no message:
 * that would have us work, and query, for nothing. */
bool state_may_speculate(struct session *session);

/* True while recipients are stored, in case a quarantine takes the message from them. */
bool state_keeps_recipients(const struct session *session);

/* Decides about the message, for all of its recipients. May block. */
struct session_reply state_decide(struct session *session);

/* To go on, and why. */
struct session_reply state_go_on_for(enum reason reason);

/* Not to check it at all, and why. */
struct session_reply state_leave_alone(enum reason reason);

/* For a front end that yields: finds out whether the milter has the current message by now. */
void state_follow(struct session *session);

/* True if the log has what there is to tell of this client, whose messages are not checked: the milter's session wrote
 * it. */
bool state_is_told_elsewhere(const struct session *session);

/* Before and after a decision: results that another front end has found out, or may use. */
void state_take_outcomes(struct session *session);
void state_put_outcomes(const struct session *session);

/* Writes the line of the message, if it has none yet. */
void state_log_message(struct session *session);

/* The same, and makes room for the next message. */
void state_forget_message(struct session *session);

#endif
