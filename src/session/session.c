/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of one SMTP connection. */
#include "session/session.h"

#include "base/stats.h"
#include "mail/address.h"
#include "mail/envelope.h"
#include "policy/whitelist.h"
#include "session/decision.h"
#include "session/message.h"
#include "session/message_end.h"
#include "session/message_log.h"
#include "session/origin.h"
#include "session/peer.h"
#include "session/refusal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct session {
    struct session_shared shared;
    struct peer peer;
    struct message message;
    struct origin origin; /* of the message, where a relay of our own sends it */
    struct strbuf reply;
    bool helo_lost;   /* there is one that could not be kept */
    bool is_sendmail; /* of the MTA, as at the last MAIL */
};

static const struct session_reply go_on = {.step = SESSION_CONTINUE};
static const struct session_reply leave_alone = {.step = SESSION_ACCEPT};

struct session_needs session_needs(const struct config *config)
{
    bool has_rules = config->whitelist_to.count > 0 || config->verdict.refuse_to.count > 0;

    return (struct session_needs){
        .headers =
            ((config->verdict.tag_subject || config->verdict.quarantine == QUARANTINE_ON) && !config->test_mode) ||
            config->remove_forged_headers != FORGED_STAY || config->trusted_relay.count > 0,
        .certificates = config->skip_cert,
        .changes_headers = true,
        .changes_recipients = config->verdict.quarantine == QUARANTINE_ON && !config->test_mode,
        .recipients = has_rules || (config->verdict.quarantine == QUARANTINE_ON && !config->test_mode),
        .holds = config->verdict.quarantine == QUARANTINE_HOLD && !config->test_mode,
    };
}

struct session *session_create(const struct session_shared *shared)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->shared = *shared;
    session->shared.config = config_acquire(shared->config);
    session->shared.checker = spf_checker_acquire(shared->checker);
    return session;
}

static void forget_message(struct session *session)
{
    message_reset(&session->message);
    origin_reset(&session->origin);
}

void session_destroy(struct session *session)
{
    if (session == NULL)
        return;
    forget_message(session);
    peer_free(&session->peer);
    strbuf_free(&session->reply);
    config_release(session->shared.config);
    spf_checker_release(session->shared.checker);
    free(session);
}

/* The name that the MTA gives where the client's own does not lead back to its address is no name. */
static bool is_verified(const char *host)
{
    return host[0] != '\0' && host[0] != '[' && strcasecmp(host, "unknown") != 0;
}

/* Why a connection is not looked at; NULL: it is. */
static const char *connection_skip(const struct session *session, const char *host)
{
    const struct config *config = session->shared.config;
    const struct peer *peer = &session->peer;

    if (peer->relays) /* its messages are those of others */
        return NULL;
    if (peer->client.family == ADDR_NONE)
        return "skipped (no client address)";
    if (whitelist_has_addr(&config->whitelist_ip, &peer->client))
        return "skipped (whitelisted address)";
    if (is_verified(host) && whitelist_has_host(&config->whitelist_ptr, host))
        return "skipped (whitelisted host)";
    if (peer->local && addr_equal(&peer->client, &peer->checked))
        return "skipped (local submission)";
    if (addr_is_loopback(&peer->checked)) /* content filters, webmail: no policy speaks of them */
        return "skipped (loopback client)";
    return NULL;
}

static void log_skip(const struct session *session, enum log_level level, const char *what, const char *sender)
{
    stats_add(STATS_SKIPPED, 1);
    peer_log(&session->peer, level, what, sender, "%s", "");
}

struct session_reply session_connect(struct session *session, const struct addr *client, uint16_t port,
                                     const char *host)
{
    struct peer *peer = &session->peer;
    const char *known_host = host != NULL ? host : "";
    const char *skip;

    forget_message(session);
    peer_free(peer);
    session->helo_lost = false;
    peer->client = *client;
    peer->checked = peer_checked_address(session->shared.config, client);
    peer->local = port == 0 && addr_is_loopback(client);
    peer->relays = !peer->local && whitelist_has_addr(&session->shared.config->trusted_relay, client);
    if (!peer_set_host(peer, known_host))
        peer_fault(peer, "out of memory at connect");
    skip = connection_skip(session, known_host);
    if (skip == NULL)
        return go_on;
    log_skip(session, LOG_LEVEL_DEBUG, skip, NULL);
    return leave_alone;
}

