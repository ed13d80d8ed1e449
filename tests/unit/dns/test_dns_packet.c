/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests the reader of replies with packets that are whole, odd, malformed and cut. */
#include "dns/dns_packet.h"

#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TYPE_CNAME = 5, TYPE_SOA = 6, TYPE_RRSIG = 46, IN = 1, CHAOS = 3 };

enum { OK = 0x8180, TRUNCATED = 0x8380, SERVFAIL = 0x8182, NXDOMAIN = 0x8183, REFUSED = 0x8185, QUESTION = 0x0100 };

/* A packet under construction. */
struct packet {
    uint8_t octets[70000];
    size_t len;
};

static struct packet packet;

static void put8(unsigned value)
{
    packet.octets[packet.len++] = (uint8_t)value;
}

static void put16(unsigned value)
{
    put8(value >> 8);
    put8(value & 0xff);
}

static void put32(uint32_t value)
{
    put16(value >> 16);
    put16(value & 0xffff);
}

static void put_mem(const void *octets, size_t len)
{
    memcpy(packet.octets + packet.len, octets, len);
    packet.len += len;
}

/* A name; "" is the root. */
static void put_name(const char *name)
{
    while (*name) {
        size_t len = strcspn(name, ".");

        put8((unsigned)len);
        put_mem(name, len);
        name += len + (name[len] == '.');
    }
    put8(0);
}

static void begin(unsigned flags, unsigned answers, unsigned authority, const char *name, unsigned type)
{
    packet.len = 0;
    put16(0x1234);
    put16(flags);
    put16(1);
    put16(answers);
    put16(authority);
    put16(0);
    put_name(name);
    put16(type);
    put16(IN);
}

/* A record up to its data; returns the place of its length, for end_record. */
static size_t begin_record(const char *owner, unsigned type, unsigned class, uint32_t ttl_s)
{
    put_name(owner);
    put16(type);
    put16(class);
    put32(ttl_s);
    put16(0);
    return packet.len;
}

static void end_record(size_t start)
{
    size_t len = packet.len - start;

    packet.octets[start - 2] = (uint8_t)(len >> 8);
    packet.octets[start - 1] = (uint8_t)len;
}

static void put_a(const char *owner, uint32_t ttl_s, unsigned last)
{
    size_t start = begin_record(owner, DNS_A, IN, ttl_s);

    put_mem("\xc0\x00\x02", 3);
    put8(last);
    end_record(start);
}

static void put_named(const char *owner, unsigned type, uint32_t ttl_s, const char *target)
{
    size_t start = begin_record(owner, type, IN, ttl_s);

    put_name(target);
    end_record(start);
}

static void put_soa(uint32_t ttl_s, uint32_t minimum_s)
{
    size_t start = begin_record("example.com", TYPE_SOA, IN, ttl_s);

    put_name("ns.example.com");
    put_name("root.example.com");
    for (unsigned i = 0; i < 4; i++)
        put32(1000000 + i);
    put32(minimum_s);
    end_record(start);
}

static const struct dns_answer *parse(enum dns_type type)
{
    /* A copy of the exact size lets a sanitizer see the first octet behind the end. */
    uint8_t *copy = malloc(packet.len + 1);
    const struct dns_answer *answer;

    memcpy(copy + 1, packet.octets, packet.len);
    answer = dns_packet_parse(copy + 1, packet.len, type);
    free(copy);
    return answer;
}

#define EXPECT(type, wanted_status, wanted_ttl_s, wanted_count)                                                        \
    do {                                                                                                               \
        const struct dns_answer *got = parse(type);                                                                    \
                                                                                                                       \
        assert_string_equal(dns_status_name(got->status), dns_status_name(wanted_status));                             \
        assert_int_equal(got->ttl_s, wanted_ttl_s);                                                                    \
        assert_int_equal(got->count, wanted_count);                                                                    \
        dns_answer_release(got);                                                                                       \
    } while (0)

