/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at a record before it is published: what makes it a permanent error, and what a careful postmaster would not
 * want in it. */
#ifndef SMF_SPF_RECORD_CHECK_H
#define SMF_SPF_RECORD_CHECK_H

#include "dns/dns.h"
#include "spf/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum finding_level {
    FINDING_ERROR,   /* evaluations end in permerror */
    FINDING_UNKNOWN, /* the DNS did not answer, so errors may be hidden */
    FINDING_WARNING,
    FINDING_NOTE,
};

/* One thing that was found. */
struct finding {
    enum finding_level level;
    char *text;     /* for people; printable US-ASCII */
    bool has_place; /* it is about octets of the record */
    size_t offset;  /* of them */
    size_t len;
    const char *hint;                    /* of syntax errors: what would be right, a constant; else NULL */
    char *meant;                         /* the terms that were probably meant; NULL: nobody can tell */
    struct dns_lookup_key failed_lookup; /* FINDING_UNKNOWN: the lookup that failed */
};

/* Start with {0}, free with record_check_free. */
struct record_check {
    struct finding *findings;
    size_t count;
    bool failed; /* out of memory: findings are missing */

    /* What an evaluation costs that comes to the end, over all records (RFC 7208 4.6.4). */
    bool costs_known; /* the record was read, and the rest holds */
    unsigned dns_terms;
    unsigned void_lookups_v4, void_lookups_v6; /* for IPv4 and IPv6 clients, as far as they are the same for all */
    bool is_partial; /* some term's domain depends on the message, or DNS did not answer: it may cost more */
};

/* Checks the record `text` as that of `domain`, which domain_can_have_policy must accept, and asks `dns` until
 * `deadline_ms` for what its terms lead to. */
void record_check_run(struct record_check *check, const char *text, size_t len, const char *domain, struct dns *dns,
                      int64_t deadline_ms);

/* True if there is a finding of this level. */
bool record_check_has(const struct record_check *check, enum finding_level level);

/* "permerror" with an error, "temperror" where one may be hidden, else "fine". */
const char *record_check_status(const struct record_check *check);

void record_check_free(struct record_check *check);

/* For the parts of the check (finding.c has the list): adds a finding. `term` is one of the record's own; NULL: none of
 * them. */
void record_check_add(struct record_check *check, enum finding_level level, const struct record *record,
                      const struct term *term, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
