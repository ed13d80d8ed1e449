/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS out of the zone data of one openspf scenario. */
#ifndef SMF_TESTS_SUITE_DNS_H
#define SMF_TESTS_SUITE_DNS_H

#include "dns/dns.h"

#include <stdbool.h>
#include <stddef.h>

/* Creates an empty zone. NULL if out of memory. */
struct dns *suite_dns_create(const struct clock *clock);

/* Adds an entry behind those that are there. `type` is A, AAAA, MX, PTR, TXT or CNAME with the data as octets (a MX has
 * `preference`), or TIMEOUT: questions for which nothing stands before this entry get no answer; where `data` names a
 * type, only questions for that type. False if the type or an address is not known, or out of memory. */
bool suite_dns_add(struct dns *dns, const char *name, const char *type, unsigned preference, const char *data,
                   size_t len);

/* Questions asked so far. */
unsigned suite_dns_questions(const struct dns *dns);

#endif