static void test_addresses(void **state)
{
    const struct dns_answer *answer;
    char text[ADDR_TEXT_SIZE];
    size_t start;

    (void)state;
    begin(OK, 4, 0, "www.example.com", DNS_A);
    put_a("www.example.com", 300, 1);
    put_a("other.example.com", 1, 9);
    put_a("WWW.Example.com", 200, 2);
    start = begin_record("www.example.com", DNS_A, CHAOS, 1);
    put32(0);
    end_record(start);
    answer = parse(DNS_A);
    assert_int_equal(answer->status, DNS_OK);
    assert_int_equal(answer->count, 2);
    assert_int_equal(answer->ttl_s, 200);
    assert_string_equal(addr_format(&answer->records[0].addr, text), "192.0.2.1");
    assert_string_equal(addr_format(&answer->records[1].addr, text), "192.0.2.2");
    dns_answer_release(answer);

    begin(OK, 1, 0, "www.example.com", DNS_AAAA);
    start = begin_record("www.example.com", DNS_AAAA, IN, 5);
    put_mem("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16);
    end_record(start);
    answer = parse(DNS_AAAA);
    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->records[0].addr.family, ADDR_V6);
    dns_answer_release(answer);
}

static void test_texts(void **state)
{
    const struct dns_answer *answer;
    size_t start;

    (void)state;
    begin(OK, 4, 0, "example.com", DNS_TXT);
    start = begin_record("example.com", DNS_TXT, IN, 60);
    put_mem("\7v=spf1 \0\4-all", 14);
    end_record(start);
    start = begin_record("example.com", DNS_TXT, IN, 60);
    put_mem("\5a\0b\xff\n", 6);
    end_record(start);
    start = begin_record("example.com", DNS_TXT, IN, 60);
    put8(0);
    end_record(start);
    end_record(begin_record("example.com", DNS_TXT, IN, 60));
    answer = parse(DNS_TXT);
    assert_int_equal(answer->status, DNS_OK);
    assert_int_equal(answer->count, 4);
    assert_string_equal(answer->records[0].text, "v=spf1 -all");
    assert_int_equal(answer->records[1].text_len, 5);
    assert_memory_equal(answer->records[1].text, "a\0b\xff\n", 6);
    assert_int_equal(answer->records[2].text_len, 0);
    assert_int_equal(answer->records[3].text_len, 0);
    dns_answer_release(answer);
}

static void test_large_text(void **state)
{
    const struct dns_answer *answer;
    size_t start;

    (void)state;
    begin(OK, 1, 0, "example.com", DNS_TXT);
    start = begin_record("example.com", DNS_TXT, IN, 60);
    for (unsigned i = 0; i < 250; i++) {
        put8(255);
        for (unsigned j = 0; j < 255; j++)
            put8('a' + i % 26);
    }
    end_record(start);
    answer = parse(DNS_TXT);
    assert_int_equal(answer->records[0].text_len, 250 * 255);
    assert_int_equal(answer->records[0].text[0], 'a');
    assert_int_equal(answer->records[0].text[255], 'b');
    dns_answer_release(answer);
}

static void test_names(void **state)
{
    const struct dns_answer *answer;
    size_t start;

    (void)state;
    begin(OK, 3, 0, "example.com", DNS_MX);
    start = begin_record("example.com", DNS_MX, IN, 60);
    put16(10);
    put_mem("\4Mail\xc0\x0c", 7); /* a pointer to the question's name */
    end_record(start);
    start = begin_record("example.com", DNS_MX, IN, 60);
    put16(0);
    put_name("");
    end_record(start);
    start = begin_record("example.com", DNS_MX, IN, 60);
    put16(65535);
    put_mem("\6a.b\\ \xff\xc0\x14", 9); /* and one into its middle */
    end_record(start);
    answer = parse(DNS_MX);
    assert_int_equal(answer->status, DNS_OK);
    assert_int_equal(answer->count, 3);
    assert_int_equal(answer->records[0].preference, 10);
    assert_string_equal(answer->records[0].name, "Mail.example.com");
    assert_string_equal(answer->records[1].name, "");
    assert_int_equal(answer->records[2].preference, 65535);
    assert_string_equal(answer->records[2].name, "a\\046b\\092\\032\\255.com");
    dns_answer_release(answer);

    begin(OK, 1, 0, "1.2.0.192.in-addr.arpa", DNS_PTR);
    put_named("1.2.0.192.in-addr.arpa", DNS_PTR, 9, "mail.example.com");
    answer = parse(DNS_PTR);
    assert_int_equal(answer->ttl_s, 9);
    assert_string_equal(answer->records[0].name, "mail.example.com");
    dns_answer_release(answer);
}

