/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and prefixes: every text form, malformed ones, boundaries of prefixes, v4-mapped addresses. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct addr parsed(const char *text)
{
    struct addr addr;

    if (!addr_parse(text, &addr))
        fail_msg("not an address: %s", text);
    return addr;
}

static struct addr_prefix prefix(const char *text)
{
    struct addr_prefix out;

    if (!addr_prefix_parse(text, &out))
        fail_msg("not a prefix: %s", text);
    return out;
}

static void test_octets(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        const uint8_t octets[4] = {(uint8_t)octet, 0, (uint8_t)(255 - octet), (uint8_t)octet};
        const struct addr addr = addr_from_v4(octets);
        char text[ADDR_TEXT_SIZE], expected[ADDR_TEXT_SIZE];

        snprintf(expected, sizeof expected, "%u.0.%u.%u", octet, 255 - octet, octet);
        assert_string_equal(addr_format(&addr, text), expected);
    }
}

static void test_parse_and_format(void **state)
{
    static const struct {
        const char *text;
        uint8_t family;
        const char *formatted;
    } rows[] = {
        {"192.0.2.1", ADDR_V4, "192.0.2.1"},
        {"0.0.0.0", ADDR_V4, "0.0.0.0"},
        {"255.255.255.255", ADDR_V4, "255.255.255.255"},
        {"::", ADDR_V6, "::"},
        {"::1", ADDR_V6, "::1"},
        {"2001:DB8:0:0:1:0:0:1", ADDR_V6, "2001:db8::1:0:0:1"},
        {"2001:db8:0:1:1:1:1:1", ADDR_V6, "2001:db8:0:1:1:1:1:1"},
        {"2001:0db8::0001", ADDR_V6, "2001:db8::1"},
        {"64:ff9b::192.0.2.1", ADDR_V6, "64:ff9b::c000:201"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ADDR_V6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"::ffff:192.0.2.1", ADDR_V4, "192.0.2.1"},
        {"::FFFF:c000:201", ADDR_V4, "192.0.2.1"},
        {"0:0:0:0:0:ffff:0:0", ADDR_V4, "0.0.0.0"},
        {"::fffe:c000:201", ADDR_V6, "::fffe:c000:201"},
        {"::1:ffff:c000:201", ADDR_V6, "::1:ffff:c000:201"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct addr addr = parsed(rows[i].text);
        char text[ADDR_TEXT_SIZE];

        assert_int_equal(addr.family, rows[i].family);
        assert_string_equal(addr_format(&addr, text), rows[i].formatted);
    }
}

static void test_parse_refuses(void **state)
{
    static const char *const rows[] = {
        "",
        " ",
        "192.0.2",
        "192.0.2.1.",
        "192.0.2.256",
        "192.0.2.1.5",
        "192..2.1",
        "192.0.2.",
        "1920.0.2.1",
        "192.0.2.1x",
        "192.0.2.1 ",
        " 192.0.2.1",
        "192.0.2.-1",
        "192.0.2.01",
        "0x7f.0.0.1",
        "1",
        "127.1",
        "[192.0.2.1]",
        "192.0.2.1/32",
        "a.b.c.d",
        ":",
        ":::",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "[::1]",
        "1:2:3:4:5:6:7:8:9",
        "::1%lo",
        "fe80::1%2",
        "::g",
        "::12345",
        "::ffff:192.0.2.",
        "IPv6:::1",
        "::ffff:192.0.2.256",
        "localhost",
        "192.0.2.1\n",
        "\xff\xfe",
        "1:2:3:4:5:6:7:8:",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct addr addr = {.family = 77, .bytes = {1, 2, 3}}, before = addr;

        if (addr_parse(rows[i], &addr))
            fail_msg("was taken for an address: \"%s\"", rows[i]);
        assert_memory_equal(&addr, &before, sizeof addr);
    }
}

static void test_equal_is_bytewise(void **state)
{
    struct addr a = parsed("192.0.2.1"), b = parsed("::ffff:192.0.2.1"), c = parsed("::c000:201"), none = {0};

    (void)state;
    assert_true(addr_equal(&a, &b));
    assert_memory_equal(&a, &b, sizeof a);
    assert_false(addr_equal(&a, &c));
    assert_true(addr_equal(&none, &none));

    struct addr zero = parsed("0.0.0.0"), zero6 = parsed("::");
    assert_false(addr_equal(&none, &zero));
    assert_false(addr_equal(&zero, &zero6));
}

static void test_from_sockaddr(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201), .sin_port = htons(25)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_scope_id = 3};
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct addr v4 = parsed("192.0.2.1"), v6 = parsed("fe80::1"), got;

    (void)state;
    got = addr_from_sockaddr((const struct sockaddr *)&in);
    assert_true(addr_equal(&got, &v4));
    inet_pton(AF_INET6, "fe80::1", &in6.sin6_addr);
    got = addr_from_sockaddr((const struct sockaddr *)&in6);
    assert_true(addr_equal(&got, &v6));
    inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr);
    got = addr_from_sockaddr((const struct sockaddr *)&in6);
    assert_true(addr_equal(&got, &v4));
    assert_int_equal(addr_from_sockaddr(&other).family, ADDR_NONE);
    assert_int_equal(addr_from_sockaddr(NULL).family, ADDR_NONE);
}

