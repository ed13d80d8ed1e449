/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS out of entries in memory, with the rules of the zone data of the openspf suites. */
#ifndef SMF_TESTS_SUITE_DNS_H
#define SMF_TESTS_SUITE_DNS_H

#include "dns/dns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Creates an empty zone. NULL if out of memory. */
struct dns *suite_dns_create(const struct clock *clock);

/* Adds an entry after the others. `type` is A, AAAA, MX, PTR, TXT or CNAME with the data as octets (a MX has
 * `preference`), or TIMEOUT: questions for which nothing stands before this entry get no answer; where `data` names a
 * type, only questions for that type. False if the type or an address is not known, or out of memory. */
bool suite_dns_add(struct dns *dns, const char *name, const char *type, unsigned preference, const char *data,
                   size_t len);

/* Sets the TTL of all answers, also of those without a record; 300 s at first. */
void suite_dns_set_ttl(struct dns *dns, uint32_t ttl_s);

/* Questions asked so far. */
unsigned suite_dns_questions(const struct dns *dns);

#endif
