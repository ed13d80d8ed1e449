/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spf_check in a zone in memory, at a time that the test sets. */
#ifndef SMF_TESTS_ZONE_CHECKS_H
#define SMF_TESTS_ZONE_CHECKS_H

#include "conformance/suite_dns.h"
#include "spf/spf_check.h"

#include <stdbool.h>

/* An entry of the zone, as suite_dns_add takes it; MX preferences are 10. */
struct zone_entry {
    const char *name, *type, *data;
};

struct zone_checks {
    struct clock clock;
    int64_t now_ms;
    struct dns *zone; /* owned by the checker */
    struct spf_checker *checker;
};

/* Opens an empty zone, with a result cache of one hour if `cached`. */
void zone_checks_open(struct zone_checks *checks, bool cached);
void zone_checks_close(struct zone_checks *checks);

void zone_checks_add(struct zone_checks *checks, const char *name, const char *type, const char *data);
void zone_checks_add_all(struct zone_checks *checks, const struct zone_entry *entries, size_t count);

/* The request whose parts tests leave out are: local part `user`, HELO `mail.example.org`, receiver `mx.example.net`.
 */
struct spf_request zone_checks_request(const char *client, const char *domain);

/* Asks that request. */
struct spf_outcome zone_checks_ask(struct zone_checks *checks, const char *client, const char *domain);

/* Asks it and fails unless the result is `wanted`; returns the questions that the DNS was asked. */
unsigned zone_checks_expect(struct zone_checks *checks, const char *client, const char *domain, enum spf_result wanted);

#endif
