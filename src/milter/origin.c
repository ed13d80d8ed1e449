/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the client and the HELO name that a relay of our own wrote down. */
#include "milter/origin.h"

#include "policy/received.h"
#include "policy/whitelist.h"

void origin_reset(struct origin *origin)
{
    peer_free(&origin->peer);
    *origin = (struct origin){.seen = false};
}

bool origin_note(struct origin *origin, const struct config *config, const struct peer *relay, const char *value)
{
    struct received received;

    if (origin->seen)
        return true;
    origin->seen = true;
    if (!received_parse(value, &received))
        return true;
    if (!peer_set_helo(&origin->peer, received.helo))
        return false;
    origin->client = received.client;
    origin->authenticated = received.authenticated;
    origin->peer.client = relay->client;
    origin->peer.checked = peer_checked_address(config, &received.client);
    origin->known = true;
    return true;
}

const char *origin_skip(const struct origin *origin, const struct config *config)
{
    if (!origin->known)
        return "skipped (the relay names no client)";
    if (config->skip_auth && origin->authenticated)
        return "skipped (authenticated at the relay)";
    /* Between hosts of our own nobody is checked: what was written further down may be anybody's. */
    if (addr_is_loopback(&origin->client) || whitelist_has_addr(&config->trusted_relay, &origin->client) ||
        whitelist_has_addr(&config->whitelist_ip, &origin->client))
        return "skipped (whitelisted address at the relay)";
    return NULL;
}
