/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS that answers from a zone file and never uses the network: for demonstrations, tests and `smf-spf query
 * --zone`. */
#ifndef SMF_DNS_DNS_ZONE_H
#define SMF_DNS_DNS_ZONE_H

#include "dns/dns.h"

/* Reads master-file lines (RFC 1035 5.1): `name [ttl] [IN] TYPE rdata` with A, AAAA, TXT, MX, PTR and CNAME, $ORIGIN
 * and $TTL, comments, parentheses, quoted strings with \X and \DDD. Two private types make every query at a name
 * fail: `name TIMEOUT` and `name SERVFAIL`. A TIMEOUT is answered at once, as a test need not wait. NULL,
 * with "file:line: what" in `error`, if the file cannot be read. */
struct dns *dns_zone_load(const char *path, const struct clock *clock, char *error, size_t error_size);

/* True if both answer from the same text. */
bool dns_zone_is_same(const struct dns *a, const struct dns *b);

/* The same from text in memory; `path` is for messages. */
struct dns *dns_zone_parse(const char *text, size_t len, const char *path, const struct clock *clock, char *error,
                           size_t error_size);

#endif
