/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the DNS for the names of a walk. */
#include "dmarc/dmarc_discovery.h"

#include "dmarc/dmarc_walk.h"

#include <stdio.h>
#include <stdlib.h>

struct dmarc_speculation {
    struct dns *dns;
    struct dmarc_walk walk;
    char domain[DNS_NAME_MAX + 1]; /* the walk's text */
};

/* The name under which a domain publishes its record (RFC 9989 4.1); one that is too long for the DNS is answered by
 * dns_query as one that does not exist. */
static const char *record_name(const char *domain, char name[DMARC_NAME_SIZE])
{
    (void)snprintf(name, DMARC_NAME_SIZE, "_dmarc.%s", domain);
    return name;
}

static void ignore_answer(void *context, const struct dns_answer *answer)
{
    (void)context;
    dns_answer_release(answer);
}

/* `context` tells these queries from those of others. */
static void send_queries(struct dns *dns, const struct dmarc_walk *walk, int64_t deadline_ms, void *context)
{
    char name[DMARC_NAME_SIZE];

    for (size_t i = 0; i < walk->count; i++)
        dns_query(dns, record_name(walk->names[i], name), DNS_TXT, deadline_ms, ignore_answer, context);
}

/* Ends those that have no answer yet: nobody waits for one any more. */
static void cancel_queries(struct dns *dns, const struct dmarc_walk *walk, void *context)
{
    char name[DMARC_NAME_SIZE];

    for (size_t i = 0; i < walk->count; i++)
        dns_cancel(dns, record_name(walk->names[i], name), DNS_TXT, ignore_answer, context);
}

/* False if there is nothing to ask for. */
static bool begin_walk(struct dmarc_walk *walk, const char *domain, char text[DNS_NAME_MAX + 1])
{
    if (!domain_text_copy(domain, text) || text[0] == '\0')
        return false;
    dmarc_walk_begin(walk, text);
    return true;
}

struct dmarc_speculation *dmarc_discovery_speculate(struct dns *dns, const char *domain, int64_t deadline_ms)
{
    struct dmarc_speculation *speculation = malloc(sizeof(*speculation));

    if (!speculation)
        return NULL;
    speculation->dns = dns;
    if (!begin_walk(&speculation->walk, domain, speculation->domain)) {
        free(speculation);
        return NULL;
    }
    send_queries(dns, &speculation->walk, deadline_ms, speculation);
    return speculation;
}

void dmarc_speculation_end(struct dmarc_speculation *speculation)
{
    if (!speculation)
        return;
    cancel_queries(speculation->dns, &speculation->walk, speculation);
    free(speculation);
}

static enum dmarc_record look_up(struct dns *dns, const char *domain, int64_t deadline_ms, enum dns_status *status)
{
    char name[DMARC_NAME_SIZE];
    const struct dns_answer *answer = dns_lookup(dns, record_name(domain, name), DNS_TXT, deadline_ms);
    const enum dmarc_record record = dmarc_record_of_answer(answer);

    *status = answer->status;
    dns_answer_release(answer);
    return record;
}

/* Collects the answers, up to one after which no other changes the decision. */
static void collect(struct dns *dns, const struct dmarc_walk *walk, int64_t deadline_ms,
                    enum dmarc_record found[DMARC_WALK_MAX], enum dns_status statuses[DMARC_WALK_MAX])
{
    for (size_t i = 0; i < walk->count; i++) {
        found[i] = look_up(dns, walk->names[i], deadline_ms, &statuses[i]);
        if (found[i] == DMARC_RECORD_PSD_NO || found[i] == DMARC_RECORD_PSD_YES ||
            (i == 0 && found[i] == DMARC_RECORD_PLAIN))
            break;
    }
}

void dmarc_discover(struct dns *dns, const char *domain, int64_t deadline_ms, struct dmarc_discovery *found)
{
    enum dmarc_record records[DMARC_WALK_MAX] = {DMARC_RECORD_NONE};
    enum dns_status statuses[DMARC_WALK_MAX] = {DNS_OK};
    char text[DNS_NAME_MAX + 1];
    struct dmarc_walk walk;
    size_t place = 0;

    *found = (struct dmarc_discovery){.is_published = TRISTATE_NO};
    if (!begin_walk(&walk, domain, text))
        return;
    if (dns->keeps_answers)
        send_queries(dns, &walk, deadline_ms, &walk);
    collect(dns, &walk, deadline_ms, records, statuses);
    if (dns->keeps_answers)
        cancel_queries(dns, &walk, &walk);
    found->is_published = dmarc_walk_decide(&walk, records, &place);
    if (found->is_published == TRISTATE_YES) {
        (void)snprintf(found->name, sizeof(found->name), "%s", walk.names[place]);
    } else if (found->is_published == TRISTATE_UNKNOWN) {
        (void)record_name(walk.names[place], found->name);
        found->status = statuses[place];
    }
}
