/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds a client's names and keeps those whose addresses include it (RFC 7208 5.5). */
#include "spf/client_names.h"

#include "spf/domain.h"

#include <strings.h>

/* Notes what an answer says besides its records. */
static void note(struct client_names *names, const struct dns_answer *answer)
{
    names->is_fault |= answer->is_fault;
    if (answer->ttl_s < names->ttl_s)
        names->ttl_s = answer->ttl_s;
}

/* Validates name i of the PTR answer. After an error of the DNS the name is skipped. */
static void validate(struct client_names *names, struct lookups *lookups, const struct addr *client, size_t i)
{
    enum dns_type type = client->family == ADDR_V6 ? DNS_AAAA : DNS_A;
    const struct lookup *lookup;

    if (!lookups_want_host(lookups, &names->hosts[i], names->ptr->answer->records[i].name, type, &lookup))
        return;
    if (!lookup || !lookup->answer) {
        names->is_complete = false;
        return;
    }
    note(names, lookup->answer);
    for (size_t k = 0; k < lookup->answer->count; k++) {
        if (addr_equal(&lookup->answer->records[k].addr, client)) {
            names->validated[names->count++] = lookup->name;
            return;
        }
    }
}

void client_names_find(struct client_names *names, struct lookups *lookups, const struct addr *client)
{
    char arpa[ADDR_ARPA_SIZE];

    names->is_complete = names->is_void = names->is_fault = false;
    names->ttl_s = UINT32_MAX;
    names->count = 0;
    if (!lookups_want(lookups, &names->ptr, addr_arpa(client, arpa), DNS_PTR) || !names->ptr->answer)
        return;
    note(names, names->ptr->answer);
    names->is_complete = true;
    names->is_void = names->ptr->answer->count == 0 && !answer_is_failure(names->ptr->answer);
    for (size_t i = 0; i < names->ptr->answer->count && i < LIMIT_CLIENT_NAMES; i++) /* RFC 7208 4.6.4 */
        validate(names, lookups, client, i);
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
