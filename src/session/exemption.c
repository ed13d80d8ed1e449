/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is not checked: what is known of it without a lookup. */
#include "session/exemption.h"

#include "policy/whitelist.h"
#include "session/state.h"

/* Why a client of this name (NULL: none, or it could not be stored) is not checked for recipients with these settings;
 * REASON_NONE: it is. */
static enum reason exemption_of_client(const struct client *client, const char *name, const struct config *settings)
{
    if (client->relays) /* its messages are those of others */
        return REASON_NONE;
    if (client->address.family == ADDR_NONE)
        return REASON_NO_CLIENT;
    if (whitelist_has_addr(&settings->whitelist_ip, &client->address))
        return REASON_WHITELISTED_ADDRESS;
    if (client->name_is_verified && name == NULL && settings->whitelist_ptr.texts.count > 0)
        return REASON_FAULT_CLIENT;
    if (client->name_is_verified && name != NULL && whitelist_has_host(&settings->whitelist_ptr, name))
        return REASON_WHITELISTED_HOST;
    if (client->local && addr_equal(&client->address, &client->effective))
        return REASON_LOCAL_SUBMISSION;
    if (addr_is_loopback(&client->effective)) /* content filters, webmail: no SPF record covers them */
        return REASON_LOOPBACK;
    return REASON_NONE;
}

/* Why a client that proved who it is is not checked for recipients with these settings; REASON_NONE: it is. A relay
 * proves nothing about whom it sends for. */
static enum reason exemption_of_proof(const struct session *session, const struct config *settings, bool authenticated,
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

/* Why this sender is not checked; REASON_NONE: it is. What cannot be read is no address, and matches no pattern. */
static enum reason exemption_of_sender(const struct message *message, const struct config *settings)
{
    if (message->null_sender)
        return settings->skip_ndr ? REASON_NULL_SENDER : REASON_NONE;
    if (!message->is_malformed && whitelist_has_mailbox(&settings->whitelist_from, &message->sender))
        return REASON_WHITELISTED_SENDER;
    return REASON_NONE;
}

enum reason exemption_of_message(const struct session *session, const struct config *settings)
{
    const struct message *message = &session->message;
    enum reason exemption = REASON_NONE;

    if (settings != session->shared.config || session_has_own_settings(session))
        exemption = exemption_of_client(&session->client, session->client.host, settings);
    if (exemption == REASON_NONE)
        exemption = exemption_of_proof(session, settings, message->authenticated, message->has_certificate);
    return exemption != REASON_NONE ? exemption : exemption_of_sender(message, settings);
}

/* ---- Whoever the recipient is ---- */

/* Why somebody is not checked for recipients with these settings; `facts` are what is known of him. */
typedef enum reason exemption_by_facts(const struct session *session, const struct config *settings, const void *facts);

/* Those who say no more of it than the file are not asked. */
static enum reason for_all(const struct session *session, enum config_exempt kind, exemption_by_facts *exemption,
                           const void *facts)
{
    const struct config *config = session->shared.config;
    const struct config_variant_list *others = &config->recipient_policies.exempting[kind];
    const enum reason reason = exemption(session, config, facts);

    if (reason == REASON_NONE || !session_has_own_settings(session))
        return reason;
    for (size_t i = 0; i < others->count; i++)
        if (exemption(session, others->items[i], facts) == REASON_NONE)
            return REASON_NONE;
    return reason;
}

static enum reason client_by_name(const struct session *session, const struct config *settings, const void *facts)
{
    return exemption_of_client(&session->client, facts, settings);
}

enum reason exemption_of_client_for_all(const struct session *session, const char *name)
{
    return for_all(session, CONFIG_EXEMPT_CLIENT, client_by_name, name);
}

static enum reason proof_of_sender(const struct session *session, const struct config *settings, const void *facts)
{
    const struct session_sender *sender = facts;

    return exemption_of_proof(session, settings, sender->authenticated, sender->has_certificate);
}

enum reason exemption_of_proof_for_all(const struct session *session, const struct session_sender *sender)
{
    return for_all(session, CONFIG_EXEMPT_PROOF, proof_of_sender, sender);
}

static enum reason message_itself(const struct session *session, const struct config *settings, const void *facts)
{
    (void)facts;
    return exemption_of_message(session, settings);
}

enum reason exemption_of_message_for_all(const struct session *session)
{
    return for_all(session, CONFIG_EXEMPT_MESSAGE, message_itself, NULL);
}
