/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP addresses and prefixes of either family, as values. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { V4_BITS = 32, V6_BITS = 128, V4_MAPPED_BITS = 96 };

static const uint8_t v4_mapped[V4_MAPPED_BITS / 8] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}; /* RFC 4291 2.5.5.2 */

static unsigned width_bits(const struct addr *addr)
{
    switch (addr->family) {
    case ADDR_V4:
        return V4_BITS;
    case ADDR_V6:
        return V6_BITS;
    default:
        return 0;
    }
}

static bool is_v4_mapped(const struct addr *addr)
{
    return addr->family == ADDR_V6 && memcmp(addr->bytes, v4_mapped, sizeof v4_mapped) == 0;
}

struct addr addr_unmapped(const struct addr *addr)
{
    return is_v4_mapped(addr) ? addr_from_v4(addr->bytes + sizeof v4_mapped) : *addr;
}

/* Reads a number below 256 without zeros before it, and returns its end; NULL: there is none. */
static const char *read_octet(const char *text, const char *end, uint8_t *out)
{
    const char *begin = text;
    unsigned value = 0;

    for (; text < end && *text >= '0' && *text <= '9' && value < 256; text++)
        value = 10 * value + (unsigned)(*text - '0');
    if (text == begin || value > 255 || (*begin == '0' && text > begin + 1))
        return NULL;
    *out = (uint8_t)value;
    return text;
}

/* The dotted form of four numbers, which most addresses have; in a few instructions. */
static bool parse_v4(const char *text, size_t len, uint8_t octets[4])
{
    const char *end = text + len;

    for (int i = 0; i < 4; i++) {
        if (i > 0 && (text == end || *text++ != '.'))
            return false;
        text = read_octet(text, end, &octets[i]);
        if (text == NULL)
            return false;
    }
    return text == end;
}

static bool parse_either(const char *begin, size_t len, struct addr *out)
{
    char text[ADDR_TEXT_SIZE];
    uint8_t octets[16];

    if (parse_v4(begin, len, octets)) {
        *out = addr_from_v4(octets);
        return true;
    }
    if (len >= sizeof text)
        return false;
    memcpy(text, begin, len);
    text[len] = '\0';
    if (inet_pton(AF_INET6, text, octets) != 1)
        return false;
    *out = addr_from_v6(octets);
    return true;
}

bool addr_parse(const char *text, struct addr *out)
{
    return addr_parse_mem(text, strlen(text), out);
}

bool addr_parse_mem(const char *text, size_t len, struct addr *out)
{
    struct addr addr;

    if (!parse_either(text, len, &addr))
        return false;
    *out = addr_unmapped(&addr); /* RFC 7208 5 */
    return true;
}

struct addr addr_from_sockaddr(const struct sockaddr *sa)
{
    struct addr none = {0};

    if (sa != NULL && sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        uint8_t octets[4];

        memcpy(&in, sa, sizeof in);
        memcpy(octets, &in.sin_addr, sizeof octets);
        return addr_from_v4(octets);
    }
    if (sa != NULL && sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, sa, sizeof in6);
        struct addr addr = addr_from_v6(in6.sin6_addr.s6_addr);
        return addr_unmapped(&addr);
    }
    return none;
}

struct addr addr_from_v4(const uint8_t octets[4])
{
    struct addr addr = {.family = ADDR_V4};

    memcpy(addr.bytes, octets, 4);
    return addr;
}

struct addr addr_from_v6(const uint8_t octets[16])
{
    struct addr addr = {.family = ADDR_V6};

    memcpy(addr.bytes, octets, 16);
    return addr;
}

/* Writes a number below 256, and returns its end. */
static char *write_octet(unsigned octet, char *out)
{
    if (octet >= 100)
        *out++ = (char)('0' + octet / 100);
    if (octet >= 10)
        *out++ = (char)('0' + octet / 10 % 10);
    *out++ = (char)('0' + octet % 10);
    return out;
}

/* inet_ntop does the same with printf, which takes ten times as long. */
static void write_v4(const uint8_t octets[4], char *out)
{
    for (int i = 0; i < 4; i++) {
        out = write_octet(octets[i], out);
        *out++ = i < 3 ? '.' : '\0';
    }
}

const char *addr_format(const struct addr *addr, char text[ADDR_TEXT_SIZE])
{
    text[0] = '\0';
    if (addr->family == ADDR_V4)
        write_v4(addr->bytes, text);
    else if (addr->family == ADDR_V6)
        inet_ntop(AF_INET6, addr->bytes, text, ADDR_TEXT_SIZE);
    return text;
}

