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

/* ---- Discovery: name after name, while all of them are queried ---- */

struct search {
    struct dns *dns;
    int64_t deadline_ms;
    struct dmarc_walk walk;
    char domain[DNS_NAME_MAX + 1]; /* the walk's text */
    size_t next;                   /* the name whose answer is wanted now */
    enum dmarc_record records[DMARC_WALK_MAX];
    enum dns_status statuses[DMARC_WALK_MAX];

    /* Where no thread waits. */
    dmarc_done done;
    void *context;
};

/* False if there is nothing to ask for. */
static bool begin_search(struct search *search, struct dns *dns, const char *domain, int64_t deadline_ms)
{
    *search = (struct search){.dns = dns, .deadline_ms = deadline_ms};
    if (!begin_walk(&search->walk, domain, search->domain))
        return false;
    if (dns->keeps_answers)
        send_queries(dns, &search->walk, deadline_ms, search);
    return true;
}

/* Takes the answer for the name. True if it is the last, or no other would change the decision. */
static bool take_record(struct search *search, const struct dns_answer *answer)
{
    const enum dmarc_record record = dmarc_record_of_answer(answer);
    const size_t place = search->next++;

    search->records[place] = record;
    search->statuses[place] = answer->status;
    dns_answer_release(answer);
    return search->next == search->walk.count || record == DMARC_RECORD_PSD_NO || record == DMARC_RECORD_PSD_YES ||
           (place == 0 && record == DMARC_RECORD_PLAIN);
}

static void end_search(struct search *search, struct dmarc_discovery *found)
{
    const struct dmarc_walk *walk = &search->walk;
    size_t place = 0;

    if (search->dns->keeps_answers)
        cancel_queries(search->dns, walk, search);
    found->is_published = dmarc_walk_decide(walk, search->records, &place);
    if (found->is_published == TRISTATE_YES) {
        (void)snprintf(found->name, sizeof(found->name), "%s", walk->names[place]);
    } else if (found->is_published == TRISTATE_UNKNOWN) {
        (void)record_name(walk->names[place], found->name);
        found->status = search->statuses[place];
    }
}

void dmarc_discover(struct dns *dns, const char *domain, int64_t deadline_ms, struct dmarc_discovery *found)
{
    struct search search;
    char name[DMARC_NAME_SIZE];

    *found = (struct dmarc_discovery){.is_published = TRISTATE_NO};
    if (!begin_search(&search, dns, domain, deadline_ms))
        return;
    while (
        !take_record(&search, dns_lookup(dns, record_name(search.walk.names[search.next], name), DNS_TXT, deadline_ms)))
        ;
    end_search(&search, found);
}

static void ask_next(struct search *search);

static void on_record(void *context, const struct dns_answer *answer)
{
    struct search *search = context;
    struct dmarc_discovery found = {.is_published = TRISTATE_NO};

    if (!take_record(search, answer)) {
        ask_next(search); /* as deep as a walk is long, at most */
        return;
    }
    end_search(search, &found);
    search->done(search->context, &found);
    free(search);
}

static void ask_next(struct search *search)
{
    char name[DMARC_NAME_SIZE];

    dns_query(search->dns, record_name(search->walk.names[search->next], name), DNS_TXT, search->deadline_ms, on_record,
              search);
}

void dmarc_discover_start(struct dns *dns, const char *domain, int64_t deadline_ms, dmarc_done done, void *context)
{
    struct search *search = malloc(sizeof(*search));
    struct dmarc_discovery none = {.is_published = search ? TRISTATE_NO : TRISTATE_UNKNOWN};

    if (search && begin_search(search, dns, domain, deadline_ms)) {
        search->done = done;
        search->context = context;
        ask_next(search);
        return;
    }
    free(search);
    done(context, &none);
}
