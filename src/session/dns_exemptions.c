/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up whether WhitelistHelo or WhitelistSPF exempts a client. */
#include "session/dns_exemptions.h"

#include "policy/whitelist.h"

enum tristate dns_exemption_by_helo(const struct session_shared *shared, const struct client *client,
                                    int64_t deadline_ms)
{
    const char *helo = client_helo(client);

    if (!whitelist_has_helo(&shared->config->whitelist_helo, helo))
        return TRISTATE_NO;
    return spf_host_has_address(shared->checker, helo, &client->effective, deadline_ms);
}

enum tristate dns_exemption_by_spf(const struct session_shared *shared, const struct client *client,
                                   const char *receiver, int64_t deadline_ms)
{
    const struct text_list *domains = &shared->config->whitelist_spf;
    enum tristate found = TRISTATE_NO;

    for (size_t i = 0; i < domains->count && found != TRISTATE_YES; i++) {
        struct spf_request request = {
            .identity = IDENTITY_HELO,
            .client = client->effective,
            .helo = client_helo(client),
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
