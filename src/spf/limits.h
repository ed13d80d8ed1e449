/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one evaluation may cost (RFC 7208 4.6.4). */
#ifndef SMF_SPF_LIMITS_H
#define SMF_SPF_LIMITS_H

#include <stddef.h>

enum {
    LIMIT_DNS_TERMS = 10,   /* include, a, mx, ptr, exists, redirect, over all records of an evaluation */
    LIMIT_VOID_LOOKUPS = 2, /* answers without a record */
    LIMIT_MX_NAMES = 10,    /* of one mx term: more are a permanent error */
    LIMIT_OCTETS = 1 << 18, /* of the answers that terms without a match, and records, have: more are a permanent error.
                               RFC 7208 11.1 asks for a bound of what an evaluation takes, and names none */
    LIMIT_CLIENT_NAMES = 10, /* PTR names of the client: more are left aside (RFC 7208 5.5) */
};

/* Start with {0}. */
struct limits {
    unsigned dns_terms;
    unsigned void_lookups;
    size_t octets; /* as dns_answer_octets has them */
};

#endif