/* A name of 255 octets on the wire, all of which need escapes, is the longest that there is. */
static void test_longest_name(void **state)
{
    static const uint8_t lens[] = {63, 63, 63, 61, 0};

    (void)state;
    for (unsigned more = 0; more < 2; more++) {
        const struct dns_answer *answer;
        size_t start;

        begin(OK, 1, 0, "x", DNS_PTR);
        start = begin_record("x", DNS_PTR, IN, 9);
        for (size_t i = 0; i < sizeof(lens); i++) {
            unsigned len = lens[i] + (i == 3 ? more : 0);

            put8(len);
            for (unsigned j = 0; j < len; j++)
                put8(0);
        }
        end_record(start);
        answer = parse(DNS_PTR);
        assert_int_equal(answer->status, more ? DNS_FAILURE : DNS_OK);
        if (!more)
            assert_int_equal(strlen(answer->records[0].name), 4 * 250 + 3);
        dns_answer_release(answer);
    }
}

static void test_aliases(void **state)
{
    (void)state;
    begin(OK, 4, 0, "a.example", DNS_A); /* in any order, with the smallest TTL on the way */
    put_a("c.example", 300, 1);
    put_named("b.example", TYPE_CNAME, 20, "C.example");
    put_named("a.example", TYPE_CNAME, 30, "b.example");
    put_a("a.example", 1, 9);
    EXPECT(DNS_A, DNS_OK, 20, 1);

    begin(OK, 1, 1, "a.example", DNS_A);
    put_named("a.example", TYPE_CNAME, 30, "b.example");
    put_soa(900, 600);
    EXPECT(DNS_A, DNS_NODATA, 30, 0);

    begin(OK, 1, 0, "a.example", DNS_A); /* the server has not followed it: nothing is known of b.example */
    put_named("a.example", TYPE_CNAME, 30, "b.example");
    EXPECT(DNS_A, DNS_FAILURE, 0, 0);

    begin(NXDOMAIN, 1, 1, "a.example", DNS_A);
    put_named("a.example", TYPE_CNAME, 3000, "b.example");
    put_soa(900, 600);
    EXPECT(DNS_A, DNS_NXDOMAIN, 600, 0);

    begin(OK, 2, 0, "a.example", DNS_A);
    put_named("a.example", TYPE_CNAME, 30, "b.example");
    put_named("b.example", TYPE_CNAME, 30, "a.example");
    EXPECT(DNS_A, DNS_FAILURE, 0, 0);
}

static void test_alias_limit(void **state)
{
    (void)state;
    for (unsigned aliases = 15; aliases <= 18; aliases++) {
        char from[] = "a0.example", to[] = "a0.example";

        begin(OK, aliases + 1, 0, from, DNS_A);
        for (unsigned i = 0; i < aliases; i++) {
            from[0] = (char)('a' + i);
            to[0] = (char)('b' + i);
            put_named(from, TYPE_CNAME, 60, to);
        }
        put_a(to, 60, 1);
        EXPECT(DNS_A, aliases <= 16 ? DNS_OK : DNS_FAILURE, aliases <= 16 ? 60 : 0, aliases <= 16);
    }
}

static void test_negative(void **state)
{
    (void)state;
    begin(OK, 0, 1, "example.com", DNS_TXT);
    put_soa(900, 600);
    EXPECT(DNS_TXT, DNS_NODATA, 600, 0);
    begin(NXDOMAIN, 0, 1, "no.example.com", DNS_TXT);
    put_soa(300, 600);
    EXPECT(DNS_TXT, DNS_NXDOMAIN, 300, 0);
    begin(NXDOMAIN, 0, 0, "no.example.com", DNS_TXT);
    EXPECT(DNS_TXT, DNS_NXDOMAIN, 0, 0);
    begin(OK, 1, 0, "example.com", DNS_TXT); /* only a record of another type */
    put_named("example.com", TYPE_RRSIG, 60, "x");
    EXPECT(DNS_TXT, DNS_NODATA, 0, 0);
    begin(NXDOMAIN, 0, 1, "no.example.com", DNS_TXT);
    put_soa(0x80000000u, 600); /* RFC 2181 8 */
    EXPECT(DNS_TXT, DNS_NXDOMAIN, 0, 0);
}