/* Writes the nibbles from the first to the last, or the other way round, each with a dot after it. Returns the end. */
static char *add_nibbles(const uint8_t octets[16], bool reversed, char *end)
{
    static const char digits[] = "0123456789abcdef";

    for (unsigned i = 0; i < 32; i++) {
        unsigned at = reversed ? 31 - i : i;

        *end++ = digits[at % 2 == 0 ? octets[at / 2] >> 4 : octets[at / 2] & 0x0f];
        *end++ = '.';
    }
    return end;
}

const char *addr_format_dotted(const struct addr *addr, char text[ADDR_DOTTED_SIZE])
{
    if (addr->family == ADDR_V6)
        add_nibbles(addr->bytes, false, text)[-1] = '\0'; /* instead of the last dot */
    else
        addr_format(addr, text);
    return text;
}

static void arpa_v4(const uint8_t *octets, char *name)
{
    snprintf(name, ADDR_ARPA_SIZE, "%u.%u.%u.%u.in-addr.arpa", octets[3], octets[2], octets[1], octets[0]);
}

static void arpa_v6(const uint8_t *octets, char *name)
{
    memcpy(add_nibbles(octets, true, name), "ip6.arpa", sizeof "ip6.arpa");
}

const char *addr_arpa(const struct addr *addr, char name[ADDR_ARPA_SIZE])
{
    name[0] = '\0';
    if (addr->family == ADDR_V4)
        arpa_v4(addr->bytes, name); /* RFC 1035 3.5 */
    else if (addr->family == ADDR_V6)
        arpa_v6(addr->bytes, name); /* RFC 3596 2.5 */
    return name;
}

bool addr_is_loopback(const struct addr *addr)
{
    static const uint8_t v6_loopback[16] = {[15] = 1};

    if (addr->family == ADDR_V4)
        return addr->bytes[0] == 127;
    return addr->family == ADDR_V6 && memcmp(addr->bytes, v6_loopback, sizeof v6_loopback) == 0;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool addr_same_prefix(const struct addr *a, const struct addr *b, unsigned bits)
{
    unsigned width = width_bits(a);

    if (a->family != b->family || width == 0)
        return false;
    if (bits > width)
        bits = width;

    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a->bytes, b->bytes, whole) != 0)
        return false;
    return rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

static void clear_after(struct addr *addr, unsigned bits)
{
    for (unsigned i = 0; i < sizeof addr->bytes; i++) {
        unsigned kept = bits > i * 8 ? bits - i * 8 : 0;

        if (kept < 8)
            addr->bytes[i] = (uint8_t)(addr->bytes[i] & (0xff00U >> kept));
    }
}

/* A prefix length as RFC 7208 5.6 writes it: decimal, no sign, no leading zero. */
static bool parse_bits(const char *text, unsigned max, unsigned *out)
{
    unsigned bits = 0;
    size_t len = strspn(text, "0123456789");

    if (len == 0 || len > 3 || text[len] != '\0' || (text[0] == '0' && len > 1))
        return false;
    for (; *text != '\0'; text++)
        bits = bits * 10 + (unsigned)(*text - '0');
    if (bits > max)
        return false;
    *out = bits;
    return true;
}

bool addr_prefix_parse(const char *text, struct addr_prefix *out)
{
    size_t len = strcspn(text, "/");
    struct addr base;

    if (!parse_either(text, len, &base))
        return false;

    unsigned bits = width_bits(&base);
    if (text[len] == '/' && !parse_bits(text + len + 1, bits, &bits))
        return false;
    if (bits >= V4_MAPPED_BITS && is_v4_mapped(&base)) {
        base = addr_unmapped(&base);
        bits -= V4_MAPPED_BITS;
    }
    clear_after(&base, bits);
    *out = (struct addr_prefix){.base = base, .bits = (uint8_t)bits};
    return true;
}

bool addr_prefix_contains(const struct addr_prefix *prefix, const struct addr *addr)
{
    return addr_same_prefix(&prefix->base, addr, prefix->bits);
}

const char *addr_prefix_format(const struct addr_prefix *prefix, char text[ADDR_PREFIX_SIZE])
{
    char address[ADDR_TEXT_SIZE];

    addr_format(&prefix->base, address);
    if (prefix->bits == width_bits(&prefix->base))
        snprintf(text, ADDR_PREFIX_SIZE, "%s", address);
    else
        snprintf(text, ADDR_PREFIX_SIZE, "%s/%u", address, prefix->bits);
    return text;
}
