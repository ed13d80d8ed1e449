/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of one SMTP connection. */
#include "session/session.h"

#include "base/stats.h"
#include "policy/verdict_decide.h"
#include "policy/whitelist.h"
#include "session/client.h"
#include "session/decision.h"
#include "session/inquiry.h"
#include "session/message.h"
#include "session/message_end.h"
#include "session/message_log.h"
#include "session/refusal.h"
#include "session/relayed_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct session {
    struct session_shared shared;
    struct session_abilities abilities;
    struct client client;
    struct message message;
    struct relayed_client relayed; /* of the message, where one of our relays sends it */
    struct strbuf reply;
    bool helo_lost; /* there is one that could not be stored */
};

static const struct session_reply go_on = {.step = SESSION_CONTINUE};

/* True if certificates count for some recipient. */
static bool skips_certificates(const struct config *config)
{
    for (size_t i = 0; i < config_variants(config); i++)
        if (config_variant(config, i)->skip_cert)
            return true;
    return false;
}

struct session_needs session_needs(const struct config *config)
{
    bool has_rules =
        config->whitelist_to.count > 0 || config->verdict.refuse_to.count > 0 || config_variants(config) > 1;

    return (struct session_needs){
        .headers =
            ((config->verdict.tag_subject || config->verdict.quarantine == QUARANTINE_ON) && !config->test_mode) ||
            config->remove_forged_headers != FORGED_STAY || config->trusted_relay.count > 0,
        .certificates = skips_certificates(config),
        .changes_headers = true,
        .changes_recipients = config->verdict.quarantine == QUARANTINE_ON && !config->test_mode,
        .recipients = has_rules || (config->verdict.quarantine == QUARANTINE_ON && !config->test_mode),
        .holds = config->verdict.quarantine == QUARANTINE_HOLD && !config->test_mode,
    };
}

struct session *session_create(const struct session_shared *shared, const struct session_abilities *abilities)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->shared = *shared;
    session->abilities = *abilities;
    session->shared.config = config_acquire(shared->config);
    session->shared.checker = spf_checker_acquire(shared->checker);
    return session;
}

/* The client to check: the one that connected, or where that is one of our relays, the relay's client. */
static struct client *effective_client(struct session *session)
{
    return session->relayed.known ? &session->relayed.client : &session->client;
}

/* Writes the line of the message, if it has none yet. */
static void log_message(struct session *session)
{
    const bool is_unread = session->abilities.sees_headers && session->message.reason == REASON_RELAY_UNREAD;
    const struct relayed_client *relayed = &session->relayed;
    char problem[128] = "no Received field";

    if (is_unread && relayed->problem != NULL)
        (void)snprintf(problem, sizeof problem, "Received field %u %s", relayed->fields, relayed->problem);
    message_log(&session->message, effective_client(session), is_unread ? problem : NULL);
}

static void forget_message(struct session *session)
{
    if (!session->message.is_begun) /* as before a step that begins one */
        return;
    log_message(session);
    message_reset(&session->message);
    relayed_client_reset(&session->relayed);
}

void session_destroy(struct session *session)
{
    if (session == NULL)
        return;
    log_message(session);
    message_free(&session->message);
    relayed_client_reset(&session->relayed);
    client_free(&session->client);
    strbuf_free(&session->reply);
    config_release(session->shared.config);
    spf_checker_release(session->shared.checker);
    free(session);
}

const char *session_host_name(const struct session *session)
{
    return session->shared.host_name != NULL ? session->shared.host_name : "";
}

static struct session_reply go_on_for(enum reason reason)
{
    return (struct session_reply){.step = SESSION_CONTINUE, .reason = reason};
}

static struct session_reply leave_alone(enum reason reason)
{
    return (struct session_reply){.step = SESSION_ACCEPT, .reason = reason};
}

/* Why a client of this name (NULL: none, or it could not be stored) is not checked for recipients with these settings;
 * REASON_NONE: it is. */
static enum reason client_exemption(const struct client *client, const char *name, const struct config *settings)
{
    if (client->relays) /* its messages are those of others */
        return REASON_NONE;
    if (client->address.family == ADDR_NONE)
        return REASON_NO_CLIENT;
    if (whitelist_has_addr(&settings->whitelist_ip, &client->address))
        return REASON_WHITELISTED_ADDRESS;
    if (client->name_is_verified && name == NULL && settings->whitelist_ptr.count > 0)
        return REASON_FAULT_CLIENT;
    if (client->name_is_verified && name != NULL && whitelist_has_host(&settings->whitelist_ptr, name))
        return REASON_WHITELISTED_HOST;
    if (client->local && addr_equal(&client->address, &client->effective))
        return REASON_LOCAL_SUBMISSION;
    if (addr_is_loopback(&client->effective)) /* content filters, webmail: no SPF record covers them */
        return REASON_LOOPBACK;
    return REASON_NONE;
}