static void test_codes(void **state)
{
    static const unsigned flags[] = {SERVFAIL, REFUSED, TRUNCATED, QUESTION, OK | 0x0800};

    (void)state;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        begin(flags[i], 1, 0, "example.com", DNS_A);
        put_a("example.com", 60, 1);
        EXPECT(DNS_A, DNS_FAILURE, 0, 0);
    }
    begin(OK, 1, 0, "example.com", DNS_A); /* the reply to another query */
    put_a("example.com", 60, 1);
    EXPECT(DNS_AAAA, DNS_FAILURE, 0, 0);
    packet.octets[5] = 2; /* two questions */
    EXPECT(DNS_A, DNS_FAILURE, 0, 0);
}

/* Data that does not fit its type or its length. */
static void test_malformed_data(void **state)
{
    static const struct {
        enum dns_type type;
        const char *data;
        size_t len;
    } rows[] = {
        {DNS_A, "\1\2\3", 3},          {DNS_A, "\1\2\3\4\5", 5}, {DNS_AAAA, "\1\2\3\4", 4},
        {DNS_TXT, "\5abc", 4},         {DNS_TXT, "\3abc\1", 5},  {DNS_MX, "\0", 1},
        {DNS_MX, "\0\1", 2},           {DNS_MX, "\0\1\3abc", 6}, {DNS_PTR, "\3abc\x40", 5}, /* a length of 64 */
        {DNS_PTR, "\3abc\xc0", 5},                                                          /* half a pointer */
        {DNS_PTR, "\3abc\xff\xff", 6},                                                      /* beyond the packet */
        {DNS_PTR, "\xc0\x20", 2},    /* to itself: the data begin at 32 */
        {DNS_PTR, "\1a\xc0\x20", 4}, /* a loop */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t start;

        begin(OK, 1, 0, "x", rows[i].type);
        start = begin_record("x", rows[i].type, IN, 60);
        put_mem(rows[i].data, rows[i].len);
        end_record(start);
        assert_int_equal(start, 32);
        EXPECT(rows[i].type, DNS_FAILURE, 0, 0);
    }
}

/* A reply cut anywhere is no answer, and never half of one. */
static void test_cut(void **state)
{
    size_t whole;

    (void)state;
    begin(OK, 3, 0, "a.example", DNS_MX);
    put_named("a.example", TYPE_CNAME, 30, "b.example");
    for (unsigned i = 0; i < 2; i++) {
        size_t start = begin_record("b.example", DNS_MX, IN, 60);

        put16(i);
        put_name("mail.example");
        end_record(start);
    }
    EXPECT(DNS_MX, DNS_OK, 30, 2);
    whole = packet.len;
    for (packet.len = 0; packet.len < whole; packet.len++)
        EXPECT(DNS_MX, DNS_FAILURE, 0, 0);
}

static void test_memory(void **state)
{
    unsigned n = 1;

    (void)state;
    begin(OK, 2, 0, "example.com", DNS_TXT);
    for (unsigned i = 0; i < 2; i++) {
        size_t start = begin_record("example.com", DNS_TXT, IN, 60);

        put_mem("\7v=spf1 \4-all", 13);
        end_record(start);
    }
    for (;; n++) {
        const struct dns_answer *answer;
        bool failed;

        alloc_fail_at(n);
        answer = dns_packet_parse(packet.octets, packet.len, DNS_TXT);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(answer->status, failed ? DNS_FAILURE : DNS_OK);
        dns_answer_release(answer);
        if (!failed)
            break;
    }
    assert_true(n > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),      cmocka_unit_test(test_texts),        cmocka_unit_test(test_large_text),
        cmocka_unit_test(test_names),          cmocka_unit_test(test_longest_name), cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_alias_limit),    cmocka_unit_test(test_negative),     cmocka_unit_test(test_codes),
        cmocka_unit_test(test_malformed_data), cmocka_unit_test(test_cut),          cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
