/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests zone files: what they say, what is wrong with them, and what is answered out of them. */
#include "dns/dns_zone.h"

#include "base/stats.h"
#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char zone_text[] = //
    "; a zone for tests\r\n"
    "$TTL 300\n"
    "$ORIGIN example.com.\n"
    "@       IN TXT  \"v=spf1 \" \"-all\" ; two strings\n"
    "     60 IN MX   10 mail\n"
    "        MX      20 Mail2.Example.NET.\n"
    "nullmx  MX      0 .\n"
    "mail    30 A    192.0.2.1\n"
    "        IN 20 A 192.0.2.2\n"
    "        AAAA    2001:db8::1\n"
    "mapped  AAAA    ::ffff:192.0.2.9\n"
    "UPPER   a       192.0.2.3\n"
    "multi   TXT     ( \"one\" ; in parentheses\n"
    "                  two\n"
    "                  \"\" \"th\\\"r\\\\ee\\010\\255\" )\n"
    "multi   TXT     \"second\"\n"
    "a.b.c   A       192.0.2.4\n"
    "dotted  PTR     lit\\.eral.x\\032y\\064.example.org.\n"
    "odd\\.label\\032x A 192.0.2.5\n"
    "alias   10 CNAME mail\n"
    "c0 CNAME c1\nc1 CNAME c2\nc2 CNAME c3\nc3 CNAME c4\nc4 CNAME c5\nc5 CNAME c6\nc6 CNAME c7\nc7 5 CNAME mail\n"
    "d0 CNAME c0\n"
    "loop    CNAME   loop\n"
    "lost    7 CNAME nowhere\n"
    "slow    TIMEOUT\n"
    "slow    A       192.0.2.6\n"
    "broken  SERVFAIL\n"
    "toslow  CNAME   slow\n"
    "*.wild  A       192.0.2.7\n"
    "known.wild TXT  \"here\"\n"
    "$ORIGIN sub\n"
    "x       A       192.0.2.8\n"
    "$ORIGIN .\n"
    "1.2.0.192.in-addr.arpa PTR mail.example.com\n"
    "$TTL 77";

static struct dns *load(const char *text)
{
    char error[256] = "";
    struct dns *dns = dns_zone_parse(text, strlen(text), "test.zone", &clock_system, error, sizeof(error));

    if (!dns)
        fail_msg("%s", error);
    return dns;
}

static const struct dns_answer *lookup(struct dns *dns, const char *name, enum dns_type type)
{
    return dns_lookup(dns, name, type, clock_monotonic_ms(&clock_system) + 10000);
}

/* Writes all records of an answer, one after the other with a bar between them. */
static void describe(const struct dns_answer *answer, enum dns_type type, char *out, size_t size)
{
    char address[ADDR_TEXT_SIZE];
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < answer->count; i++) {
        const struct dns_record *record = &answer->records[i];
        const char *bar = i > 0 ? "|" : "";

        if (type != DNS_TXT)
            assert_int_equal(record->text_len, 0);
        if (type == DNS_TXT)
            len += (size_t)snprintf(out + len, size - len, "%s%s", bar, record->text);
        else if (type == DNS_MX)
            len += (size_t)snprintf(out + len, size - len, "%s%u %s", bar, record->preference, record->name);
        else if (type == DNS_PTR)
            len += (size_t)snprintf(out + len, size - len, "%s%s", bar, record->name);
        else
            len += (size_t)snprintf(out + len, size - len, "%s%s", bar, addr_format(&record->addr, address));
    }
}