struct session_reply session_helo(struct session *session, const char *helo)
{
    forget_message(session); /* RFC 5321 4.1.4: HELO ends what was under way */
    session->helo_lost = !peer_set_helo(&session->peer, helo != NULL ? helo : "");
    if (session->helo_lost)
        peer_fault(&session->peer, "out of memory at HELO");
    if (!session->peer.relays)
        decision_send_helo_ahead(&session->shared, &session->peer);
    return go_on;
}

/* Whose message it is: the client's, or that of the client of a relay of our own. */
static const struct peer *judged_peer(const struct session *session)
{
    return session->origin.known ? &session->origin.peer : &session->peer;
}

/* The refusal that follows from a verdict. `recipient` is for the log. */
static struct session_reply refuse(struct session *session, const struct verdict *verdict, const char *recipient)
{
    return refusal_of_message(&session->message, session->shared.config, judged_peer(session), verdict, recipient,
                              &session->reply);
}

static bool is_authenticated(const struct session_macros *macros)
{
    if (macros->auth_type != NULL && macros->auth_type[0] != '\0')
        return true;
    return macros->auth_authen != NULL && macros->auth_authen[0] != '\0';
}

/* Why a client that proved who it is is not checked; NULL: it is. A relay proves nothing about whom it sends for. */
static const char *proof_skip(const struct session *session, const struct session_macros *macros)
{
    const struct config *config = session->shared.config;

    if (session->peer.relays)
        return NULL;
    if (config->skip_auth && is_authenticated(macros))
        return "skipped (authenticated sender)";
    if (config->skip_cert && macros->verify != NULL && strcmp(macros->verify, "OK") == 0)
        return "skipped (verified client certificate)";
    return NULL;
}

static bool begin_message(struct session *session, const struct session_macros *macros)
{
    const struct config *config = session->shared.config;
    const char *receiver = macros->mta_name;

    if (receiver == NULL || receiver[0] == '\0')
        receiver = session->shared.host_name;
    if (receiver == NULL)
        receiver = "";
    return message_begin(&session->message, receiver, config->authserv_id != NULL ? config->authserv_id : receiver);
}

/* Reads the sender: the one that the MTA goes on with (RFC 7208 2.4). */
static enum address_status read_sender(struct session *session, const char *argument, const char *mail_addr)
{
    struct message *message = &session->message;
    struct envelope_mta mta = {.address = mail_addr, .name = message->receiver, .is_sendmail = session->is_sendmail};
    enum address_status status = envelope_sender(argument, &mta, &message->sender);

    message->null_sender = status == ADDRESS_NULL;
    return status;
}

/* Why this sender is not checked; NULL: it is. What nobody can read is no address, and matches no pattern. */
static const char *sender_skip(const struct session *session, enum address_status status)
{
    const struct config *config = session->shared.config;
    const struct message *message = &session->message;

    if (message->null_sender)
        return config->skip_ndr ? "skipped (null sender)" : NULL;
    if (status != ADDRESS_MALFORMED && whitelist_has_mailbox(&config->whitelist_from, &message->sender))
        return "skipped (whitelisted sender)";
    return NULL;
}

static bool is_due(const struct session *session, enum refuse_at step)
{
    return decision_due(session->shared.config, &session->peer) == step;
}

/* Judges the message, for all of its recipients. May block. */
static struct session_reply judge(struct session *session)
{
    struct message *message = &session->message;

    decision_judge(message, &session->shared, judged_peer(session));
    if (message->stage != MESSAGE_DECIDED || message->verdict.kind == VERDICT_CONTINUE || message->released)
        return go_on;
    return refuse(session, &message->verdict, NULL);
}

/* The refusal of a sender for the form of its address. One that nobody can read has no domain and the result none; it
 * is refused where any result is. */
static struct session_reply refuse_sender(struct session *session, enum address_status status)
{
    const struct config *config = session->shared.config;
    const char *text = NULL;

    if (status == ADDRESS_MALFORMED && config->verdict.refuse_mail_from != 0)
        text = "SPF: the sender is no mail address";
    if (status == ADDRESS_LOCAL_TOO_LONG && !config->relaxed_local_part)
        text = "SPF: the local part of the sender is too long";
    return text != NULL ? refusal_of_sender(&session->message, config, &session->peer, text) : go_on;
}

/* The answer to MAIL for a sender that was read. */
static struct session_reply mail_from(struct session *session, enum address_status status)
{
    const struct config *config = session->shared.config;
    struct message *message = &session->message;
    const char *skip = sender_skip(session, status);
    struct session_reply reply;

