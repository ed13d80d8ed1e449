/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds a client's names and keeps those whose addresses include it (RFC 7208 5.5). */
#include "spf/client_names.h"

#include "spf/domain.h"

#include <strings.h>

/* True if `name` has the client's address. After an error of the DNS the name is skipped (RFC 7208 5.5); after a fault
 * of ours nobody can say. */
static bool is_validated(struct client_names *names, struct lookups *lookups, const char *name,
                         const struct addr *client)
{
    const struct dns_answer *answer;
    bool found = false;

    if (!domain_can_be_asked(name))
        return false;
    answer = lookups_ask(lookups, name, client->family == ADDR_V6 ? DNS_AAAA : DNS_A);
    for (size_t i = 0; i < answer->count && !found; i++)
        found = addr_equal(&answer->records[i].addr, client);
    names->is_fault |= answer->is_fault;
    dns_answer_release(answer);
    return found;
}

void client_names_find(struct client_names *names, struct lookups *lookups, const struct addr *client)
{
    char arpa[ADDR_ARPA_SIZE];

    if (names->known)
        return;
    names->known = true;
    names->answer = lookups_ask(lookups, addr_arpa(client, arpa), DNS_PTR);
    names->is_fault = names->answer->is_fault;
    names->is_void = names->answer->status == DNS_NODATA || names->answer->status == DNS_NXDOMAIN;
    for (size_t i = 0; i < names->answer->count && i < LIMIT_CLIENT_NAMES; i++) /* RFC 7208 4.6.4 */
        if (domain_from_answer(names->answer->records[i].name, names->validated[names->count]) &&
            is_validated(names, lookups, names->validated[names->count], client))
            names->count++;
}

bool client_names_match(const struct client_names *names, const char *domain)
{
    for (size_t i = 0; i < names->count; i++)
        if (domain_is_within(names->validated[i], domain))
            return true;
    return false;
}

const char *client_names_choose(const struct client_names *names, const char *domain)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcasecmp(names->validated[i], domain) == 0)
            return names->validated[i];
    for (size_t i = 0; i < names->count; i++)
        if (domain_is_within(names->validated[i], domain))
            return names->validated[i];
    return names->count > 0 ? names->validated[0] : "unknown";
}

void client_names_free(struct client_names *names)
{
    dns_answer_release(names->answer);
    *names = (struct client_names){0};
}