static bool is_due(const struct session *session, enum refuse_at step)
{
    return decision_due(session->shared.config, &session->abilities, &session->client) == step;
}

/* True if recipients of this client's messages may have settings of their own (RecipientPolicy): not where none can be
 * refused. */
static bool has_own_settings(const struct session *session)
{
    return config_variants(session->shared.config) > 1 && is_due(session, REFUSE_AT_RCPT);
}

/* How many of the configuration's variants count. */
static size_t variants(const struct session *session)
{
    return has_own_settings(session) ? config_variants(session->shared.config) : 1;
}

/* Why the client is not checked, whoever the recipient is; REASON_NONE: it is for some. */
static enum reason client_exemption_for_all(const struct session *session, const char *name)
{
    const struct config *config = session->shared.config;

    for (size_t i = 1; i < variants(session); i++)
        if (client_exemption(&session->client, name, config_variant(config, i)) == REASON_NONE)
            return REASON_NONE;
    return client_exemption(&session->client, name, config);
}

struct session_reply session_connect(struct session *session, const struct session_client *facts)
{
    struct client *client = &session->client;
    enum reason exemption;

    forget_message(session);
    client_free(client);
    session->helo_lost = false;
    client->address = facts->address;
    client->effective = client_effective_address(session->shared.config, &facts->address);
    client->local = facts->is_local;
    client->name_is_verified = facts->name_is_verified;
    client->relays = !client->local && whitelist_has_addr(&session->shared.config->trusted_relay, &client->address);
    if (facts->name != NULL && !client_set_host(client, facts->name))
        client_log_fault(client, REASON_FAULT_CLIENT);
    exemption = client_exemption_for_all(session, facts->name);
    if (exemption == REASON_NONE)
        return go_on;
    message_log_exempt_client(client, exemption, NULL, NULL);
    return leave_alone(exemption);
}

/* True if an evaluation may begin before its result is due. Not for a client that goes on to give names and no message:
 * that would have us work, and query, for nothing. */
static bool may_speculate(struct session *session)
{
    enum { UNUSED_MAX = 8 };

    return session->client.unused_lookahead++ < UNUSED_MAX;
}

struct session_reply session_helo(struct session *session, const char *helo)
{
    forget_message(session); /* RFC 5321 4.1.4: HELO ends the transaction */
    session->helo_lost = !client_set_helo(&session->client, helo != NULL ? helo : "");
    if (session->helo_lost)
        client_log_fault(&session->client, REASON_FAULT_HELO);
    client_set_begun(&session->client, NULL);
    if (!session->client.relays && may_speculate(session))
        decision_speculate_helo(&session->shared, &session->client);
    return go_on;
}

/* The refusal that follows from a verdict, for the whole message. */
static struct session_reply refuse(struct session *session, const struct verdict *verdict)
{
    return refusal_of_message(&session->message, session->shared.config, effective_client(session), verdict, false,
                              NULL, &session->reply);
}

/* Why a client that proved who it is is not checked for recipients with these settings; REASON_NONE: it is. A relay
 * proves nothing about whom it sends for. */
static enum reason proof_exemption(const struct session *session, const struct config *settings, bool authenticated,
                                   bool has_certificate)
{
    if (session->client.relays)
        return REASON_NONE;
    if (settings->skip_auth && authenticated)
        return REASON_AUTHENTICATED;
    if (settings->skip_cert && has_certificate)
        return REASON_CERTIFICATE;
    return REASON_NONE;
}

/* The same, whoever the recipient is. */
static enum reason proof_exemption_for_all(const struct session *session, const struct session_sender *sender)
{
    const struct config *config = session->shared.config;

    for (size_t i = 1; i < variants(session); i++)
        if (proof_exemption(session, config_variant(config, i), sender->authenticated, sender->has_certificate) ==
            REASON_NONE)
            return REASON_NONE;
    return proof_exemption(session, config, sender->authenticated, sender->has_certificate);
}

static bool begin_message(struct session *session, const struct session_sender *sender)
{
    const struct config *config = session->shared.config;
    const char *receiver = sender->receiver;

    if (receiver == NULL || receiver[0] == '\0')
        receiver = session_host_name(session);
    return message_begin(&session->message, receiver, config->authserv_id != NULL ? config->authserv_id : receiver);
}

