/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks over a DNS reply, each step checked against its end. */
#include "dns/dns_packet.h"

#include "base/strbuf.h"
#include "dns/dns_name.h"

#include <string.h>

enum {
    HEADER_SIZE = 12,
    FLAG_REPLY = 0x8000,
    FLAG_TRUNCATED = 0x0200,
    OPCODE_MASK = 0x7800,
    RCODE_MASK = 0x000f,
    RCODE_NXDOMAIN = 3,
    CLASS_IN = 1,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    EXCHANGERS_MAX = 32, /* of an answer that are kept: RFC 7208 4.6.4 allows 10, an answer has room for thousands */
    ALIASES_MAX = 16,    /* how many CNAMEs are followed; resolvers give up before */
};

/* A place in a packet. Once `bad`, every read gives 0 and moves nothing. */
struct reader {
    const uint8_t *packet;
    size_t at, end; /* at <= end, both from the packet's start */
    bool bad;
};

/* A resource record (RFC 1035 4.1.3). */
struct wire_record {
    struct reader owner; /* where its name begins */
    uint16_t type, class;
    uint32_t ttl_s;
    struct reader data;
};

/* Whether the owners of records are `name`. As most owners are the same pointer as that of the record before, a pointer
 * that comes again is not followed again. */
struct owner_test {
    const char *name;
    bool has_pointer;
    uint8_t pointer[2];
    bool is_same; /* what it leads to */
};

/* A section: `count` records from `start`. */
struct section {
    struct reader start;
    uint16_t count;
};

static uint8_t read_u8(struct reader *reader)
{
    if (reader->bad || reader->at == reader->end) {
        reader->bad = true;
        return 0;
    }
    return reader->packet[reader->at++];
}

