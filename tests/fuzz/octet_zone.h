/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A zone made of any octets, for fuzz targets that need a DNS.
 *
 * Lines `LTdata`: L is a letter, the name L.org; T is the type: t TXT, a A, 6 AAAA, m MX, p PTR (of the client,
 * whatever L is), c no answer, f failure. Without a line a name does not exist. */
#ifndef FUZZ_OCTET_ZONE_H
#define FUZZ_OCTET_ZONE_H

#include "dns/dns.h"

#include <stddef.h>
#include <stdint.h>

enum { OCTET_ZONE_LINES = 64 };

struct octet_line {
    const char *text;
    size_t len;
};

struct octet_zone {
    struct octet_line lines[OCTET_ZONE_LINES]; /* within the input */
    size_t count;
};

/* Takes the lines of the input apart; returns the first, which is none of the zone's. Lines too many are left out. */
struct octet_line octet_zone_read(struct octet_zone *zone, const uint8_t *data, size_t size);

/* The answer to a query; the caller releases it. */
const struct dns_answer *octet_zone_answer(const struct octet_zone *zone, const char *name, enum dns_type type);

#endif
