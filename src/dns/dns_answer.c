/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers: built piece by piece, then one immutable allocation that is shared by counting. */
#include "base/strbuf.h"
#include "dns/dns.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* An answer with its count of references. Its records, and then their texts, follow in the same allocation. */
struct counted_answer {
    struct dns_answer answer;       /* the first member: the pointers are the same */
    atomic_uint references;         /* 0: static, never freed */
    size_t octets;                  /* of the records, as dns_answer_octets has them */
    const struct dns_answer *owner; /* of the records, where they are another's; a reference */
};

enum { RECORD_OCTETS = 16 }; /* of a record: a compressed name, type, class, TTL, length, and an IPv4 address */

struct dns_builder {
    enum dns_type type;
    bool failed;
    struct dns_record *records; /* name and text are not set yet; text_len is */
    size_t count, size;
    struct strbuf texts; /* each followed by a NUL, in the order of the records */
};

static struct counted_answer bare_answers[] = {
    [DNS_OK] = {.answer = {.status = DNS_FAILURE}}, /* a backend cannot mean this: without a record it is no answer */
    [DNS_NODATA] = {.answer = {.status = DNS_NODATA}},   [DNS_NXDOMAIN] = {.answer = {.status = DNS_NXDOMAIN}},
    [DNS_TIMEOUT] = {.answer = {.status = DNS_TIMEOUT}}, [DNS_FAILURE] = {.answer = {.status = DNS_FAILURE}},
};

static struct counted_answer *counted(const struct dns_answer *answer)
{
    return (struct counted_answer *)answer;
}

const struct dns_answer *dns_answer_acquire(const struct dns_answer *answer)
{
    struct counted_answer *shared = counted(answer);

    if (atomic_load_explicit(&shared->references, memory_order_relaxed) > 0)
        atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
    return answer;
}

void dns_answer_release(const struct dns_answer *answer)
{
    struct counted_answer *shared = counted(answer);

    if (!answer || atomic_load_explicit(&shared->references, memory_order_relaxed) == 0)
        return;
    if (atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) > 1)
        return;
    dns_answer_release(shared->owner);
    free(shared);
}

const struct dns_answer *dns_answer_with_ttl(const struct dns_answer *answer, uint32_t ttl_s)
{
    struct counted_answer *view;

    if (answer->ttl_s == ttl_s)
        return dns_answer_acquire(answer);
    view = malloc(sizeof(*view));
    if (!view)
        return dns_answer_fault();
    *view = (struct counted_answer){.answer = *answer, .references = 1, .octets = dns_answer_octets(answer)};
    view->answer.ttl_s = ttl_s;
    view->owner = dns_answer_acquire(answer);
    return &view->answer;
}

size_t dns_answer_octets(const struct dns_answer *answer)
{
    return counted(answer)->octets;
}

const struct dns_answer *dns_answer_fault(void)
{
    static struct counted_answer fault = {.answer = {.status = DNS_FAILURE, .is_fault = true}};

    return &fault.answer;
}

static bool is_negative(enum dns_status status)
{
    return status == DNS_NODATA || status == DNS_NXDOMAIN;
}

const struct dns_answer *dns_answer_empty(enum dns_status status, uint32_t ttl_s)
{
    struct counted_answer *shared = NULL;

    if (ttl_s > 0 && is_negative(status))
        shared = malloc(sizeof(*shared));
    if (!shared)
        return &bare_answers[status].answer;
    *shared = (struct counted_answer){.answer = {.status = status, .ttl_s = ttl_s}, .references = 1};
    return &shared->answer;
}

struct dns_builder *dns_builder_create(enum dns_type type)
{
    struct dns_builder *builder = calloc(1, sizeof(*builder));

    if (builder)
        builder->type = type;
    return builder;
}

static void builder_free(struct dns_builder *builder)
{
    strbuf_free(&builder->texts);
    free(builder->records);
    free(builder);
}

