/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The backend that answers from a zone file. */
#include "dns/dns_zone.h"

#include "base/file.h"
#include "base/strbuf.h"
#include "dns/dns_name.h"
#include "dns/zone_data.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIASES_MAX = 8,             /* how many CNAMEs are followed for one query */
    FILE_MAX = 64 * 1024 * 1024, /* octets of a zone file */
};

struct dns_zone {
    struct dns dns;
    struct zone_data data;                          /* not changed once it is read, so nothing needs a lock */
    unsigned char digest[crypto_generichash_BYTES]; /* of the text */
};

/* The records of `name`, or of the wildcard that stands in for it (RFC 4592 3.3.1); NULL if there is neither. */
static const struct zone_record *find(const struct zone_data *data, const char *name, size_t *count)
{
    const struct zone_record *records = zone_data_find(data, name, count);
    const char *above = name;
    char wildcard[DNS_NAME_SIZE + sizeof("\\042.")];

    while (!records && (above = strchr(above, '.')) != NULL) {
        size_t ignored;

        above++;
        if (!zone_data_find(data, above, &ignored))
            continue;
        snprintf(wildcard, sizeof(wildcard), "\\042.%s", above);
        return zone_data_find(data, wildcard, count);
    }
    return records;
}

static const struct zone_record *of_kind(const struct zone_record *records, size_t count, enum zone_kind kind)
{
    for (size_t i = 0; i < count; i++)
        if (records[i].kind == kind)
            return &records[i];
    return NULL;
}

static enum zone_kind kind_of_type(enum dns_type type)
{
    switch (type) {
    case DNS_A:
        return ZONE_A;
    case DNS_AAAA:
        return ZONE_AAAA;
    case DNS_MX:
        return ZONE_MX;
    case DNS_PTR:
        return ZONE_PTR;
    case DNS_TXT:
        break;
    }
    return ZONE_TXT;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static const struct dns_answer *build(const struct zone_record *records, size_t count, enum dns_type type,
                                      uint32_t ttl_s, uint32_t negative_ttl_s)
{
    struct dns_builder *builder = dns_builder_create(type);
    enum zone_kind kind = kind_of_type(type);
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        const struct zone_record *record = &records[i];

        if (record->kind != kind)
            continue;
        found = true;
        ttl_s = smaller(ttl_s, record->ttl_s);
        if (kind == ZONE_TXT)
            dns_builder_add_text(builder, record->text, record->text_len);
        else if (kind == ZONE_A || kind == ZONE_AAAA)
            dns_builder_add_addr(builder, &record->addr);
        else
            dns_builder_add_name(builder, record->preference, record->text);
    }
    return dns_builder_finish(builder, DNS_OK, found ? ttl_s : smaller(ttl_s, negative_ttl_s));
}

static const struct dns_answer *answer(const struct zone_data *data, const char *query, enum dns_type type)
{
    struct dns_name name;
    const char *current = name.text;
    uint32_t ttl_s = UINT32_MAX;

    if (!dns_name_from_query(&name, query))
        return dns_answer_empty(DNS_NXDOMAIN, 0);
    dns_name_fold(name.text);
    for (unsigned aliases = 0; aliases <= ALIASES_MAX; aliases++) {
        size_t count;
        const struct zone_record *records = find(data, current, &count);
        const struct zone_record *alias;

        if (!records)
            return dns_answer_empty(DNS_NXDOMAIN, smaller(ttl_s, data->negative_ttl_s));
        if (of_kind(records, count, ZONE_TIMEOUT))
            return dns_answer_empty(DNS_TIMEOUT, 0);
        if (of_kind(records, count, ZONE_SERVFAIL))
            return dns_answer_empty(DNS_FAILURE, 0);
        alias = of_kind(records, count, ZONE_CNAME);
        if (!alias)
            return build(records, count, type, ttl_s, data->negative_ttl_s);
        ttl_s = smaller(ttl_s, alias->ttl_s);
        current = alias->text;
    }
    return dns_answer_empty(DNS_FAILURE, 0);
}

static void zone_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                       void *context)
{
    const struct dns_zone *zone = (const struct dns_zone *)dns;

    (void)deadline_ms; /* the answer is here at once */
    dns_deliver(done, context, answer(&zone->data, name, type));
}

static void zone_free(struct dns_zone *zone)
{
    zone_data_free(&zone->data);
    free(zone);
}

static void zone_destroy(struct dns *dns)
{
    zone_free((struct dns_zone *)dns);
}

static const struct dns_ops zone_ops = {.query = zone_query, .destroy = zone_destroy};

struct dns *dns_zone_parse(const char *text, size_t len, const char *path, const struct clock *clock, char *error,
                           size_t error_size)
{
    struct dns_zone *zone = calloc(1, sizeof(*zone));

    if (!zone) {
        snprintf(error, error_size, "%s: out of memory", path);
        return NULL;
    }
    zone->dns = (struct dns){.ops = &zone_ops, .clock = clock};
    crypto_generichash(zone->digest, sizeof(zone->digest), (const unsigned char *)text, len, NULL, 0);
    if (!zone_data_parse(&zone->data, text, len, path, error, error_size)) {
        zone_free(zone);
        return NULL;
    }
    return &zone->dns;
}

bool dns_zone_is_same(const struct dns *a, const struct dns *b)
{
    return a->ops == &zone_ops && b->ops == &zone_ops &&
           memcmp(((const struct dns_zone *)a)->digest, ((const struct dns_zone *)b)->digest,
                  sizeof(((const struct dns_zone *)a)->digest)) == 0;
}

struct dns *dns_zone_load(const char *path, const struct clock *clock, char *error, size_t error_size)
{
    struct strbuf text = {.limit = FILE_MAX};
    struct dns *dns = NULL;

    if (file_read(path, &text))
        dns = dns_zone_parse(strbuf_text(&text), text.len, path, clock, error, error_size);
    else
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
    strbuf_free(&text);
    return dns;
}