static void test_from_octets(void **state)
{
    static const uint8_t octets[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1};
    struct addr v4 = addr_from_v4(octets + 12), v6 = addr_from_v6(octets), none = {0};
    char text[ADDR_TEXT_SIZE];

    (void)state;
    assert_string_equal(addr_format(&v4, text), "192.0.2.1");
    assert_int_equal(v6.family, ADDR_V6);
    assert_string_equal(addr_format(&v6, text), "::ffff:192.0.2.1");
    assert_string_equal(addr_format(&none, text), "");
}

static void test_arpa(void **state)
{
    static const struct {
        const char *text, *name;
    } rows[] = {
        {"192.0.2.1", "1.2.0.192.in-addr.arpa"},
        {"255.255.255.255", "255.255.255.255.in-addr.arpa"},
        {"2001:db8::cb01", "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
    };
    struct addr none = {0};
    char name[ADDR_ARPA_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct addr addr = parsed(rows[i].text);

        assert_string_equal(addr_arpa(&addr, name), rows[i].name);
    }
    assert_string_equal(addr_arpa(&none, name), "");
}

static void test_prefix_parse_and_format(void **state)
{
    static const struct {
        const char *text, *formatted;
        unsigned bits;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", 32},
        {"192.0.2.1/32", "192.0.2.1", 32},
        {"192.0.2.1/31", "192.0.2.0/31", 31},
        {"192.0.2.255/25", "192.0.2.128/25", 25},
        {"192.0.2.255/24", "192.0.2.0/24", 24},
        {"255.255.255.255/1", "128.0.0.0/1", 1},
        {"255.255.255.255/0", "0.0.0.0/0", 0},
        {"2001:db8::1", "2001:db8::1", 128},
        {"2001:db8::ffff/128", "2001:db8::ffff", 128},
        {"2001:db8::ffff/127", "2001:db8::fffe/127", 127},
        {"2001:db8:ffff::/33", "2001:db8:8000::/33", 33},
        {"ffff::/0", "::/0", 0},
        {"::ffff:192.0.2.1", "192.0.2.1", 32},
        {"::ffff:192.0.2.1/128", "192.0.2.1", 32},
        {"::ffff:192.0.2.255/120", "192.0.2.0/24", 24},
        {"::ffff:192.0.2.1/96", "0.0.0.0/0", 0},
        {"::ffff:192.0.2.1/95", "::fffe:0:0/95", 95},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/127", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", 127},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct addr_prefix got = prefix(rows[i].text);
        char text[ADDR_PREFIX_SIZE];

        assert_int_equal(got.bits, rows[i].bits);
        assert_string_equal(addr_prefix_format(&got, text), rows[i].formatted);
    }
}

static void test_prefix_parse_refuses(void **state)
{
    static const char *const rows[] = {
        "",
        "/",
        "/24",
        "192.0.2.0/",
        "192.0.2.0/33",
        "192.0.2.0/-1",
        "192.0.2.0/+1",
        "192.0.2.0/ 8",
        "192.0.2.0/8 ",
        "192.0.2.0/08",
        "192.0.2.0/00",
        "192.0.2.0/0x8",
        "192.0.2.0/24/24",
        "192.0.2.0/255.255.255.0",
        "192.0.2/24",
        "192.0.2.0/4294967304",
        "192.0.2.0/99999999999999999999999",
        "2001:db8::/129",
        "2001:db8::/256",
        "2001:db8::/1280",
        "::ffff:192.0.2.1/129",
        "fe80::1%2/64",
        "[2001:db8::]/32",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/1",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct addr_prefix out = {.base = {.family = 77}, .bits = 99}, before = out;

        if (addr_prefix_parse(rows[i], &out))
            fail_msg("was taken for a prefix: \"%s\"", rows[i]);
        assert_memory_equal(&out, &before, sizeof out);
    }
}