/* Why this sender is not checked; REASON_NONE: it is. What cannot be read is no address, and matches no pattern. */
static enum reason sender_exemption(const struct message *message, const struct config *settings)
{
    if (message->null_sender)
        return settings->skip_ndr ? REASON_NULL_SENDER : REASON_NONE;
    if (!message->is_malformed && whitelist_has_mailbox(&settings->whitelist_from, &message->sender))
        return REASON_WHITELISTED_SENDER;
    return REASON_NONE;
}

/* Why the message is not checked for recipients with these settings, as far as is known without a lookup. */
static enum reason message_exemption(const struct session *session, const struct config *settings)
{
    const struct message *message = &session->message;
    enum reason exemption = REASON_NONE;

    if (settings != session->shared.config || has_own_settings(session))
        exemption = client_exemption(&session->client, session->client.host, settings);
    if (exemption == REASON_NONE)
        exemption = proof_exemption(session, settings, message->authenticated, message->has_certificate);
    return exemption != REASON_NONE ? exemption : sender_exemption(message, settings);
}

/* The same, whoever the recipient is. */
static enum reason message_exemption_for_all(const struct session *session)
{
    const struct config *config = session->shared.config;

    for (size_t i = 1; i < variants(session); i++)
        if (message_exemption(session, config_variant(config, i)) == REASON_NONE)
            return REASON_NONE;
    return message_exemption(session, config);
}

/* Decides about the message, for all of its recipients. May block. */
static struct session_reply decide(struct session *session)
{
    struct message *message = &session->message;

    session->client.unused_lookahead = 0;
    decision_make(message, &session->shared, effective_client(session));
    if (message->stage != MESSAGE_DECIDED || message->verdict.kind == VERDICT_CONTINUE ||
        message->exempt_recipient != REASON_NONE)
        return go_on;
    return refuse(session, &message->verdict);
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
    reason_count(REASON_RELAY_UNREAD, false);
}

/* True if session_await, which comes next, asks about the sender first: then there is nothing to do ahead. */
static bool asks_at_once(const struct session *session)
{
    return session->abilities.awaits && session->shared.config->whitelist_helo.count == 0;
}

/* The answer to MAIL for a sender that was read. */
static struct session_reply mail_from(struct session *session, enum address_status status)
{
    const struct config *config = session->shared.config;
    struct message *message = &session->message;
    enum reason exemption = message_exemption_for_all(session), bad_form = fault_of_form(config, status);

    if (exemption != REASON_NONE) {
        message_exempt(message, exemption);
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
    decision_begin(message, config, &session->client);
    client_set_begun(&session->client, NULL); /* unless the message has it, it is of no use */
    if (is_due(session, REFUSE_AT_MAIL) && !session->abilities.awaits)
        return decide(session);
    if (!asks_at_once(session) && may_speculate(session))
        decision_speculate(message, &session->shared, &session->client);
    return go_on;
}

/* Begins the message with its sender, unless the client is exempt. */
static struct session_reply take_sender(struct session *session, struct session_sender *sender)
{
    struct message *message = &session->message;
    enum reason exemption = proof_exemption_for_all(session, sender);

    if (exemption != REASON_NONE) {
        message_log_exempt_client(&session->client, exemption, sender->address.text != NULL ? sender->address.text : "",
                                  sender->queue_id);
        return leave_alone(exemption);
    }
    if (!begin_message(session, sender)) {
        client_log_fault(&session->client, REASON_FAULT_SENDER);
        return go_on_for(REASON_FAULT_SENDER);
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
    return mail_from(session, sender->status);
}

struct session_reply session_mail(struct session *session, struct session_sender *sender)
{
    struct session_reply reply;

    forget_message(session);
    stats_add(STATS_MESSAGES, 1);
    reply = take_sender(session, sender);
    if (reply.step == SESSION_REFUSE)
        forget_message(session);
    else if (reply.reason == REASON_NONE)
        reply.reason = session->message.reason;
    address_free(&sender->address);
    return reply;
}

bool session_has_own_settings(const struct session *session)
{
    return has_own_settings(session);
}

/* True if nothing is to be found out about the message for recipients with these settings; NULL: for none. */
static bool is_known(const struct session *session, const struct config *settings)
{
    const struct message *message = &session->message;

    if (message->stage != MESSAGE_PENDING && message->stage != MESSAGE_DECIDED)
        return true;
    if (settings == NULL)
        return message->stage == MESSAGE_DECIDED || message->record.exempt_count > 0;
    return message_exemption(session, settings) != REASON_NONE;
}

bool session_await(struct session *session, const struct address *recipient, session_ready ready, void *context)
{
    const struct config *config = session->shared.config, *settings = NULL;

    if (has_own_settings(session) && recipient != NULL)
        settings = config_for_recipient(config, recipient);
    return is_known(session, settings) ||
           inquiry_start(&session->message, &session->shared, settings != NULL ? settings : config,
                         effective_client(session), ready, context);
}

struct session_reply session_decide(struct session *session)
{
    struct session_reply reply = go_on;

