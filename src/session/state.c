/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several steps of a session need. */
#include "session/state.h"

#include "base/stats.h"
#include "session/decision.h"
#include "session/message_log.h"
#include "session/refusal.h"

#include <stdio.h>

struct client *state_client(struct session *session)
{
    return session->relayed.known ? &session->relayed.client : &session->client;
}

void state_follow(struct session *session)
{
    struct message *message = &session->message;

    if (session->abilities.yields && session->key.port > 0 && message->followed == NULL &&
        message->stage != MESSAGE_NONE && companion_has_message(&session->key, message))
        message->followed = &session->key;
}

bool state_is_told_elsewhere(const struct session *session)
{
    return session->abilities.yields && companion_has_client(&session->key);
}

void state_take_outcomes(struct session *session)
{
    if (session->key.port > 0 && session->message.stage == MESSAGE_PENDING)
        companion_take_outcomes(&session->key, &session->message);
}

void state_put_outcomes(const struct session *session)
{
    if (session->key.port > 0 && session->message.stage == MESSAGE_DECIDED)
        companion_put_outcomes(&session->key, &session->message);
}

/* True if there is nothing to tell of the message but what the milter tells, which had not begun it at MAIL. */
static bool is_left_to_milter(const struct message *message)
{
    const struct message_record *record = &message->record;

    return message->followed != NULL ||
           (message->is_ahead && record->refused_count + record->accepted_count + record->exempt_count == 0 &&
            (record->whole.code == NULL || record->is_test));
}

/* Logs a message of one of our relays whose header names no client. */
static void log_unread(struct session *session)
{
    const struct relayed_client *relayed = &session->relayed;
    char problem[128] = "no Received field";

    if (relayed->problem != NULL)
        (void)snprintf(problem, sizeof problem, "Received field %u %s", relayed->fields, relayed->problem);
    message_log(&session->message, state_client(session), problem);
}

void state_log_message(struct session *session)
{
    if (is_left_to_milter(&session->message)) { /* its line is that of the message */
        session->message.record.is_open = false;
        return;
    }
    if (session->message.record.is_open) {
        companion_end_message(session->companion, &session->message);
        stats_add(STATS_MESSAGES, session->abilities.yields);
    }
    if (session->abilities.sees_headers && session->message.reason == REASON_RELAY_UNREAD)
        log_unread(session);
    else
        message_log(&session->message, state_client(session), NULL);
}

void state_forget_message(struct session *session)
{
    if (!session->message.is_begun) /* as before a step that begins one */
        return;
    state_log_message(session);
    message_reset(&session->message);
    relayed_client_reset(&session->relayed);
}

bool state_is_due(const struct session *session, enum refuse_at step)
{
    return decision_due(session->shared.config, &session->abilities, &session->client) == step;
}

bool session_has_own_settings(const struct session *session)
{
    return config_variants(session->shared.config) > 1 && state_is_due(session, REFUSE_AT_RCPT);
}

bool state_checks_helo(const struct session *session)
{
    const struct config *config = session->shared.config;

    return session_has_own_settings(session) ? config->somebody.has_helo_checked : config->check_helo;
}

bool state_may_speculate(struct session *session)
{
    enum { UNUSED_MAX = 8 };

    return session->client.unused_lookahead++ < UNUSED_MAX;
}

struct session_reply state_go_on_for(enum reason reason)
{
    return (struct session_reply){.step = SESSION_CONTINUE, .reason = reason};
}

struct session_reply state_leave_alone(enum reason reason)
{
    return (struct session_reply){.step = SESSION_ACCEPT, .reason = reason};
}

/* The refusal that follows from a verdict, for the whole message. */
static struct session_reply refuse(struct session *session, const struct verdict *verdict)
{
    return refusal_of_message(&session->message, session->shared.config, state_client(session), verdict, false, NULL,
                              &session->reply);
}

struct session_reply state_decide(struct session *session)
{
    struct message *message = &session->message;

    session->client.unused_lookahead = 0;
    state_take_outcomes(session);
    if (message->stage == MESSAGE_PENDING)
        decision_make(message, &session->shared, state_client(session));
    state_put_outcomes(session);
    if (message->stage != MESSAGE_DECIDED || message->verdict.kind == VERDICT_CONTINUE ||
        message->exempt_recipient != REASON_NONE)
        return state_go_on_for(REASON_NONE);
    return refuse(session, &message->verdict);
}

bool state_keeps_recipients(const struct session *session)
{
    return session->abilities.changes_recipients && session_needs(session->shared.config).changes_recipients &&
           message_may_be_quarantined(&session->message);
}
