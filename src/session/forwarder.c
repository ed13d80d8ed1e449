/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the DNS whether a client is one of the hosts that may forward mail of any sender. */
#include "session/forwarder.h"

#include "policy/whitelist.h"

enum spf_answer forwarder_has_helo(const struct session_shared *shared, const struct peer *peer, int64_t deadline_ms)
{
    const char *helo = peer_helo(peer);

    if (!whitelist_has_helo(&shared->config->whitelist_helo, helo))
        return ANSWER_NO;
    return spf_host_has_address(shared->checker, helo, &peer->checked, deadline_ms);
}

enum spf_answer forwarder_is_permitted(const struct session_shared *shared, const struct peer *peer,
                                       const char *receiver, int64_t deadline_ms)
{
    const struct text_list *domains = &shared->config->whitelist_spf;
    enum spf_answer found = ANSWER_NO;

    for (size_t i = 0; i < domains->count && found != ANSWER_YES; i++) {
        struct spf_question question = {
            .identity = IDENTITY_HELO,
            .client = peer->checked,
            .helo = peer_helo(peer),
            .local = "postmaster", /* RFC 7208 4.3 */
            .domain = domains->items[i],
            .receiver = receiver,
            .deadline_ms = deadline_ms,
        };
        enum spf_answer answer = spf_permits(shared->checker, &question);

        if (answer != ANSWER_NO)
            found = answer;
    }
    return found;
}
