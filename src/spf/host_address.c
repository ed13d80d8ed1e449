/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up the addresses of a name, and compares. */
#include "spf/host_address.h"

#include "base/domain_text.h"
#include "spf/domain.h"

#include <stdlib.h>

/* Whether an answer of addresses holds this one. */
static enum tristate holds_address(const struct dns_answer *addresses, const struct addr *wanted)
{
    if (addresses->status == DNS_TIMEOUT || addresses->status == DNS_FAILURE)
        return TRISTATE_UNKNOWN;
    for (size_t i = 0; i < addresses->count; i++)
        if (addr_equal(&addresses->records[i].addr, wanted))
            return TRISTATE_YES;
    return TRISTATE_NO;
}

/* What the DNS is asked for an address of this family. */
static enum dns_type address_type(const struct addr *wanted)
{
    return wanted->family == ADDR_V4 ? DNS_A : DNS_AAAA;
}

/* False if a name has no addresses that could be the client's. */
static bool can_have_address(const char *name, const struct addr *wanted, char host[DNS_NAME_MAX + 1])
{
    return wanted->family != ADDR_NONE && domain_text_copy(name, host) && domain_can_be_asked(host);
}

enum tristate host_has_address(struct dns *dns, const char *name, const struct addr *client, int64_t deadline_ms)
{
    struct addr wanted = addr_unmapped(client);
    const struct dns_answer *addresses;
    char host[DNS_NAME_MAX + 1];
    enum tristate found;

    if (!can_have_address(name, &wanted, host))
        return TRISTATE_NO;
    addresses = dns_lookup(dns, host, address_type(&wanted), deadline_ms);
    found = holds_address(addresses, &wanted);
    dns_answer_release(addresses);
    return found;
}

struct address_task {
    struct addr wanted;
    void (*done)(void *context, enum tristate has_address);
    void *context;
};

static void end_address_task(void *context, const struct dns_answer *addresses)
{
    struct address_task *task = context;
    enum tristate found = holds_address(addresses, &task->wanted);

    dns_answer_release(addresses);
    task->done(task->context, found);
    free(task);
}

void host_has_address_start(struct dns *dns, const char *name, const struct addr *client, int64_t deadline_ms,
                            void (*done)(void *context, enum tristate has_address), void *context)
{
    struct addr wanted = addr_unmapped(client);
    char host[DNS_NAME_MAX + 1];
    struct address_task *task;

    if (!can_have_address(name, &wanted, host)) {
        done(context, TRISTATE_NO);
        return;
    }
    task = malloc(sizeof(*task));
    if (!task) {
        done(context, TRISTATE_UNKNOWN);
        return;
    }
    *task = (struct address_task){.wanted = wanted, .done = done, .context = context};
    dns_query(dns, host, address_type(&wanted), deadline_ms, end_address_task, task);
}
