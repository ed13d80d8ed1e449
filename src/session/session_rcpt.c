/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RCPT: each recipient of a message. */
#include "session/session.h"

#include "policy/verdict_decide.h"
#include "policy/whitelist.h"
#include "session/decision.h"
#include "session/exemption.h"
#include "session/refusal.h"
#include "session/srs_rules.h"
#include "session/state.h"
#include "srs/srs_reverse.h"

static const struct session_reply go_on = {.step = SESSION_CONTINUE};

/* Stores a recipient that gets the message, in case a quarantine takes it away. */
static void keep_recipient(struct session *session, const struct session_recipient *recipient)
{
    struct message *message = &session->message;

    message->accepted = true;
    message->record.accepted_count++;
    if (!state_keeps_recipients(session) || message->recipients_lost)
        return;
    if (!message_add_recipient(message, recipient))
        client_log_fault(&session->client, REASON_FAULT_KEPT_RECIPIENT);
}

/* True if each reading of the recipient is whitelisted. */
static bool is_whitelisted(const struct config *config, const struct session_recipient *recipient)
{
    for (size_t i = 0; i < recipient->count; i++)
        if (!whitelist_has_mailbox(&config->whitelist_to, &recipient->readings[i]))
            return false;
    return recipient->count > 0;
}

/* What follows for a recipient, and by which settings. */
struct judgement {
    const struct config *settings;
    enum reason exemption; /* why it gets the message whatever the result; else REASON_NONE */
    struct verdict verdict;
};

/* Of one that has no settings of its own: what stops it in any reading, or else that of the first. */
static struct judgement judge_for_all(const struct session *session, const struct session_recipient *recipient)
{
    const struct message *message = &session->message;
    struct judgement judgement = {.settings = session->shared.config,
                                  .verdict = decision_for(message, session->shared.config, &recipient->readings[0])};

    for (size_t i = 1; i < recipient->count && judgement.verdict.kind == VERDICT_CONTINUE; i++)
        judgement.verdict = decision_for(message, session->shared.config, &recipient->readings[i]);
    return judgement;
}

/* Of one reading, which may have settings of its own. May block, unless session_await was called. */
static struct judgement judge_reading(struct session *session, const struct address *reading)
{
    struct judgement judgement = {.settings = config_for_recipient(session->shared.config, reading),
                                  .verdict = verdict_continue()};

    judgement.exemption = exemption_of_message(session, judgement.settings);
    if (judgement.exemption == REASON_NONE)
        judgement.exemption =
            decision_make_for(&session->message, &session->shared, judgement.settings, state_client(session));
    if (judgement.exemption == REASON_NONE)
        judgement.verdict = decision_for(&session->message, judgement.settings, reading);
    return judgement;
}

/* How much stands in the way of the message. */
static int weight(const struct judgement *judgement)
{
    if (judgement->exemption != REASON_NONE)
        return 0;
    if (judgement->verdict.kind == VERDICT_CONTINUE)
        return 1;
    return judgement->settings->test_mode ? 2 : 3;
}

/* That of the reading that most stands in the way of; of several the first. */
static struct judgement judge(struct session *session, const struct session_recipient *recipient)
{
    struct judgement found = judge_reading(session, &recipient->readings[0]);

    for (size_t i = 1; i < recipient->count; i++) {
        const struct judgement other = judge_reading(session, &recipient->readings[i]);

        if (weight(&other) > weight(&found))
            found = other;
    }
    return found;
}

/* What a reading is in SRS; SRS_FOREIGN without an SRSDomain. */
static enum srs_status srs_status_of(const struct srs_rules *rules, const struct address *reading)
{
    struct address stands_for = {0};
    enum srs_status status = SRS_FOREIGN;

    if (rules != NULL)
        status = srs_reverse(srs_rules_settings(rules), reading, clock_unix_s(&clock_system), &stands_for);
    address_free(&stands_for);
    return status;
}

/* Why nobody can be written to at this reading, where it looks like an SRS address of ours. */
static enum reason bad_srs_address(const struct srs_rules *rules, const struct address *reading)
{
    switch (srs_status_of(rules, reading)) {
    case SRS_INCOMPLETE:
        return REASON_SRS_INCOMPLETE;
    case SRS_SHORT_HASH:
    case SRS_WRONG_HASH:
        return REASON_SRS_FORGED;
    case SRS_EXPIRED:
        return REASON_SRS_EXPIRED;
    default:
        return REASON_NONE;
    }
}