    if (skip != NULL) {
        log_skip(session, LOG_LEVEL_INFO, skip, message_sender(message));
        return go_on;
    }
    if (session->peer.relays) { /* what it took cannot be refused without a bounce */
        message_await_origin(message);
        return go_on;
    }
    reply = refuse_sender(session, status);
    if (reply.step == SESSION_REFUSE)
        return reply;
    if (session->helo_lost) /* a result could be that of another name: the message goes on without one */
        return go_on;
    decision_begin(message, config, &session->peer);
    if (is_due(session, REFUSE_AT_MAIL))
        return judge(session);
    decision_send_ahead(message, &session->shared, &session->peer);
    return go_on;
}

struct session_reply session_mail(struct session *session, const char *argument, const struct session_macros *macros)
{
    struct message *message = &session->message;
    const char *skip;
    enum address_status status;
    struct session_reply reply;

    forget_message(session);
    stats_add(STATS_MESSAGES, 1);
    skip = proof_skip(session, macros);
    if (skip != NULL) {
        log_skip(session, LOG_LEVEL_INFO, skip, NULL);
        return leave_alone;
    }
    if (!begin_message(session, macros)) {
        peer_fault(&session->peer, "out of memory at MAIL");
        return go_on;
    }
    message_note_queue_id(message, macros->queue_id);
    session->is_sendmail = envelope_is_sendmail(macros->mta_version);
    status = read_sender(session, argument, macros->mail_addr);
    if (status == ADDRESS_NO_MEMORY) {
        peer_fault(&session->peer, "out of memory at MAIL");
        return go_on;
    }
    reply = mail_from(session, status);
    if (reply.step == SESSION_REFUSE)
        message_reset(message);
    return reply;
}

/* True while each recipient is kept, in case the message is to be kept from it. */
static bool keeps_recipients(const struct session *session)
{
    return session_needs(session->shared.config).changes_recipients && message_may_be_quarantined(&session->message);
}

/* More recipients than a quarantine can take the message from: the client sends it to the others afterwards (RFC 5321
 * 4.5.3.1.10). */
static struct session_reply too_many_recipients(struct session *session, const char *shown)
{
    message_log_too_many(&session->message, &session->peer, shown);
    return (struct session_reply){
        .step = SESSION_REFUSE, .code = "452", .enhanced = "4.5.3", .text = "SPF: too many recipients at once"};
}

/* Keeps a recipient that gets the message, in case it is to be kept from it. `recipient` has no readings if nobody can
 * read it. */
static void keep_recipient(struct session *session, const char *argument, const struct envelope_recipient *recipient)
{
    struct message *message = &session->message;
    const char *shown = recipient->count > 0 ? recipient->readings[0].text : NULL;

    message->accepted = true;
    if (!keeps_recipients(session) || message->recipients_lost)
        return;
    if (!message_add_recipient(message, argument, shown, recipient->bare))
        peer_fault(&session->peer, "out of memory for a recipient to quarantine a message from");
}

/* True if each reading of the recipient is whitelisted. */
static bool is_whitelisted(const struct config *config, const struct envelope_recipient *recipient)
{
    for (size_t i = 0; i < recipient->count; i++)
        if (!whitelist_has_mailbox(&config->whitelist_to, &recipient->readings[i]))
            return false;
    return recipient->count > 0;
}

/* The verdict for the recipient: what stops it in any reading, or else that of the first. */
static struct verdict verdict_for(const struct session *session, const struct envelope_recipient *recipient)
{
    const struct message *message = &session->message;
    const struct config *config = session->shared.config;
    struct verdict verdict = decision_for(message, config, &recipient->readings[0]);

    for (size_t i = 1; i < recipient->count && verdict.kind == VERDICT_CONTINUE; i++)
        verdict = decision_for(message, config, &recipient->readings[i]);
    return verdict;
}

static struct session_reply refuse_recipient(const struct session *session, const char *text)
{
    return refusal_of_recipient(session->shared.config, &session->peer, text);
}

