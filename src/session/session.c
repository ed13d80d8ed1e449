/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of one SMTP connection. */
#include "session/session.h"

#include "greylist/store/greylist_store.h"
#include "policy/whitelist.h"
#include "session/decision.h"
#include "session/exemption.h"
#include "session/greylisting.h"
#include "session/inquiry.h"
#include "session/message_end.h"
#include "session/message_log.h"
#include "session/refusal.h"
#include "session/session_spare.h"
#include "session/srs_rules.h"
#include "session/state.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct session_reply go_on = {.step = SESSION_CONTINUE};

/* Makes memory a session without a client, with references that are the session's then. */
static void begin(struct session *session, const struct session_shared *shared,
                  const struct session_abilities *abilities)
{
    memset(session, 0, offsetof(struct session, client));
    client_init(&session->client);
    relayed_client_init(&session->relayed);
    message_init(&session->message);
    session->shared = *shared;
    session->abilities = *abilities;
}

struct session *session_create(const struct session_shared *shared, const struct session_abilities *abilities)
{
    struct session *session = malloc(sizeof(*session));

    if (session == NULL)
        return NULL;
    begin(session, shared, abilities);
    config_acquire(shared->config);
    spf_checker_acquire(shared->checker);
    srs_rules_acquire(shared->srs);
    (void)greylist_store_acquire(shared->greylist);
    session_spare_acquire(shared->spare);
    return session;
}

struct session *session_reuse(struct session_spare *spare, const struct session_abilities *abilities)
{
    struct session *session = session_spare_take(spare);
    struct session_shared shared;

    if (session == NULL)
        return NULL;
    shared = session->shared;
    begin(session, &shared, abilities);
    return session;
}

/* Ends what is under way, and frees all but the session itself. */
static void end(struct session *session)
{
    state_log_message(session);
    message_free(&session->message);
    relayed_client_reset(&session->relayed);
    client_free(&session->client);
    companion_close(session->companion);
    strbuf_free(&session->reply);
    free(session->receiver);
}

void session_destroy(struct session *session)
{
    if (session == NULL)
        return;
    end(session);
    if (session->shared.spare == NULL || !session_spare_put(session->shared.spare, session))
        session_spare_free(session);
}

const char *session_host_name(const struct session *session)
{
    return session->shared.host_name != NULL ? session->shared.host_name : "";
}

/* Where both front ends are served, a client that is known by its port may come to both. */
static void meet_companion(struct session *session, const struct session_client *facts)
{
    companion_close(session->companion);
    session->companion = NULL;
    session->key = (struct companion_key){.address = facts->address};
    if (!session->shared.serves_both)
        return;
    session->key.port = facts->port;
    if (!session->abilities.yields)
        session->companion = companion_open(&session->key);
}

struct session_reply session_connect(struct session *session, const struct session_client *facts)
{
    struct client *client = &session->client;
    enum reason exemption;

    state_forget_message(session);
    client_free(client);
    session->helo_lost = false;
    client->address = facts->address;
    client->effective = client_effective_address(session->shared.config, &facts->address);
    client->local = facts->is_local;
    client->name_is_verified = facts->name_is_verified;
    client->relays = !client->local && whitelist_has_addr(&session->shared.config->trusted_relay, &client->address);
    if (facts->name != NULL && !client_set_host(client, facts->name))
        client_log_fault(client, REASON_FAULT_CLIENT);
    meet_companion(session, facts);
    exemption = exemption_of_client_for_all(session, facts->name);
    if (exemption == REASON_NONE)
        return go_on;
    if (!state_is_told_elsewhere(session))
        message_log_exempt_client(client, exemption, NULL, NULL);
    return state_leave_alone(exemption);
}

struct session_reply session_helo(struct session *session, const char *helo)
{
    state_forget_message(session); /* RFC 5321 4.1.4: HELO ends the transaction */
    session->helo_lost = !client_set_helo(&session->client, helo != NULL ? helo : "");
    if (session->helo_lost)
        client_log_fault(&session->client, REASON_FAULT_HELO);
    client_set_begun(&session->client, NULL);
    if (!session->client.relays && state_may_speculate(session))
        decision_speculate_helo(&session->shared, &session->client);
    return go_on;
}