static void test_answers(void **state)
{
    static const struct {
        const char *name;
        enum dns_type type;
        enum dns_status status;
        uint32_t ttl_s;
        const char *records;
    } rows[] = {
        {"example.com", DNS_TXT, DNS_OK, 300, "v=spf1 -all"},
        {"EXAMPLE.Com", DNS_TXT, DNS_OK, 300, "v=spf1 -all"},
        {"example.com", DNS_MX, DNS_OK, 60, "10 mail.example.com|20 Mail2.Example.NET"},
        {"example.com", DNS_A, DNS_NODATA, 77, ""},
        {"nullmx.example.com", DNS_MX, DNS_OK, 300, "0 "},
        {"mail.example.com", DNS_A, DNS_OK, 20, "192.0.2.1|192.0.2.2"},
        {"mail.example.com", DNS_AAAA, DNS_OK, 300, "2001:db8::1"},
        {"upper.example.com", DNS_A, DNS_OK, 300, "192.0.2.3"},
        {"multi.example.com", DNS_TXT, DNS_OK, 300, "onetwoth\"r\\ee\n\xff|second"},
        {"a.b.c.example.com", DNS_A, DNS_OK, 300, "192.0.2.4"},
        {"b.c.example.com", DNS_A, DNS_NODATA, 77, ""},
        {"c.example.com", DNS_A, DNS_NODATA, 77, ""},
        {"com", DNS_A, DNS_NODATA, 77, ""},
        {"x.c.example.com", DNS_A, DNS_NXDOMAIN, 77, ""},
        {"example.net", DNS_A, DNS_NXDOMAIN, 77, ""},
        {"dotted.example.com", DNS_PTR, DNS_OK, 300, "lit\\046eral.x\\032y\\064.example.org"},
        {"odd.label x.example.com", DNS_A, DNS_NXDOMAIN, 77, ""},
        {"alias.example.com", DNS_A, DNS_OK, 10, "192.0.2.1|192.0.2.2"},
        {"alias.example.com", DNS_TXT, DNS_NODATA, 10, ""},
        {"c0.example.com", DNS_A, DNS_OK, 5, "192.0.2.1|192.0.2.2"},
        {"d0.example.com", DNS_A, DNS_FAILURE, 0, ""},
        {"loop.example.com", DNS_A, DNS_FAILURE, 0, ""},
        {"lost.example.com", DNS_A, DNS_NXDOMAIN, 7, ""},
        {"slow.example.com", DNS_A, DNS_TIMEOUT, 0, ""},
        {"slow.example.com", DNS_TXT, DNS_TIMEOUT, 0, ""},
        {"toslow.example.com", DNS_TXT, DNS_TIMEOUT, 0, ""},
        {"broken.example.com", DNS_MX, DNS_FAILURE, 0, ""},
        {"any.wild.example.com", DNS_A, DNS_OK, 300, "192.0.2.7"},
        {"any.more.wild.example.com", DNS_A, DNS_OK, 300, "192.0.2.7"},
        {"any.wild.example.com", DNS_TXT, DNS_NODATA, 77, ""},
        {"known.wild.example.com", DNS_A, DNS_NODATA, 77, ""},
        {"wild.example.com", DNS_A, DNS_NODATA, 77, ""},
        {"x.sub.example.com", DNS_A, DNS_OK, 300, "192.0.2.8"},
        {"1.2.0.192.in-addr.arpa", DNS_PTR, DNS_OK, 300, "mail.example.com"},
    };
    struct dns *dns = load(zone_text);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct dns_answer *answer = lookup(dns, rows[i].name, rows[i].type);
        char text[2000];

        describe(answer, rows[i].type, text, sizeof(text));
        if (answer->status != rows[i].status || answer->ttl_s != rows[i].ttl_s || strcmp(text, rows[i].records) != 0)
            fail_msg("%s %s: %s %u \"%s\"", rows[i].name, dns_type_name(rows[i].type), dns_status_name(answer->status),
                     answer->ttl_s, text);
        dns_answer_release(answer);
    }
    assert_int_equal(stats_get(STATS_DNS_QUERIES), 0); /* none is sent, nor counted */
    dns_destroy(dns);
}

/* A v4-mapped address in an AAAA record is not an IPv4 address: no query for A would give it. */
static void test_mapped_address(void **state)
{
    struct dns *dns = load(zone_text);
    const struct dns_answer *answer = lookup(dns, "mapped.example.com", DNS_AAAA);

    (void)state;
    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->records[0].addr.family, ADDR_V6);
    assert_int_equal(answer->records[0].addr.bytes[10], 0xff);
    dns_answer_release(answer);
    dns_destroy(dns);
}