/* The answer to RCPT for what was read of the recipient. */
static struct session_reply rcpt_to(struct session *session, const char *argument, enum address_status status,
                                    const struct envelope_recipient *recipient)
{
    const struct config *config = session->shared.config;
    struct message *message = &session->message;
    const char *shown = recipient->count > 0 ? recipient->readings[0].text : NULL;

    if (is_whitelisted(config, recipient)) {
        message->released = true;
        message_log_released(message, &session->peer, shown);
        return go_on;
    }
    if (status == ADDRESS_NO_MEMORY) { /* perhaps a whitelisted one: it gets the message as it is */
        message->released = true;
        return go_on;
    }
    if (session->peer.local) {
        keep_recipient(session, argument, recipient);
        return go_on;
    }
    if (shown == NULL)
        return refuse_recipient(session, "SPF: the recipient is no mail address");
    if (status == ADDRESS_LOCAL_TOO_LONG && !config->relaxed_local_part)
        return refuse_recipient(session, "SPF: the local part of the recipient is too long");
    if (message->stage == MESSAGE_DECIDED && is_due(session, REFUSE_AT_RCPT)) {
        struct verdict verdict = verdict_for(session, recipient);

        if (verdict.kind != VERDICT_CONTINUE)
            return refuse(session, &verdict, shown);
    }
    if (keeps_recipients(session) && message->recipient_count >= MESSAGE_RECIPIENTS_MAX)
        return too_many_recipients(session, shown);
    keep_recipient(session, argument, recipient);
    return go_on;
}

struct session_reply session_rcpt(struct session *session, const char *argument, const char *rcpt_addr)
{
    struct message *message = &session->message;
    struct envelope_recipient recipient = {.count = 0};
    struct envelope_mta mta = {.address = rcpt_addr, .name = message->receiver, .is_sendmail = session->is_sendmail};
    enum address_status status;
    struct session_reply reply;

    if (message->stage == MESSAGE_PENDING && is_due(session, REFUSE_AT_RCPT))
        decision_judge(message, &session->shared, &session->peer);
    if (message->stage == MESSAGE_NONE || message->stage == MESSAGE_EXEMPT)
        return go_on;
    status = envelope_recipient(argument, &mta, &recipient);
    if (status == ADDRESS_NO_MEMORY)
        peer_fault(&session->peer, "out of memory at RCPT");
    reply = rcpt_to(session, argument, status, &recipient);
    envelope_recipient_free(&recipient);
    return reply;
}

void session_header(struct session *session, const char *name, const char *value)
{
    enum forged_mode mode = session->shared.config->remove_forged_headers;

    if (session->message.stage == MESSAGE_RELAYED && strcasecmp(name, "Received") == 0 &&
        !origin_note(&session->origin, session->shared.config, &session->peer, value))
        peer_fault(&session->peer, "out of memory for the client of a relay");
    if (session->message.stage != MESSAGE_NONE && !message_note_field(&session->message, mode, name, value))
        peer_fault(&session->peer, "a header field could not be kept");
}

/* The identities of a relayed message are known when its header is: it is PENDING, or EXEMPT. */
static void begin_relayed(struct session *session)
{
    struct message *message = &session->message;
    const char *skip = origin_skip(&session->origin, session->shared.config);

    if (skip == NULL) {
        decision_begin(message, session->shared.config, judged_peer(session));
        return;
    }
    message_exempt(message);
    if (!session->origin.known)
        message_log_unread_relay(message, judged_peer(session), skip, &session->origin);
    else
        message_log_skipped(message, judged_peer(session), skip);
}

/* True if there is more to remove from the message than is removed from any. */
static bool has_too_many_forged(const struct session *session)
{
    const struct message *message = &session->message;

    return message_has_too_many_forged(message, session_needs(session->shared.config).changes_recipients &&
                                                    message_may_be_quarantined(message));
}

struct session_reply session_eom(struct session *session, const char *queue_id, struct action_list *actions)
{
    struct message *message = &session->message;
    struct session_reply reply = go_on;

    *actions = (struct action_list){NULL, 0};
    if (message->stage == MESSAGE_NONE)
        return go_on;
    message_note_queue_id(message, queue_id);
    if (message->stage == MESSAGE_RELAYED)
        begin_relayed(session);
    if (message->stage == MESSAGE_PENDING)
        reply = judge(session);
    if (reply.step != SESSION_REFUSE && has_too_many_forged(session))
        reply = refusal_of_forged(message, session->shared.config, judged_peer(session));
    if (reply.step == SESSION_REFUSE) {
        forget_message(session);
        return reply;
    }
    message_end(message, session->shared.config, judged_peer(session));
    message->stage = MESSAGE_NONE; /* its actions live on until the next step */
    *actions = (struct action_list){message->actions.items, message->actions.count};
    return reply;
}

void session_abort(struct session *session)
{
    forget_message(session);
}
