/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS that answers out of a zone in memory when the test says so, and in the order that the test says. It has no
 * thread, and its clock stands still but for that: whatever is to be late, or silent, is so in every run. */
#ifndef SMF_TESTS_SCRIPT_DNS_H
#define SMF_TESTS_SCRIPT_DNS_H

#include "base/clock.h"
#include "dns/dns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCRIPT_QUERIES = 4096, SCRIPT_REPORTS = 1024 };

struct script_query {
    char name[DNS_NAME_MAX + 1];
    enum dns_type type;
    int64_t deadline_ms;
    dns_callback done; /* NULL: answered */
    void *context;
};

struct script_dns {
    struct dns dns;
    struct clock clock;
    int64_t now_ms;
    struct dns *zone; /* owned */
    struct script_query queries[SCRIPT_QUERIES];
    size_t count;                 /* all that were asked */
    size_t cancelled;             /* those of them that nobody waited for any more */
    const char *silent_name;      /* this one is silent too; NULL: none */
    const char *slow_zone;        /* this zone is slow (dns_is_slow); NULL: none */
    char reports[SCRIPT_REPORTS]; /* "slow NAME" and "quick NAME SINCE", a line each, of the reports */
};

/* Prepares it with an empty zone. The zone goes with dns_destroy(&script->dns). */
void script_dns_open(struct script_dns *script);

/* As suite_dns_add. */
void script_dns_add(struct script_dns *script, const char *name, const char *type, const char *data);

/* Forgets what was asked; nothing may be under way. */
void script_dns_reset(struct script_dns *script);

/* Names whose first label begins with this are silent: they are answered at their deadline. */
#define SCRIPT_SILENT "silent"

/* How many queries that are not silent are under way. */
size_t script_dns_waiting(const struct script_dns *script);

/* Answers the n-th of these. */
void script_dns_answer(struct script_dns *script, size_t n);

/* Answers in the order of the queries, until nothing is under way but silent ones. */
void script_dns_answer_all(struct script_dns *script);

/* Moves the clock on to the earliest deadline, and answers what is under way with a timeout. */
void script_dns_expire(struct script_dns *script);

/* The earliest deadline of what is under way; INT64_MAX: nothing is. */
int64_t script_dns_deadline(const struct script_dns *script);

/* How often this was asked. */
size_t script_dns_asked(const struct script_dns *script, const char *name, enum dns_type type);

#endif