static void test_prefix_contains(void **state)
{
    static const struct {
        const char *prefix, *addr;
        bool contains;
    } rows[] = {
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.0/24", "::ffff:192.0.2.7", true},
        {"192.0.2.4/30", "192.0.2.7", true},
        {"192.0.2.4/30", "192.0.2.8", false},
        {"192.0.2.4/30", "192.0.2.3", false},
        {"192.0.2.4", "192.0.2.4", true},
        {"192.0.2.4", "192.0.2.5", false},
        {"128.0.0.0/1", "128.0.0.0", true},
        {"128.0.0.0/1", "127.255.255.255", false},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "192.0.2.1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"2001:db8::2/127", "2001:db8::3", true},
        {"2001:db8::2/127", "2001:db8::4", false},
        {"2001:db8::2", "2001:db8::2", true},
        {"2001:db8::2", "2001:db8::3", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct addr_prefix p = prefix(rows[i].prefix);
        struct addr addr = parsed(rows[i].addr);

        if (addr_prefix_contains(&p, &addr) != rows[i].contains)
            fail_msg("%s in %s should be %d", rows[i].addr, rows[i].prefix, rows[i].contains);
    }
}

/* A local submission has no address, and no prefix may ever contain it. */
static void test_no_address_is_in_no_prefix(void **state)
{
    struct addr none = {0};
    struct addr_prefix all4 = prefix("0.0.0.0/0"), all6 = prefix("::/0"), empty = {0};

    (void)state;
    assert_false(addr_prefix_contains(&all4, &none));
    assert_false(addr_prefix_contains(&all6, &none));
    assert_false(addr_prefix_contains(&empty, &none));
    assert_false(addr_same_prefix(&none, &none, 0));
}

/* Against a slow one: flips each bit of an address and compares under each length, too large ones included. */
static void test_same_prefix_at_each_bit(void **state)
{
    static const char *const texts[] = {"192.0.2.165", "2001:db8:a5a5::5a5a"};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        unsigned width = i == 0 ? 32 : 128;
        struct addr a = parsed(texts[i]);

        for (unsigned flipped = 0; flipped < width; flipped++) {
            struct addr b = a;

            b.bytes[flipped / 8] ^= (uint8_t)(0x80U >> flipped % 8);
            for (unsigned bits = 0; bits <= width + 9; bits++)
                assert_int_equal(addr_same_prefix(&a, &b, bits), bits <= flipped);
        }
        assert_true(addr_same_prefix(&a, &a, width + 100));
    }
}

static void test_loopback(void **state)
{
    static const struct {
        const char *text;
        bool is_loopback;
    } cases[] = {{"127.0.0.1", true}, {"127.255.0.9", true},      {"128.0.0.1", false}, {"::1", true},
                 {"::2", false},      {"::ffff:127.0.0.1", true}, {"7f00::", false},    {"10.0.0.1", false}};
    const struct addr none = {.family = ADDR_NONE};

    (void)state;
    assert_false(addr_is_loopback(&none));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct addr addr;

        assert_true(addr_parse(cases[i].text, &addr));
        assert_int_equal(addr_is_loopback(&addr), cases[i].is_loopback);
    }
}

/* RFC 7208 7.4 has the second of these. */
static void test_dotted(void **state)
{
    static const char *const rows[][2] = {
        {"192.0.2.3", "192.0.2.3"},
        {"2001:db8::cb01", "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1"},
        {"::ffff:192.0.2.3", "192.0.2.3"},
    };
    const struct addr none = {0};
    char text[ADDR_DOTTED_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr addr;

        assert_true(addr_parse(rows[i][0], &addr));
        assert_string_equal(addr_format_dotted(&addr, text), rows[i][1]);
    }
    assert_string_equal(addr_format_dotted(&none, text), "");
}

static void test_part_of_text(void **state)
{
    static const char text[] = "[2001:db8::1]:192.0.2.3x";
    struct addr addr = {0};
    char shown[ADDR_TEXT_SIZE], long_text[100];

    (void)state;
    assert_true(addr_parse_mem(text + 1, 11, &addr));
    assert_string_equal(addr_format(&addr, shown), "2001:db8::1");
    assert_true(addr_parse_mem(text + 14, 9, &addr));
    assert_string_equal(addr_format(&addr, shown), "192.0.2.3");
    memset(long_text, '1', sizeof long_text);
    assert_false(addr_parse_mem(text + 14, 10, &addr));
    assert_false(addr_parse_mem(text, 0, &addr));
    assert_false(addr_parse_mem(long_text, sizeof long_text, &addr));
    assert_string_equal(addr_format(&addr, shown), "192.0.2.3");
}

static void test_unmapped(void **state)
{
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 3};
    static const uint8_t other[16] = {[11] = 0xff, [12] = 192, [14] = 2, [15] = 3};
    const struct addr v6 = addr_from_v6(mapped), v4 = addr_from_v4(mapped + 12), plain = addr_from_v6(other),
                      none = {0};
    struct addr unmapped;

    (void)state;
    unmapped = addr_unmapped(&v6);
    assert_true(addr_equal(&unmapped, &v4));
    unmapped = addr_unmapped(&v4);
    assert_true(addr_equal(&unmapped, &v4));
    unmapped = addr_unmapped(&plain);
    assert_true(addr_equal(&unmapped, &plain));
    unmapped = addr_unmapped(&none);
    assert_int_equal(unmapped.family, ADDR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_octets),
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_parse_and_format),
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_equal_is_bytewise),
        cmocka_unit_test(test_from_sockaddr),
        cmocka_unit_test(test_from_octets),
        cmocka_unit_test(test_arpa),
        cmocka_unit_test(test_prefix_parse_and_format),
        cmocka_unit_test(test_prefix_parse_refuses),
        cmocka_unit_test(test_prefix_contains),
        cmocka_unit_test(test_no_address_is_in_no_prefix),
        cmocka_unit_test(test_same_prefix_at_each_bit),
        cmocka_unit_test(test_dotted),
        cmocka_unit_test(test_unmapped),
        cmocka_unit_test(test_part_of_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
