/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the client and the HELO name that one of our relays recorded. */
#include "session/relayed_client.h"

#include "mail/received.h"
#include "policy/whitelist.h"

#include <stddef.h>
#include <string.h>

void relayed_client_init(struct relayed_client *relayed)
{
    memset(relayed, 0, offsetof(struct relayed_client, client));
    client_init(&relayed->client);
}

void relayed_client_reset(struct relayed_client *relayed)
{
    client_free(&relayed->client);
    relayed_client_init(relayed);
}

/* True where one of our hosts wrote the next field, too. A login of a relay says nothing about whom it sends for; one
 * from loopback is that of a user of the relay, for instance by webmail. */
static bool leads_on(const struct config *config, const struct received *received)
{
    if (whitelist_has_addr(&config->trusted_relay, &received->client))
        return true;
    return addr_is_loopback(&received->client) && !(received->authenticated && config->skip_auth);
}

/* The fields below are not read. */
static bool end_with(struct relayed_client *relayed, const char *problem)
{
    relayed->done = true;
    relayed->problem = problem;
    return true;
}

static bool take_client(struct relayed_client *relayed, const struct config *config, const struct client *relay,
                        const struct received *received)
{
    end_with(relayed, NULL);
    if (!client_set_helo(&relayed->client, received->helo))
        return false;
    relayed->address = received->client;
    relayed->authenticated = received->authenticated;
    relayed->client.address = relay->address;
    relayed->client.effective = client_effective_address(config, &received->client);
    relayed->known = true;
    return true;
}

bool relayed_client_note(struct relayed_client *relayed, const struct config *config, const struct client *relay,
                         const char *value)
{
    struct received received;
    const char *problem;

    if (relayed->done)
        return true;
    if (relayed->fields == RELAYED_CLIENT_FIELDS_MAX)
        return end_with(relayed, "names one of our hosts, as do all above it");
    relayed->fields++;
    relayed->problem = "names one of our hosts, and is the last one";
    switch (received_parse(value, &received, &problem)) {
    case RECEIVED_UNREAD:
        return end_with(relayed, problem);
    case RECEIVED_CLIENT:
        return leads_on(config, &received) || take_client(relayed, config, relay, &received);
    case RECEIVED_INSIDE:
        break;
    }
    return true;
}

enum reason relayed_client_exemption(const struct relayed_client *relayed, const struct config *config)
{
    if (!relayed->known)
        return REASON_RELAY_UNREAD;
    if (config->skip_auth && relayed->authenticated)
        return REASON_RELAY_AUTHENTICATED;
    if (whitelist_has_addr(&config->whitelist_ip, &relayed->address))
        return REASON_RELAY_WHITELISTED;
    return REASON_NONE;
}