/* True if nothing is to be found out about the message for recipients with these settings; NULL: for none. */
static bool is_known(const struct session *session, const struct config *settings)
{
    const struct message *message = &session->message;

    if (message->stage != MESSAGE_PENDING && message->stage != MESSAGE_DECIDED)
        return true;
    if (settings == NULL)
        return message->stage == MESSAGE_DECIDED || message->record.exempt_count > 0;
    return exemption_of_message(session, settings) != REASON_NONE;
}

bool session_awaits_recipients(const struct session *session)
{
    return session_has_own_settings(session) || greylisting_is_on(session);
}

void session_reach_data(struct session *session)
{
    session->message.greylist.is_at_data = true;
}

bool session_await(struct session *session, const struct session_recipient *recipient, session_ready ready,
                   void *context)
{
    const struct config *config = session->shared.config, *settings = NULL;

    state_follow(session);
    state_take_outcomes(session);
    if (session_has_own_settings(session) && recipient != NULL && recipient->count > 0)
        settings = config_for_recipient(config, &recipient->readings[0]);
    if (!is_known(session, settings) &&
        !inquiry_start(&session->message, &session->shared, settings != NULL ? settings : config, state_client(session),
                       ready, context))
        return false;
    return greylisting_await(session, recipient, ready, context);
}

struct session_reply session_decide(struct session *session)
{
    struct session_reply reply = go_on;

    if ((session->message.stage == MESSAGE_PENDING || session->message.stage == MESSAGE_DECIDED) &&
        state_is_due(session, REFUSE_AT_MAIL))
        reply = state_decide(session); /* session_await may have found the verdict, for greylisting */
    if (reply.step == SESSION_REFUSE)
        state_forget_message(session);
    else
        reply.reason = session->message.reason;
    return reply;
}

struct session_reply session_data(struct session *session)
{
    struct session_reply reply = go_on;

    state_follow(session);
    if (greylisting_defers_message(session, &reply))
        state_forget_message(session);
    return reply;
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
        decision_begin(message, state_checks_helo(session), state_client(session));
        return;
    }
    message_exempt(message, exemption);
    reason_count(exemption, false);
}

/* True if there is more to remove from the message than is removed from any. */
static bool has_too_many_forged(const struct session *session)
{
    const struct message *message = &session->message;

    return message_has_too_many_forged(message, state_keeps_recipients(session));
}

/* True if no recipient is checked, each by its own settings. */
static bool is_exempt_for_all(const struct session *session)
{
    const struct message *message = &session->message;

    return session_has_own_settings(session) && !message->is_judged && message->record.exempt_count > 0 &&
           (message->stage == MESSAGE_PENDING || message->stage == MESSAGE_DECIDED);
}

/* True if it was decided that nobody gets the message, without its results: the form of each recipient is wrong. */
static bool is_for_nobody(const struct session *session)
{
    const struct message_record *record = &session->message.record;

    return session_has_own_settings(session) && session->message.stage == MESSAGE_PENDING && !record->is_test &&
           record->refused_count > 0 && record->accepted_count == 0 && record->exempt_count == 0;
}

struct action_list session_early_actions(struct session *session)
{
    struct message *message = &session->message;

    actions_free(&message->actions);
    if (message->stage == MESSAGE_DECIDED && message->followed == NULL && !is_exempt_for_all(session))
        message_add_early(message, session->shared.config, &session->abilities, state_client(session));
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
    if (is_for_nobody(session)) {
        state_forget_message(session);
        return go_on;
    }
    if (is_exempt_for_all(session))
        message_exempt(message, message->exempt_recipient);
    if (message->stage == MESSAGE_PENDING)
        reply = state_decide(session);
    if (reply.step != SESSION_REFUSE && session->abilities.sees_headers && has_too_many_forged(session))
        reply = refusal_of_forged(message, session->shared.config, &session->reply);
    if (reply.step == SESSION_REFUSE) {
        state_forget_message(session);
        return reply;
    }
    if (message->followed != NULL) { /* the rest is the milter's */
        state_forget_message(session);
        return reply;
    }
    message_end(message, session->shared.config, &abilities, state_client(session));
    message->record.is_ended = true;
    state_log_message(session);
    reply.reason = message->reason;
    message->stage = MESSAGE_NONE; /* its actions live on until the next step */
    if (actions != NULL)
        *actions = (struct action_list){message->actions.items, message->actions.count};
    return reply;
}

void session_abort(struct session *session)
{
    state_forget_message(session);
}