static uint16_t read_u16(struct reader *reader)
{
    const uint8_t *octets = reader->packet + reader->at;

    if (reader->bad || reader->end - reader->at < 2) {
        reader->bad = true;
        return 0;
    }
    reader->at += 2;
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

static uint32_t read_u32(struct reader *reader)
{
    uint32_t high = read_u16(reader), low = read_u16(reader);

    return high << 16 | low;
}

/* A TTL with its highest bit set counts as 0 (RFC 2181 8). */
static uint32_t read_ttl(struct reader *reader)
{
    uint32_t ttl_s = read_u32(reader);

    return ttl_s > INT32_MAX ? 0 : ttl_s;
}

static const uint8_t *read_octets(struct reader *reader, size_t len)
{
    const uint8_t *octets = reader->packet + reader->at;

    if (reader->bad || len > reader->end - reader->at) {
        reader->bad = true;
        return NULL;
    }
    reader->at += len;
    return octets;
}

/* Reads a name, compressed or not (RFC 1035 4.1.4). A pointer has to point before the labels that led to it, so the way
 * ends. */
static void read_name(struct reader *reader, struct dns_name *name)
{
    struct reader labels = *reader;
    size_t before = labels.at;
    bool jumped = false;

    name->len = name->octets = 0;
    name->text[0] = '\0';
    for (;;) {
        uint8_t len = read_u8(&labels);

        if (len >= 0xc0) {
            size_t target = (size_t)(len & 0x3f) << 8 | read_u8(&labels);

            labels.bad |= target >= before;
            if (!jumped)
                *reader = labels;
            jumped = true;
            labels.at = before = target;
        } else if (len > DNS_LABEL_MAX) {
            labels.bad = true;
        } else if (len > 0) {
            const uint8_t *label = read_octets(&labels, len);

            labels.bad |= !label || !dns_name_add_label(name, label, len);
        }
        if (labels.bad || len == 0)
            break;
    }
    if (!jumped)
        *reader = labels;
    reader->bad |= labels.bad;
}

/* Goes past a name without following it. */
static void skip_name(struct reader *reader)
{
    uint8_t len;

    do {
        len = read_u8(reader);
        if (len >= 0xc0)
            read_u8(reader);
        else if (len > DNS_LABEL_MAX)
            reader->bad = true;
        else
            read_octets(reader, len);
    } while (!reader->bad && len > 0 && len < 0xc0);
}

static bool read_record(struct reader *reader, struct wire_record *record)
{
    size_t len;

    record->owner = *reader;
    skip_name(reader);
    record->type = read_u16(reader);
    record->class = read_u16(reader);
    record->ttl_s = read_ttl(reader);
    len = read_u16(reader);
    record->data = *reader;
    read_octets(reader, len);
    record->data.end = reader->at;
    return !reader->bad;
}

/* True if the record belongs to the name. *bad is set if its owner cannot be read. */
static bool has_owner(const struct wire_record *record, struct owner_test *test, bool *bad)
{
    struct reader reader = record->owner;
    const uint8_t *octets = reader.packet + reader.at; /* there are two at least, as a type comes after the owner */
    const bool is_pointer = octets[0] >= 0xc0;
    struct dns_name owner;

    if (is_pointer && test->has_pointer && memcmp(octets, test->pointer, sizeof(test->pointer)) == 0)
        return test->is_same;
    read_name(&reader, &owner);
    *bad |= reader.bad;
    test->is_same = !reader.bad && dns_name_equal(owner.text, test->name);
    test->has_pointer = is_pointer;
    memcpy(test->pointer, octets, sizeof(test->pointer));
    return test->is_same;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* True if `section` has a CNAME for *name: then *name becomes its target and *ttl_s at most its TTL. */
static bool follow_alias(const struct section *section, struct dns_name *name, uint32_t *ttl_s, bool *bad)
{
    struct reader reader = section->start;
    struct owner_test test = {.name = name->text};
    struct wire_record record;

    for (unsigned i = 0; !*bad && i < section->count && read_record(&reader, &record); i++) {
        if (record.type != TYPE_CNAME || record.class != CLASS_IN || !has_owner(&record, &test, bad))
            continue;
        read_name(&record.data, name);
        *ttl_s = smaller(*ttl_s, record.ttl_s);
        *bad |= record.data.bad;
        return !*bad;
    }
    *bad |= reader.bad;
    return false;
}

/* Reads the strings of a TXT record. One of no strings at all is taken for one of an empty string. */
static bool add_text(struct dns_builder *builder, struct reader *data)
{
    const uint8_t *first = data->packet + data->at;
    struct strbuf text = STRBUF_INIT;

    if (data->at < data->end && data->at + 1 + *first == data->end) /* one string, as most have */
        return dns_builder_add_text(builder, (const char *)first + 1, *first);
    while (!data->bad && data->at < data->end) {
        size_t len = read_u8(data);
        const uint8_t *octets = read_octets(data, len);

        if (octets && len > 0)
            strbuf_add_mem(&text, octets, len);
    }
    /* Without memory the builder must not finish as if this record were not there. */
    if (text.failed || !dns_builder_add_text(builder, strbuf_text(&text), text.len))
        data->bad = true;
    strbuf_free(&text);
    return !data->bad;
}

static bool add_addr(struct dns_builder *builder, struct reader *data, bool is_v4)
{
    const uint8_t *octets = read_octets(data, is_v4 ? 4 : 16);
    struct addr addr;

    if (!octets || data->at != data->end)
        return false;
    addr = is_v4 ? addr_from_v4(octets) : addr_from_v6(octets);
    return dns_builder_add_addr(builder, &addr);
}

static bool add_name(struct dns_builder *builder, struct reader *data, bool is_mx)
{
    uint16_t preference = is_mx ? read_u16(data) : 0;
    struct dns_name name;

    read_name(data, &name);
    return !data->bad && dns_builder_add_name(builder, preference, name.text);
}

static bool add_data(struct dns_builder *builder, struct reader *data, enum dns_type type)
{
    switch (type) {
    case DNS_A:
    case DNS_AAAA:
        return add_addr(builder, data, type == DNS_A);
    case DNS_MX:
    case DNS_PTR:
        return add_name(builder, data, type == DNS_MX);
    case DNS_TXT:
        return add_text(builder, data);
    }
    return false;
}

/* Adds the records of `name` and `type`. False if a record is malformed or there is no memory. */
static bool add_records(struct dns_builder *builder, const struct section *section, const char *name,
                        enum dns_type type, uint32_t *ttl_s, size_t *count)
{
    struct reader reader = section->start;
    struct owner_test test = {.name = name};
    struct wire_record record;
    bool bad = false;

    *count = 0;
    for (unsigned i = 0; !bad && i < section->count && read_record(&reader, &record); i++) {
        if (record.type != (uint16_t)type || record.class != CLASS_IN || !has_owner(&record, &test, &bad))
            continue;
        if ((type != DNS_MX || *count < EXCHANGERS_MAX) && !add_data(builder, &record.data, type))
            return false;
        *ttl_s = smaller(*ttl_s, record.ttl_s);
        *count += 1;
    }
    return !bad && !reader.bad;
}

/* How long a negative answer holds: the smaller of the SOA's TTL and its MINIMUM (RFC 2308 5); 0, with *has_soa false,
 * without a SOA. */
static uint32_t negative_ttl_s(const struct section *authority, bool *has_soa)
{
    struct reader reader = authority->start;
    struct wire_record record;
    struct dns_name ignored;

    *has_soa = false;
    for (unsigned i = 0; i < authority->count && read_record(&reader, &record); i++) {
        if (record.type != TYPE_SOA || record.class != CLASS_IN)
            continue;
        read_name(&record.data, &ignored); /* MNAME */
        read_name(&record.data, &ignored); /* RNAME */
        read_octets(&record.data, 16);     /* SERIAL, REFRESH, RETRY and EXPIRE */
        record.ttl_s = smaller(record.ttl_s, read_ttl(&record.data));
        *has_soa = !record.data.bad;
        return record.data.bad ? 0 : record.ttl_s;
    }
    return 0;
}

static void skip_section(struct reader *reader, uint16_t count)
{
    struct wire_record record;

    for (unsigned i = 0; i < count && read_record(reader, &record); i++)
        ;
}

/* Reads header and question. False unless this is the reply to one question about `type` with a usable RCODE. */
static bool read_start(struct reader *reader, enum dns_type type, struct dns_name *name, struct section *answers,
                       struct section *authority, bool *nxdomain)
{
    uint16_t flags, questions;

    read_u16(reader); /* the id was compared by the sender of the query */
    flags = read_u16(reader);
    questions = read_u16(reader);
    answers->count = read_u16(reader);
    authority->count = read_u16(reader);
    read_u16(reader); /* the additional section is of no use here */
    *nxdomain = (flags & RCODE_MASK) == RCODE_NXDOMAIN;
    if (!(flags & FLAG_REPLY) || (flags & (FLAG_TRUNCATED | OPCODE_MASK)) || questions != 1)
        return false;
    if ((flags & RCODE_MASK) != 0 && !*nxdomain)
        return false;
    read_name(reader, name);
    if (read_u16(reader) != (uint16_t)type || read_u16(reader) != CLASS_IN)
        return false;
    answers->start = *reader;
    return !reader->bad;
}

const struct dns_answer *dns_packet_parse(const uint8_t *packet, size_t len, enum dns_type type)
{
    struct reader reader = {.packet = packet, .end = len};
    struct section answers, authority;
    struct dns_name name;
    struct dns_builder *builder;
    uint32_t ttl_s = UINT32_MAX;
    bool nxdomain, has_soa, bad = false;
    unsigned aliases = 0;
    size_t count;

    if (!read_start(&reader, type, &name, &answers, &authority, &nxdomain))
        return dns_answer_empty(DNS_FAILURE, 0);
    while (follow_alias(&answers, &name, &ttl_s, &bad))
        bad |= aliases++ == ALIASES_MAX;
    if (bad)
        return dns_answer_empty(DNS_FAILURE, 0);
    builder = dns_builder_create(type);
    if (!add_records(builder, &answers, name.text, type, &ttl_s, &count))
        return dns_builder_finish(builder, DNS_FAILURE, 0);
    if (count == 0) {
        authority.start = answers.start;
        skip_section(&authority.start, answers.count);
        ttl_s = smaller(ttl_s, negative_ttl_s(&authority, &has_soa));
        if (aliases > 0 && !nxdomain && !has_soa) /* the server has not followed them to their end */
            return dns_builder_finish(builder, DNS_FAILURE, 0);
    }
    return dns_builder_finish(builder, nxdomain ? DNS_NXDOMAIN : DNS_OK, ttl_s);
}