/* A query holds octets, the file holds escapes. */
static void test_odd_names(void **state)
{
    struct dns *dns = load("a\\032b\\092\\255\\\"\\$.Example. 1 A 192.0.2.1\n");
    const struct dns_answer *answer = lookup(dns, "A b\\\xff\"$.example", DNS_A);

    (void)state;
    assert_int_equal(answer->status, DNS_OK);
    dns_answer_release(answer);
    answer = lookup(dns, "a\\032b\\092\\255.example", DNS_A);
    assert_int_equal(answer->status, DNS_NXDOMAIN);
    dns_answer_release(answer);
    dns_destroy(dns);
}

static void test_empty_files(void **state)
{
    static const char *const texts[] = {"", "\n\n", "; nothing", "   \n\t; nothing\n()\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct dns *dns = load(texts[i]);
        const struct dns_answer *answer = lookup(dns, "example.com", DNS_A);

        assert_int_equal(answer->status, DNS_NXDOMAIN);
        assert_int_equal(answer->ttl_s, 3600);
        dns_answer_release(answer);
        dns_destroy(dns);
    }
}

static void test_text_lengths(void **state)
{
    char *text = malloc(100000), *end = text;
    const struct dns_answer *answer;
    struct dns *dns;

    (void)state;
    end += sprintf(end, "big TXT");
    for (unsigned i = 0; i < 250; i++)
        end += sprintf(end, " \"%0255u\"", i);
    dns = load(text);
    answer = lookup(dns, "big", DNS_TXT);
    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->records[0].text_len, 250 * 255);
    dns_answer_release(answer);
    dns_destroy(dns);
    free(text);
}

static void test_errors(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"\n\nexample.com. SOA x\n", "test.zone:3: unknown type \"SOA\""},
        {"a A 192.0.2.1\nb A 192.0.2.256\n", "test.zone:2: \"192.0.2.256\" is not an IPv4 address"},
        {"a A ::1\n", "test.zone:1: \"::1\" is not an IPv4 address"},
        {"a AAAA 192.0.2.1\n", "test.zone:1: \"192.0.2.1\" is not an IPv6 address"},
        {"a A\n", "test.zone:1: too little data for a record of type A"},
        {"a A 192.0.2.1 192.0.2.2\n", "test.zone:1: too much data for a record of type A"},
        {"a TIMEOUT now\n", "test.zone:1: too much data"},
        {"a SERVFAIL now\n", "test.zone:1: too much data"},
        {"a AAAA 2001:db8::1 2001:db8::2\n", "test.zone:1: too much data"},
        {"a MX 10 mail mail\n", "test.zone:1: too much data"},
        {"a PTR b c\n", "test.zone:1: too much data"},
        {"a CNAME b c\n", "test.zone:1: too much data"},
        {"a TXT\n", "test.zone:1: too little data"},
        {"a MX 10\n", "test.zone:1: too little data"},
        {"a PTR\n", "test.zone:1: too little data"},
        {"a MX mail 10\n", "test.zone:1: \"mail\" is not a preference"},
        {"a MX 65536 mail\n", "test.zone:1: \"65536\" is not a preference"},
        {"a IN\n", "test.zone:1: a record without a type"},
        {"a CH TXT x\n", "test.zone:1: unknown type \"CH\""},
        {"a 4294967296 A 192.0.2.1\n", "test.zone:1: \"4294967296\" is not a TTL"},
        {"a 1 2 A 192.0.2.1\n", "test.zone:1: unknown type \"2\""},
        {"$TTL 1h\n", "test.zone:1: \"1h\" is not a TTL in seconds"},
        {"$TTL\n", "test.zone:1: $TTL takes one value"},
        {"$INCLUDE other\n", "test.zone:1: unknown directive \"$INCLUDE\""},
        {"$ORIGIN a..b.\n", "test.zone:1: \"a..b.\" is not a domain name"},
        {" A 192.0.2.1\n", "test.zone:1: a record that leaves out its name"},
        {".a A 192.0.2.1\n", "test.zone:1: \".a\" is not a domain name"},
        {"a\\256 A 192.0.2.1\n", "test.zone:1: \"a\\256\" is not a domain name"},
        {"a\\25\tA 192.0.2.1\n", "test.zone:1: \"a\\25\" is not a domain name"},
        {"\"a\" A 192.0.2.1\n", "test.zone:1: \"a\" is not a domain name"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa A 192.0.2.1\n", "is not a domain name"},
        {"a TXT \"no end\nb A 192.0.2.1\n", "test.zone:1: a quoted string does not end on its line"},
        {"a TXT \"no end\\", "test.zone:1: a quoted string does not end on its line"},
        {"a TXT \"\\999\"\n", "test.zone:1: \"\\999\": a bad escape"},
        {"a TXT ( x\n\n", "test.zone:3: the file ends within parentheses"},
        {"a TXT (\n", "test.zone:2: the file ends within parentheses"},
        {"a TXT ( ( x ) )\n", "test.zone:1: a parenthesis within parentheses"},
        {"a TXT x )\n", "test.zone:1: `)` without `(`"},
        {"a CNAME b\nx A 192.0.2.1\na TXT x\n", "test.zone:3: \"a\" has a CNAME"},
        {"a CNAME b\na CNAME c\n", "test.zone:2: \"a\" has a CNAME"},
        {"a TXT 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
         "01234567890123456789012345678901234567890123456789012345\n",
         "test.zone:1: a string has 256 octets"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char error[256] = "";
        struct dns *dns =
            dns_zone_parse(rows[i].text, strlen(rows[i].text), "test.zone", &clock_system, error, sizeof(error));

        if (dns || !strstr(error, rows[i].error))
            fail_msg("row %zu: wanted \"%s\", got \"%s\"", i, rows[i].error, dns ? "no error" : error);
    }
}