/* The same of each reading, else REASON_NONE. */
static enum reason bad_srs_recipient(const struct srs_rules *rules, const struct session_recipient *recipient)
{
    enum reason reason = REASON_NONE;

    for (size_t i = 0; i < recipient->count && (i == 0 || reason != REASON_NONE); i++)
        reason = bad_srs_address(rules, &recipient->readings[i]);
    return reason;
}

/* True if a bounce may come home with it: `SRSTooLong rewrite` wrote it, be it too long. Without memory nobody knows.
 */
static bool may_be_our_own(const struct srs_rules *rules, const struct session_recipient *recipient)
{
    for (size_t i = 0; i < recipient->count; i++) {
        const enum srs_status status = srs_status_of(rules, &recipient->readings[i]);

        if (status == SRS_DONE || status == SRS_NO_MEMORY)
            return true;
    }
    return false;
}

/* What is wrong with a recipient's address, whatever the message. */
static enum reason bad_recipient(const struct session *session, const struct session_recipient *recipient)
{
    const struct srs_rules *rules = session->shared.srs;

    if (recipient->count == 0)
        return REASON_RECIPIENT_MALFORMED;
    if (recipient->status == ADDRESS_LOCAL_TOO_LONG && !session->shared.config->relaxed_local_part &&
        !may_be_our_own(rules, recipient))
        return REASON_RECIPIENT_TOO_LONG;
    return bad_srs_recipient(rules, recipient);
}

/* Why a recipient gets the message whatever the result; REASON_NONE: it does not. */
static enum reason recipient_exemption(const struct config *config, const struct session_recipient *recipient)
{
    if (is_whitelisted(config, recipient))
        return REASON_WHITELISTED_RECIPIENT;
    if (recipient->status == ADDRESS_NO_MEMORY) /* perhaps a whitelisted one: it gets the message as it is */
        return REASON_FAULT_RECIPIENT;
    return REASON_NONE;
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

/* Decides for a recipient that can be read, on its own. False, with nothing noted of the recipient, if the message goes
 * on to it as to any other. */
static bool settle(struct session *session, const struct session_recipient *recipient, struct session_reply *reply)
{
    struct message *message = &session->message;
    const bool is_own = session_has_own_settings(session);
    const struct judgement judgement = is_own ? judge(session, recipient) : judge_for_all(session, recipient);

    message->is_judged = message->is_judged || (is_own && judgement.exemption == REASON_NONE);
    if (judgement.exemption != REASON_NONE) {
        *reply = exempt_recipient(session, recipient, judgement.exemption);
        return true;
    }
    if (judgement.verdict.kind != VERDICT_CONTINUE)
        *reply = refusal_of_message(message, judgement.settings, &session->client, &judgement.verdict, true,
                                    recipient->readings[0].text, &session->reply);
    if (judgement.verdict.kind == VERDICT_CONTINUE || reply->step == SESSION_CONTINUE)
        note_fields(message, judgement.settings);
    return judgement.verdict.kind != VERDICT_CONTINUE;
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
        judgement = judge(session, recipient);
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
    enum reason bad_form = bad_recipient(session, recipient);
    struct session_reply reply;

    if (bad_form != REASON_NONE)
        return refuse_form(session, recipient, bad_form);
    if ((message->stage == MESSAGE_DECIDED || session_has_own_settings(session)) &&
        state_is_due(session, REFUSE_AT_RCPT) && settle(session, recipient, &reply))
        return reply;
    if (state_keeps_recipients(session) && message->recipient_count >= MESSAGE_RECIPIENTS_MAX)
        return refusal_of_number(message, config, shown, &session->reply);
    keep_recipient(session, recipient);
    return go_on;
}

/* The results are found out, and recorded, for a whitelisted recipient too. */
static void judge_whitelisted(struct session *session, const struct session_recipient *recipient)
{
    struct judgement judgement;

    if (!session_has_own_settings(session) || recipient->count == 0)
        return;
    judgement = judge_reading(session, &recipient->readings[0]);
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
    exemption = recipient_exemption(session->shared.config, recipient);
    if (exemption == REASON_WHITELISTED_RECIPIENT)
        judge_whitelisted(session, recipient);
    if (exemption != REASON_NONE)
        return exempt_recipient(session, recipient, exemption);
    if (!session->client.local && session->abilities.refuses_recipients)
        return rcpt_to(session, recipient);
    keep_recipient(session, recipient);
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