    if (session->message.stage == MESSAGE_PENDING && is_due(session, REFUSE_AT_MAIL))
        reply = decide(session);
    if (reply.step == SESSION_REFUSE)
        forget_message(session);
    else
        reply.reason = session->message.reason;
    return reply;
}

/* True while recipients are stored, in case a quarantine takes the message from them. */
static bool keeps_recipients(const struct session *session)
{
    return session->abilities.changes_recipients && session_needs(session->shared.config).changes_recipients &&
           message_may_be_quarantined(&session->message);
}

/* Stores a recipient that gets the message, in case a quarantine takes it away. */
static void keep_recipient(struct session *session, const struct session_recipient *recipient)
{
    struct message *message = &session->message;

    message->accepted = true;
    message->record.accepted_count++;
    if (!keeps_recipients(session) || message->recipients_lost)
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

    judgement.exemption = message_exemption(session, judgement.settings);
    if (judgement.exemption == REASON_NONE)
        judgement.exemption =
            decision_make_for(&session->message, &session->shared, judgement.settings, effective_client(session));
    if (judgement.exemption == REASON_NONE)
        judgement.verdict = decision_for(&session->message, judgement.settings, reading);
    return judgement;
}

/* What stops it in any reading, or else that of the first that is not exempt. */
static struct judgement judge(struct session *session, const struct session_recipient *recipient)
{
    struct judgement found = judge_reading(session, &recipient->readings[0]);