/* Adds a record; NULL, and the builder has failed, if there is no memory or the record is of another kind than the
 * queried. */
static struct dns_record *add_record(struct dns_builder *builder, bool fits)
{
    if (!builder || builder->failed)
        return NULL;
    if (fits && builder->count == builder->size) {
        size_t size = builder->size ? 2 * builder->size : 4;
        struct dns_record *records = realloc(builder->records, size * sizeof(*records));

        fits = records != NULL;
        if (records) {
            builder->records = records;
            builder->size = size;
        }
    }
    if (!fits) {
        builder->failed = true;
        return NULL;
    }
    builder->records[builder->count] = (struct dns_record){0};
    return &builder->records[builder->count++];
}

bool dns_builder_add_addr(struct dns_builder *builder, const struct addr *addr)
{
    struct dns_record *record =
        add_record(builder, builder && addr->family == (builder->type == DNS_A ? ADDR_V4 : ADDR_V6));

    if (!record)
        return false;
    record->addr = *addr;
    return true;
}

/* Keeps `text` for the record that was added last. */
static bool add_string(struct dns_builder *builder, struct dns_record *record, const char *text, size_t len)
{
    record->text_len = len;
    strbuf_add_mem(&builder->texts, text, len);
    strbuf_add_char(&builder->texts, '\0');
    builder->failed = builder->texts.failed;
    return !builder->failed;
}

bool dns_builder_add_name(struct dns_builder *builder, uint16_t preference, const char *name)
{
    struct dns_record *record = add_record(builder, builder && (builder->type == DNS_MX || builder->type == DNS_PTR));

    if (!record)
        return false;
    record->preference = preference;
    return add_string(builder, record, name, strlen(name));
}

bool dns_builder_add_text(struct dns_builder *builder, const char *text, size_t len)
{
    struct dns_record *record = add_record(builder, builder && builder->type == DNS_TXT);

    return record && add_string(builder, record, text, len);
}

/* Points the records of a finished answer at their texts. */
static void place_texts(struct counted_answer *shared, enum dns_type type, const char *texts)
{
    struct dns_record *records = (struct dns_record *)(shared + 1);

    for (size_t i = 0; i < shared->answer.count; i++) {
        struct dns_record *record = &records[i];
        const char *text = texts;

        texts += record->text_len + 1;
        if (type == DNS_TXT) {
            record->text = text;
        } else {
            record->name = text;
            record->text_len = 0;
        }
    }
}

static struct counted_answer *finish_records(const struct dns_builder *builder, uint32_t ttl_s)
{
    size_t records_size = builder->count * sizeof(*builder->records);
    struct counted_answer *shared = malloc(sizeof(*shared) + records_size + builder->texts.len);

    if (!shared)
        return NULL;
    *shared = (struct counted_answer){.answer = {.status = DNS_OK, .ttl_s = ttl_s}, .references = 1};
    shared->octets = builder->count * RECORD_OCTETS + builder->texts.len;
    shared->answer.count = builder->count;
    shared->answer.records = (struct dns_record *)(shared + 1);
    memcpy(shared + 1, builder->records, records_size);
    if (builder->texts.len > 0) {
        char *texts = (char *)(shared + 1) + records_size;

        memcpy(texts, builder->texts.text, builder->texts.len);
        place_texts(shared, builder->type, texts);
    }
    return shared;
}

const struct dns_answer *dns_builder_finish(struct dns_builder *builder, enum dns_status status, uint32_t ttl_s)
{
    struct counted_answer *shared = NULL;
    bool failed;

    if (!builder)
        return dns_answer_fault();
    failed = builder->failed;
    if (status == DNS_OK && builder->count == 0)
        status = DNS_NODATA;
    if (status == DNS_OK && !failed) {
        shared = finish_records(builder, ttl_s);
        failed = shared == NULL;
    }
    builder_free(builder);
    if (failed)
        return dns_answer_fault();
    return shared ? &shared->answer : dns_answer_empty(status, ttl_s);
}
