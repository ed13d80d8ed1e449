/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The in-flight table: a hash table, and a list from old to new. */
#include "dns/dns_inflight.h"

#include "dns/dns_name.h"

#include <stdlib.h>
#include <string.h>

uint64_t dns_inflight_hash(const struct dns_inflight *inflight, const char *name, unsigned number)
{
    char folded[DNS_NAME_MAX + 2];
    size_t len = strnlen(name, DNS_NAME_MAX);

    folded[0] = (char)number;
    memcpy(folded + 1, name, len);
    folded[len + 1] = '\0';
    dns_name_fold(folded + 1);
    return hash_octets(inflight->seed, folded, len + 1);
}

static struct hash_table table_of(struct dns_inflight *inflight)
{
    return (struct hash_table){inflight->buckets, DNS_INFLIGHT_BUCKETS};
}

struct dns_inflight_query *dns_inflight_find(struct dns_inflight *inflight, const char *name, enum dns_type type)
{
    struct hash_table table = table_of(inflight);
    struct hash_link *link = hash_table_first(&table, dns_inflight_hash(inflight, name, type));

    for (; link; link = hash_table_next(link)) {
        struct dns_inflight_query *query = (struct dns_inflight_query *)link;

        if (query->type == type && dns_name_equal(query->name, name))
            return query;
    }
    return NULL;
}

struct dns_inflight_query *dns_inflight_add(struct dns_inflight *inflight, const char *name, enum dns_type type)
{
    size_t name_size = strlen(name) + 1;
    struct dns_inflight_query *query = calloc(1, sizeof(*query) + name_size);
    struct hash_table table = table_of(inflight);

    if (!query)
        return NULL;
    query->type = type;
    query->name_key = query->link.hash = dns_inflight_hash(inflight, name, type);
    memcpy(query->name, name, name_size);

    hash_table_add(&table, &query->link);
    query->older = inflight->newest;
    if (inflight->newest)
        inflight->newest->newer = query;
    else
        inflight->oldest = query;
    inflight->newest = query;
    inflight->count++;
    return query;
}

void dns_inflight_remove(struct dns_inflight *inflight, struct dns_inflight_query *query)
{
    struct hash_table table = table_of(inflight);

    hash_table_remove(&table, &query->link);
    if (query->older)
        query->older->newer = query->newer;
    else
        inflight->oldest = query->newer;
    if (query->newer)
        query->newer->older = query->older;
    else
        inflight->newest = query->older;
    inflight->count--;
    free(query);
}

size_t dns_inflight_answer(struct dns_inflight_query *query, int64_t now_ms, const struct dns_answer *answer,
                           struct dns_waiter **out)
{
    struct dns_waiter **link = &query->waiters;
    size_t whole = 0;

    while (*link) {
        struct dns_waiter *waiter = *link;

        if (waiter->limit_ms > now_ms) {
            link = &waiter->next;
            continue;
        }
        whole += waiter->deadline_ms <= now_ms;
        *link = waiter->next;
        waiter->answer = dns_answer_acquire(answer);
        waiter->needed_network = query->was_sent;
        waiter->next = *out;
        *out = waiter;
    }
    return whole;
}

struct dns_waiter *dns_inflight_take_waiter(struct dns_inflight_query *query, dns_callback done, const void *context)
{
    for (struct dns_waiter **link = &query->waiters; *link; link = &(*link)->next) {
        struct dns_waiter *waiter = *link;

        if (waiter->done == done && waiter->context == context) {
            *link = waiter->next;
            return waiter;
        }
    }
    return NULL;
}