static void test_nul_octet(void **state)
{
    static const char text[] = "a A 192.0.2.1\nb\0 A 192.0.2.1\n";
    char error[256] = "";

    (void)state;
    assert_null(dns_zone_parse(text, sizeof(text) - 1, "test.zone", &clock_system, error, sizeof(error)));
    assert_string_equal(error, "test.zone:2: a NUL octet");
}

static void test_files(void **state)
{
    char path[] = "/tmp/test_dns_zone.XXXXXX", error[256] = "";
    int fd = mkstemp(path);
    const struct dns_answer *answer;
    struct dns *dns;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, zone_text, sizeof(zone_text) - 1), sizeof(zone_text) - 1);
    close(fd);
    dns = dns_zone_load(path, &clock_system, error, sizeof(error));
    unlink(path);
    assert_non_null(dns);
    answer = lookup(dns, "mail.example.com", DNS_AAAA);
    assert_int_equal(answer->status, DNS_OK);
    dns_answer_release(answer);
    dns_destroy(dns);
    assert_null(dns_zone_load(path, &clock_system, error, sizeof(error)));
    assert_non_null(strstr(error, path));
    assert_non_null(strstr(error, "No such file"));
    assert_null(dns_zone_load("/", &clock_system, error, sizeof(error)));
    assert_non_null(strstr(error, "directory"));
}

/* Whichever allocation fails: an error that says so, and no leak. */
static void test_memory(void **state)
{
    unsigned n = 1;

    (void)state;
    for (;; n++) {
        char error[256] = "";
        struct dns *dns;
        bool failed;

        alloc_fail_at(n);
        dns = dns_zone_parse(zone_text, sizeof(zone_text) - 1, "test.zone", &clock_system, error, sizeof(error));
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        dns_destroy(dns);
        if (!failed)
            break;
        if (!dns)
            assert_non_null(strstr(error, "memory"));
    }
    assert_true(n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),     cmocka_unit_test(test_mapped_address), cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_empty_files), cmocka_unit_test(test_text_lengths),   cmocka_unit_test(test_errors),
        cmocka_unit_test(test_nul_octet),   cmocka_unit_test(test_files),          cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
