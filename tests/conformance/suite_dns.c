/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers questions as the drivers of the openspf suites do, time-outs included. */
#include "conformance/suite_dns.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ALIASES_MAX = 8 };

enum kind { KIND_RECORD, KIND_ALIAS, KIND_TIMEOUT, KIND_TIMEOUT_OF_TYPE };

struct entry {
    char *name;
    enum kind kind;
    enum dns_type type;
    unsigned preference;
    char *data;
    size_t len;
};

struct suite_dns {
    struct dns dns;
    struct entry *entries;
    size_t count;
    uint32_t ttl_s;
    atomic_uint questions;
};

static bool type_from_name(const char *name, enum dns_type *type)
{
    static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_MX, DNS_PTR, DNS_TXT};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(dns_type_name(types[i]), name) == 0) {
            *type = types[i];
            return true;
        }
    }
    return false;
}

static void add_record(struct dns_builder *builder, const struct entry *entry)
{
    unsigned char octets[16];
    struct addr addr;

    switch (entry->type) {
    case DNS_A:
        inet_pton(AF_INET, entry->data, octets);
        addr = addr_from_v4(octets);
        dns_builder_add_addr(builder, &addr);
        break;
    case DNS_AAAA:
        inet_pton(AF_INET6, entry->data, octets);
        addr = addr_from_v6(octets);
        dns_builder_add_addr(builder, &addr);
        break;
    case DNS_MX:
    case DNS_PTR:
        dns_builder_add_name(builder, (uint16_t)entry->preference, entry->data);
        break;
    case DNS_TXT:
        dns_builder_add_text(builder, entry->data, entry->len);
        break;
    }
}

/* What the entries of one name say. */
struct finding {
    struct dns_builder *builder;
    size_t records;
    const struct entry *alias;
    bool known, timed_out;
};

static struct finding find(const struct suite_dns *suite, const char *name, enum dns_type type)
{
    struct finding found = {.builder = dns_builder_create(type)};

    for (size_t i = 0; i < suite->count; i++) {
        const struct entry *entry = &suite->entries[i];

        if (strcasecmp(entry->name, name) != 0)
            continue;
        found.known = true;
        if ((entry->kind == KIND_TIMEOUT && found.records == 0) ||
            (entry->kind == KIND_TIMEOUT_OF_TYPE && entry->type == type))
            found.timed_out = true;
        if (entry->kind == KIND_TIMEOUT || found.timed_out)
            break;
        if (entry->kind == KIND_ALIAS)
            found.alias = entry;
        if (entry->kind == KIND_RECORD && entry->type == type) {
            add_record(found.builder, entry);
            found.records++;
        }
    }
    return found;
}

static const struct dns_answer *answer(const struct suite_dns *suite, const char *name, enum dns_type type)
{
    for (unsigned aliases = 0; aliases < ALIASES_MAX; aliases++) {
        struct finding found = find(suite, name, type);

        if (found.timed_out || (!found.known && strncasecmp(name, "error.", 6) == 0))
            return dns_builder_finish(found.builder, DNS_TIMEOUT, 0);
        if (found.records > 0 || !found.alias)
            return dns_builder_finish(found.builder, found.known ? DNS_OK : DNS_NXDOMAIN, suite->ttl_s);
        dns_builder_finish(found.builder, DNS_NXDOMAIN, 0); /* without records: nothing to release */
        name = found.alias->data;
    }
    return dns_answer_empty(DNS_FAILURE, 0);
}

static void query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                  void *context)
{
    struct suite_dns *suite = (struct suite_dns *)dns;

    (void)deadline_ms;
    suite->questions++;
    done(context, answer(suite, name, type));
}

static void destroy(struct dns *dns)
{
    struct suite_dns *suite = (struct suite_dns *)dns;

    for (size_t i = 0; i < suite->count; i++) {
        free(suite->entries[i].name);
        free(suite->entries[i].data);
    }
    free(suite->entries);
    free(suite);
}

static const struct dns_ops suite_ops = {.query = query, .destroy = destroy};

struct dns *suite_dns_create(const struct clock *clock)
{
    struct suite_dns *suite = calloc(1, sizeof(*suite));

    if (!suite)
        return NULL;
    suite->dns = (struct dns){.ops = &suite_ops, .clock = clock};
    suite->ttl_s = 300;
    return &suite->dns;
}

/* Fills in what an entry is; false if there is no such type or address. */
static bool classify(struct entry *entry, const char *type)
{
    unsigned char octets[16];

    entry->kind = KIND_RECORD;
    if (strcmp(type, "CNAME") == 0)
        entry->kind = KIND_ALIAS;
    else if (strcmp(type, "TIMEOUT") == 0)
        entry->kind = type_from_name(entry->data, &entry->type) ? KIND_TIMEOUT_OF_TYPE : KIND_TIMEOUT;
    else if (!type_from_name(type, &entry->type))
        return false;
    if (entry->kind == KIND_RECORD && entry->type == DNS_A)
        return inet_pton(AF_INET, entry->data, octets) == 1;
    if (entry->kind == KIND_RECORD && entry->type == DNS_AAAA)
        return inet_pton(AF_INET6, entry->data, octets) == 1;
    return true;
}

bool suite_dns_add(struct dns *dns, const char *name, const char *type, unsigned preference, const char *data,
                   size_t len)
{
    struct suite_dns *suite = (struct suite_dns *)dns;
    struct entry *entries = realloc(suite->entries, (suite->count + 1) * sizeof(*entries));
    struct entry *entry;

    if (!entries)
        return false;
    suite->entries = entries;
    entry = &entries[suite->count++];
    *entry = (struct entry){.name = strdup(name), .preference = preference, .data = malloc(len + 1), .len = len};
    if (!entry->name || !entry->data) {
        suite->count--;
        free(entry->name);
        free(entry->data);
        return false;
    }
    memcpy(entry->data, data, len);
    entry->data[len] = '\0';
    return classify(entry, type);
}

void suite_dns_set_ttl(struct dns *dns, uint32_t ttl_s)
{
    ((struct suite_dns *)dns)->ttl_s = ttl_s;
}

unsigned suite_dns_questions(const struct dns *dns)
{
    return atomic_load(&((struct suite_dns *)(uintptr_t)dns)->questions);
}
