/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RCPT: each recipient of a message. */
#include "session/session.h"

#include "session/decision.h"
#include "session/exemption.h"
#include "session/greylisting.h"
#include "session/judgement.h"
#include "session/refusal.h"
#include "session/state.h"

static const struct session_reply go_on = {.step = SESSION_CONTINUE};

/* Stores a recipient that gets the message, in case a quarantine takes it away. `is_noted`: the record has it. */
static void keep_recipient(struct session *session, const struct session_recipient *recipient, bool is_noted)
{
    struct message *message = &session->message;

    message->accepted = message->accepted || !is_noted;
    message->record.accepted_count += !is_noted;
    if (!state_keeps_recipients(session) || message->recipients_lost)
        return;
    if (!message_add_recipient(message, recipient))
        client_log_fault(&session->client, REASON_FAULT_KEPT_RECIPIENT);
}

/* Notes a recipient that gets the message whatever the result. */
static struct session_reply exempt_recipient(struct session *session, const struct session_recipient *recipient,
                                             enum reason exemption)
{
    struct message *message = &session->message;

    if (exemption == REASON_FAULT_RECIPIENT)
        client_log_fault(&session->client, exemption);
    else if (message->followed == NULL)
        reason_count(exemption, false);
    message_record_exempt_recipient(&message->record, recipient->count > 0 ? recipient->readings[0].text : NULL);
    if (message->exempt_recipient == REASON_NONE)
        message->exempt_recipient = exemption;
    return state_go_on_for(exemption);
}

/* Notes which fields the settings of a recipient add, who gets the message. */
static void note_fields(struct message *message, const struct config *settings)
{
    message->adds_results = message->adds_results || settings->add_header;
    message->adds_received = message->adds_received || settings->add_received_header;
    message->shows_helo = message->shows_helo || settings->check_helo;
}

/* Decides for a recipient that can be read, on its own. False, with nothing noted of the recipient but *settings, by
 * which it was judged, if the message goes on to it as to any other. */
static bool settle(struct session *session, const struct session_recipient *recipient, const struct config **settings,
                   struct session_reply *reply)
{
    struct message *message = &session->message;
    const bool is_own = session_has_own_settings(session);
    const struct judgement judgement = judgement_make(session, recipient);

    message->is_judged = message->is_judged || (is_own && judgement.exemption == REASON_NONE);
    if (judgement.exemption != REASON_NONE) {
        *reply = exempt_recipient(session, recipient, judgement.exemption);
        return true;
    }
    *settings = judgement.settings;
    if (judgement.verdict.kind == VERDICT_CONTINUE)
        return false;
    *reply = refusal_of_message(message, judgement.settings, &session->client, &judgement.verdict, true,
                                recipient->readings[0].text, &session->reply);
    if (reply->step == SESSION_CONTINUE)
        note_fields(message, judgement.settings);
    return true;
}

/* The answer for one that is refused for its form, by its own settings, unless these exempt it. */
static struct session_reply refuse_form(struct session *session, const struct session_recipient *recipient,
                                        enum reason bad_form)
{
    struct message *message = &session->message;
    const char *shown = recipient->count > 0 ? recipient->readings[0].text : NULL;
    const bool is_own = session_has_own_settings(session);
    struct judgement judgement = {.settings = session->shared.config};
    struct session_reply reply;

    if (is_own && recipient->count > 0)
        judgement = judgement_make(session, recipient);
    else if (is_own) /* no pattern covers it */
        judgement.exemption = exemption_of_message(session, judgement.settings);
    if (judgement.exemption != REASON_NONE)
        return exempt_recipient(session, recipient, judgement.exemption);
    reply = refusal_of_recipient(message, judgement.settings, bad_form, shown, &session->reply);
    message->is_judged = message->is_judged || (is_own && message->stage == MESSAGE_DECIDED);
    if (reply.step == SESSION_CONTINUE)
        note_fields(message, judgement.settings);
    return reply;
}

/* The answer to RCPT for a recipient that may be refused. */
static struct session_reply rcpt_to(struct session *session, const struct session_recipient *recipient)
{
    const struct config *config = session->shared.config;
    struct message *message = &session->message;
    const char *shown = recipient->count > 0 ? recipient->readings[0].text : NULL;
    const enum reason bad_form = judgement_bad_form(session, recipient);
    const struct config *settings = NULL;
    struct session_reply reply;
    bool is_noted = false;

    if (bad_form != REASON_NONE)
        return refuse_form(session, recipient, bad_form);
    if ((message->stage == MESSAGE_DECIDED || session_has_own_settings(session)) &&
        state_is_due(session, REFUSE_AT_RCPT) && settle(session, recipient, &settings, &reply))
        return reply;
    if (state_keeps_recipients(session) && message->recipient_count >= MESSAGE_RECIPIENTS_MAX)
        return refusal_of_number(message, config, shown, &session->reply);
    if (greylisting_defers(session, recipient, &is_noted, &reply))
        return reply;
    if (settings != NULL)
        note_fields(message, settings);
    keep_recipient(session, recipient, is_noted);
    return go_on;
}

/* The results are found out, and recorded, for a whitelisted recipient too. */
static void judge_whitelisted(struct session *session, const struct session_recipient *recipient)
{
    struct judgement judgement;

    if (!session_has_own_settings(session) || recipient->count == 0)
        return;
    judgement = judgement_of_reading(session, &recipient->readings[0]);
    if (judgement.exemption != REASON_NONE)
        return;
    session->message.is_judged = true;
    note_fields(&session->message, judgement.settings);
}

static struct session_reply take_recipient(struct session *session, const struct session_recipient *recipient)
{
    struct message *message = &session->message;
    enum reason exemption;

    if (message->stage == MESSAGE_PENDING && state_is_due(session, REFUSE_AT_RCPT) &&
        !session_has_own_settings(session))
        decision_make(message, &session->shared, &session->client);
    if (message->stage == MESSAGE_NONE || message->stage == MESSAGE_EXEMPT) {
        message->record.accepted_count++;
        return state_go_on_for(message->reason);
    }
    exemption = judgement_exemption(session->shared.config, recipient);
    if (exemption == REASON_WHITELISTED_RECIPIENT)
        judge_whitelisted(session, recipient);
    if (exemption != REASON_NONE)
        return exempt_recipient(session, recipient, exemption);
    if (!session->client.local && session->abilities.refuses_recipients)
        return rcpt_to(session, recipient);
    keep_recipient(session, recipient, false);
    return go_on;
}

struct session_reply session_rcpt(struct session *session, const struct session_recipient *recipient)
{
    struct session_reply reply;

    state_follow(session);
    state_take_outcomes(session);
    reply = take_recipient(session, recipient);
    state_put_outcomes(session);
    return reply;
}

const char *session_on_pass(const struct session *session, const struct session_recipient *recipient)
{
    const struct config *settings = session->shared.config;

    if (recipient != NULL && recipient->count > 0 && session_has_own_settings(session))
        settings = config_for_recipient(settings, &recipient->readings[0]);
    return decision_on_pass(&session->message, settings);
}
