/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the DNS whether a client is one of the hosts that may forward mail of any sender. */
#include "session/forwarder.h"

#include "policy/whitelist.h"

enum tristate forwarder_has_helo(const struct session_shared *shared, const struct peer *peer, int64_t deadline_ms)
{
    const char *helo = peer_helo(peer);

    if (!whitelist_has_helo(&shared->config->whitelist_helo, helo))
        return TRISTATE_NO;
    return spf_host_has_address(shared->checker, helo, &peer->checked, deadline_ms);
}

enum tristate forwarder_is_permitted(const struct session_shared *shared, const struct peer *peer, const char *receiver,
                                     int64_t deadline_ms)
{
    const struct text_list *domains = &shared->config->whitelist_spf;
    enum tristate found = TRISTATE_NO;

    for (size_t i = 0; i < domains->count && found != TRISTATE_YES; i++) {
        struct spf_request request = {
            .identity = IDENTITY_HELO,
            .client = peer->checked,
            .helo = peer_helo(peer),
            .local = "postmaster", /* RFC 7208 4.3 */
            .domain = domains->items[i],
            .receiver = receiver,
            .deadline_ms = deadline_ms,
        };
        enum tristate answer = spf_permits(shared->checker, &request);

        if (answer != TRISTATE_NO)
            found = answer;
    }
    return found;
}
