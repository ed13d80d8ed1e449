/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP addresses and prefixes of either family, as values. */
#ifndef SMF_BASE_ADDR_H
#define SMF_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum addr_family {
    ADDR_NONE = 0, /* no address is known: a local submission */
    ADDR_V4 = 4,
    ADDR_V6 = 6,
};

/* An address in network byte order. Unused bytes are zero, so that two equal addresses are equal byte by byte. */
struct addr {
    uint8_t family; /* enum addr_family */
    uint8_t bytes[16];
};

/* All addresses of one family that share their first `bits` bits; the others are zero. */
struct addr_prefix {
    struct addr base;
    uint8_t bits; /* 0..32 or 0..128 */
};

enum {
    ADDR_TEXT_SIZE = 46,   /* enough for any address as text, with its NUL */
    ADDR_PREFIX_SIZE = 50, /* the same with "/128" */
    ADDR_DOTTED_SIZE = 64, /* enough for any address in dotted form, with its NUL */
    ADDR_ARPA_SIZE = 74,   /* enough for any in-addr.arpa or ip6.arpa name, with its NUL */
};

/* Reads an IPv4 or IPv6 address (RFC 4291 2.2) without brackets or a zone. `::ffff:a.b.c.d` becomes IPv4 (RFC 7208 5).
 * False, with *out untouched, if `text` is anything else. */
bool addr_parse(const char *text, struct addr *out);

/* The same for a text of `len` octets, without a NUL among them. */
bool addr_parse_mem(const char *text, size_t len, struct addr *out);

/* Takes the address of a sockaddr; an IPv4-mapped IPv6 address becomes IPv4. NULL or another family gives ADDR_NONE. */
struct addr addr_from_sockaddr(const struct sockaddr *sa);

/* Builds an address out of 4 or 16 octets in network order. An IPv6 one stays as it is, even if it is IPv4-mapped. */
struct addr addr_from_v4(const uint8_t octets[4]);
struct addr addr_from_v6(const uint8_t octets[16]);

/* The IPv4 address that an IPv4-mapped IPv6 address stands for (RFC 4291 2.5.5.2, RFC 7208 5); any other as it is. */
struct addr addr_unmapped(const struct addr *addr);

/* Writes the usual text form (RFC 5952 for IPv6) into `text` and returns it. ADDR_NONE gives "". */
const char *addr_format(const struct addr *addr, char text[ADDR_TEXT_SIZE]);

/* Writes the form that SPF's macro i has (RFC 7208 7.3): an IPv4 address as usual, an IPv6 address as 32 nibbles with
 * dots between them, in lower case as in RFC 7208 7.4. ADDR_NONE gives "". */
const char *addr_format_dotted(const struct addr *addr, char text[ADDR_DOTTED_SIZE]);

/* Writes the name of the PTR query for `addr` (RFC 1035 3.5, RFC 3596 2.5), without a trailing dot. */
const char *addr_arpa(const struct addr *addr, char name[ADDR_ARPA_SIZE]);

/* True for 127.0.0.0/8 and ::1 (RFC 1122 3.2.1.3, RFC 4291 2.5.3). */
bool addr_is_loopback(const struct addr *addr);

bool addr_equal(const struct addr *a, const struct addr *b);

/* True if `a` and `b` are of one family and agree in their first `bits` bits. Never true for ADDR_NONE. */
bool addr_same_prefix(const struct addr *a, const struct addr *b, unsigned bits);

/* Reads `address` or `address/bits`, where `bits` is decimal without a leading zero. An IPv4-mapped address with
 * at least 96 bits becomes an IPv4 prefix. Bits beyond the prefix are cleared. False, with *out untouched, if `text` is
 * anything else. */
bool addr_prefix_parse(const char *text, struct addr_prefix *out);

bool addr_prefix_contains(const struct addr_prefix *prefix, const struct addr *addr);

/* Writes `address/bits`, or the address alone where the prefix is one address, and returns `text`. */
const char *addr_prefix_format(const struct addr_prefix *prefix, char text[ADDR_PREFIX_SIZE]);

#endif
