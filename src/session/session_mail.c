/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MAIL: the sender of a message. */
#include "session/session.h"

#include "base/stats.h"
#include "session/decision.h"
#include "session/exemption.h"
#include "session/message_log.h"
#include "session/refusal.h"
#include "session/state.h"

#include <stdlib.h>
#include <string.h>

static const struct session_reply go_on = {.step = SESSION_CONTINUE};

/* Keeps the name that the MTA gave itself, mostly the same for each message. False if out of memory. */
static bool keep_receiver(struct session *session, const char *receiver)
{
    if (session->receiver != NULL && strcmp(session->receiver, receiver) == 0)
        return true;
    free(session->receiver);
    session->receiver = strdup(receiver);
    return session->receiver != NULL;
}

static bool begin_message(struct session *session, const struct session_sender *sender)
{
    const struct config *config = session->shared.config;
    const char *receiver = session_host_name(session);

    if (sender->receiver != NULL && sender->receiver[0] != '\0') {
        if (!keep_receiver(session, sender->receiver))
            return false;
        receiver = session->receiver;
    }
    message_begin(&session->message, receiver, config->authserv_id != NULL ? config->authserv_id : receiver);
    return true;
}

/* What is wrong with the form of a sender's address. One that cannot be read has no domain and the result none; it is
 * refused where any result is. */
static enum reason fault_of_form(const struct config *config, enum address_status status)
{
    if (status == ADDRESS_MALFORMED && config->verdict.refuse_mail_from != 0)
        return REASON_SENDER_MALFORMED;
    if (status == ADDRESS_LOCAL_TOO_LONG && !config->relaxed_local_part)
        return REASON_SENDER_TOO_LONG;
    return REASON_NONE;
}

/* A message of one of our relays, whose header names the client, if the front end shows that. */
static void begin_relayed(struct session *session)
{
    struct message *message = &session->message;

    if (session->abilities.sees_headers) {
        message_await_relayed_client(message);
        return;
    }
    message_exempt(message, REASON_RELAY_UNREAD);
    if (!message_is_counted_elsewhere(message)) /* else the milter reads it */
        reason_count(REASON_RELAY_UNREAD, false);
}

/* True if session_await, which comes next, asks about the sender first: then there is nothing to do ahead. */
static bool asks_at_once(const struct session *session)
{
    return session->abilities.awaits && session->shared.config->whitelist_helo.texts.count == 0;
}

/* The answer to MAIL for a sender that was read. */
static struct session_reply mail_from(struct session *session, enum address_status status)
{
    const struct config *config = session->shared.config;
    struct message *message = &session->message;
    enum reason exemption = exemption_of_message_for_all(session), bad_form = fault_of_form(config, status);

    if (exemption != REASON_NONE) {
        message_exempt(message, exemption);
        if (!message_is_counted_elsewhere(message))
            reason_count(exemption, false);
        return go_on;
    }
    if (session->client.relays) { /* what it has accepted cannot be refused without a bounce */
        begin_relayed(session);
        return go_on;
    }
    if (bad_form != REASON_NONE) {
        struct session_reply reply = refusal_of_sender(message, config, bad_form, &session->reply);

        if (reply.step == SESSION_REFUSE)
            return reply;
    }
    if (session->helo_lost) { /* a result could be that of another name: the message continues without one */
        message_exempt(message, REASON_FAULT_HELO);
        return go_on;
    }
    decision_begin(message, state_checks_helo(session), &session->client);
    client_set_begun(&session->client, NULL); /* unless the message has it, it is of no use */
    if (state_is_due(session, REFUSE_AT_MAIL) && !session->abilities.awaits)
        return state_decide(session);
    if (!asks_at_once(session) && state_may_speculate(session))
        decision_speculate(message, &session->shared, &session->client);
    return go_on;
}

/* Tells of a client that proved who it is, unless the milter's session does. */
static void log_exempt(const struct session *session, const struct session_sender *sender, enum reason exemption)
{
    const char *shown = sender->address.text != NULL ? sender->address.text : "";

    if (state_is_told_elsewhere(session))
        return;
    message_log_exempt_client(&session->client, exemption, shown, sender->queue_id);
    stats_add(STATS_MESSAGES, session->abilities.yields);
}

/* Begins the message with its sender, unless the client is exempt. */
static struct session_reply take_sender(struct session *session, struct session_sender *sender)
{
    struct message *message = &session->message;
    enum reason exemption = exemption_of_proof_for_all(session, sender);

    if (exemption != REASON_NONE) {
        log_exempt(session, sender, exemption);
        return state_leave_alone(exemption);
    }
    if (!begin_message(session, sender)) {
        client_log_fault(&session->client, REASON_FAULT_SENDER);
        return state_go_on_for(REASON_FAULT_SENDER);
    }
    message_record_begin(&message->record, session->shared.config->test_mode);
    message_note_queue_id(message, sender->queue_id);
    if (sender->status != ADDRESS_NULL && sender->address.text == NULL) { /* NO_MEMORY */
        client_log_fault(&session->client, REASON_FAULT_SENDER);
        return go_on;
    }
    message->sender = sender->address;
    message->null_sender = sender->status == ADDRESS_NULL;
    message->is_malformed = sender->status == ADDRESS_MALFORMED;
    message->authenticated = sender->authenticated;
    message->has_certificate = sender->has_certificate;
    sender->address = (struct address){.text = NULL};
    companion_begin_message(session->companion, message);
    state_follow(session);
    message->is_ahead = message->followed == NULL && state_is_told_elsewhere(session);
    return mail_from(session, sender->status);
}

struct session_reply session_mail(struct session *session, struct session_sender *sender)
{
    struct session_reply reply;

    state_forget_message(session);
    stats_add(STATS_MESSAGES, !session->abilities.yields); /* else when it is known whose message it is */
    reply = take_sender(session, sender);
    if (reply.step == SESSION_REFUSE)
        state_forget_message(session);
    else if (reply.reason == REASON_NONE)
        reply.reason = session->message.reason;
    address_free(&sender->address);
    return reply;
}