    for (size_t i = 1; i < recipient->count && found.verdict.kind == VERDICT_CONTINUE; i++) {
        const struct judgement other = judge_reading(session, &recipient->readings[i]);

        if (other.verdict.kind != VERDICT_CONTINUE || found.exemption != REASON_NONE)
            found = other;
    }
    return found;
}

/* What is wrong with the form of a recipient's address. */
static enum reason bad_recipient(const struct config *config, const struct session_recipient *recipient)
{
    if (recipient->count == 0)
        return REASON_RECIPIENT_MALFORMED;
    if (recipient->status == ADDRESS_LOCAL_TOO_LONG && !config->relaxed_local_part)
        return REASON_RECIPIENT_TOO_LONG;
    return REASON_NONE;
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
    else
        reason_count(exemption, false);
    message_record_exempt_recipient(&message->record, recipient->count > 0 ? recipient->readings[0].text : NULL);
    if (message->exempt_recipient == REASON_NONE)
        message->exempt_recipient = exemption;
    return go_on_for(exemption);
}

/* Notes which fields the settings of a recipient add, who gets the message. */
static void note_fields(struct message *message, const struct config *settings)
{
    message->adds_results = message->adds_results || settings->add_header;
    message->adds_received = message->adds_received || settings->add_received_header;
}

/* Decides for a recipient that can be read, on its own. False, with nothing noted of the recipient, if the message goes
 * on to it as to any other. */
static bool settle(struct session *session, const struct session_recipient *recipient, struct session_reply *reply)
{
    struct message *message = &session->message;
    const bool is_own = has_own_settings(session);
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

/* The answer to RCPT for a recipient that may be refused. */
static struct session_reply rcpt_to(struct session *session, const struct session_recipient *recipient)
{
    const struct config *config = session->shared.config;
    struct message *message = &session->message;
    const char *shown = recipient->count > 0 ? recipient->readings[0].text : NULL;
    enum reason bad_form = bad_recipient(config, recipient);
    struct session_reply reply;

    if (bad_form != REASON_NONE)
        return refusal_of_recipient(message, config, bad_form, shown, &session->reply);
    if ((message->stage == MESSAGE_DECIDED || has_own_settings(session)) && is_due(session, REFUSE_AT_RCPT) &&
        settle(session, recipient, &reply))
        return reply;
    if (keeps_recipients(session) && message->recipient_count >= MESSAGE_RECIPIENTS_MAX)
        return refusal_of_number(message, config, shown, &session->reply);
    keep_recipient(session, recipient);
    return go_on;
}

/* The results are found out, and recorded, for a whitelisted recipient too. */
static void judge_whitelisted(struct session *session, const struct session_recipient *recipient)
{
    struct judgement judgement;

    if (!has_own_settings(session) || recipient->count == 0)
        return;
    judgement = judge_reading(session, &recipient->readings[0]);
    if (judgement.exemption != REASON_NONE)
        return;
    session->message.is_judged = true;
    note_fields(&session->message, judgement.settings);
}

struct session_reply session_rcpt(struct session *session, const struct session_recipient *recipient)
{
    struct message *message = &session->message;
    enum reason exemption;

    if (message->stage == MESSAGE_PENDING && is_due(session, REFUSE_AT_RCPT) && !has_own_settings(session))
        decision_make(message, &session->shared, &session->client);
    if (message->stage == MESSAGE_NONE || message->stage == MESSAGE_EXEMPT) {
        message->record.accepted_count++;
        return go_on_for(message->reason);
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

const char *session_on_pass(const struct session *session, const struct session_recipient *recipient)
{
    const struct config *settings = session->shared.config;

    if (recipient != NULL && recipient->count > 0 && has_own_settings(session))
        settings = config_for_recipient(settings, &recipient->readings[0]);
    return decision_on_pass(&session->message, settings);
}

void session_header(struct session *session, const char *name, const char *value)
{
    enum forged_mode mode = session->shared.config->remove_forged_headers;

    if (session->message.stage == MESSAGE_RELAYED && strcasecmp(name, "Received") == 0 &&
        !relayed_client_note(&session->relayed, session->shared.config, &session->client, value))
        client_log_fault(&session->client, REASON_FAULT_RELAY);
    if (session->message.stage != MESSAGE_NONE && !message_note_field(&session->message, mode, name, value))
        client_log_fault(&session->client, REASON_FAULT_HEADER);
}

/* The identities of a relayed message are known when its header is: it is PENDING, or EXEMPT. */
static void find_relayed_client(struct session *session)
{
    struct message *message = &session->message;
    enum reason exemption = relayed_client_exemption(&session->relayed, session->shared.config);

    if (exemption == REASON_NONE) {
        decision_begin(message, session->shared.config, effective_client(session));
        return;
    }
    message_exempt(message, exemption);
    reason_count(exemption, false);
}

/* True if there is more to remove from the message than is removed from any. */
static bool has_too_many_forged(const struct session *session)
{
    const struct message *message = &session->message;

    return message_has_too_many_forged(message, keeps_recipients(session));
}

/* True if no recipient is checked, each by its own settings. */
static bool is_exempt_for_all(const struct session *session)
{
    const struct message *message = &session->message;

    return has_own_settings(session) && !message->is_judged && message->record.exempt_count > 0 &&
           (message->stage == MESSAGE_PENDING || message->stage == MESSAGE_DECIDED);
}

struct action_list session_early_actions(struct session *session)
{
    struct message *message = &session->message;

    actions_free(&message->actions);
    if (message->stage == MESSAGE_DECIDED && !is_exempt_for_all(session))
        message_add_early(message, session->shared.config, &session->abilities, effective_client(session));
    return (struct action_list){message->actions.items, message->actions.count};
}

struct session_reply session_end(struct session *session, const char *queue_id, struct action_list *actions)
{
    struct message *message = &session->message;
    struct session_abilities abilities = session->abilities;
    struct session_reply reply = go_on;

    abilities.inserts_fields &= actions != NULL;
    if (actions != NULL)
        *actions = (struct action_list){NULL, 0};
    if (message->stage == MESSAGE_NONE)
        return go_on;
    actions_free(&message->actions);
    message_note_queue_id(message, queue_id);
    if (message->stage == MESSAGE_RELAYED)
        find_relayed_client(session);
    if (is_exempt_for_all(session))
        message_exempt(message, message->exempt_recipient);
    if (message->stage == MESSAGE_PENDING)
        reply = decide(session);
    if (reply.step != SESSION_REFUSE && session->abilities.sees_headers && has_too_many_forged(session))
        reply = refusal_of_forged(message, session->shared.config, &session->reply);
    if (reply.step == SESSION_REFUSE) {
        forget_message(session);
        return reply;
    }
    message_end(message, session->shared.config, &abilities, effective_client(session));
    message->record.is_ended = true;
    log_message(session);
    reply.reason = message->reason;
    message->stage = MESSAGE_NONE; /* its actions live on until the next step */
    if (actions != NULL)
        *actions = (struct action_list){message->actions.items, message->actions.count};
    return reply;
}

void session_abort(struct session *session)
{
    forget_message(session);
}
