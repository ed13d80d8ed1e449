/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the client and the HELO name that a relay of our own wrote down. */
#include "session/origin.h"

#include "mail/received.h"
#include "policy/whitelist.h"

void origin_reset(struct origin *origin)
{
    peer_free(&origin->peer);
    *origin = (struct origin){.done = false};
}

/* True where the field below was written by a host of our own, too. A login of a relay says nothing about whom it sends
 * for; one by loopback is that of a user of the relay, as a webmail has it. */
static bool leads_on(const struct config *config, const struct received *received)
{
    if (whitelist_has_addr(&config->trusted_relay, &received->client))
        return true;
    return addr_is_loopback(&received->client) && !(received->authenticated && config->skip_auth);
}

/* Whatever comes further down is not looked at. */
static bool end_with(struct origin *origin, const char *problem)
{
    origin->done = true;
    origin->problem = problem;
    return true;
}

static bool take_client(struct origin *origin, const struct config *config, const struct peer *relay,
                        const struct received *received)
{
    end_with(origin, NULL);
    if (!peer_set_helo(&origin->peer, received->helo))
        return false;
    origin->client = received->client;
    origin->authenticated = received->authenticated;
    origin->peer.client = relay->client;
    origin->peer.checked = peer_checked_address(config, &received->client);
    origin->known = true;
    return true;
}

bool origin_note(struct origin *origin, const struct config *config, const struct peer *relay, const char *value)
{
    struct received received;
    const char *problem;

    if (origin->done)
        return true;
    if (origin->fields == ORIGIN_FIELDS_MAX)
        return end_with(origin, "names a host of our own, as all above it do");
    origin->fields++;
    origin->problem = "names a host of our own, and is the last one";
    switch (received_parse(value, &received, &problem)) {
    case RECEIVED_UNREAD:
        return end_with(origin, problem);
    case RECEIVED_CLIENT:
        return leads_on(config, &received) || take_client(origin, config, relay, &received);
    case RECEIVED_INSIDE:
        break;
    }
    return true;
}

enum reason origin_exemption(const struct origin *origin, const struct config *config)
{
    if (!origin->known)
        return REASON_RELAY_UNREAD;
    if (config->skip_auth && origin->authenticated)
        return REASON_RELAY_AUTHENTICATED;
    if (whitelist_has_addr(&config->whitelist_ip, &origin->client))
        return REASON_RELAY_WHITELISTED;
    return REASON_NONE;
}
