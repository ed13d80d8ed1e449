/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPF records by the grammar of RFC 7208 section 12. An error anywhere makes the whole record a permanent error. */
#ifndef SMF_SPF_RECORD_H
#define SMF_SPF_RECORD_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>

enum term_kind {
    TERM_ALL,      /* RFC 7208 5.1 */
    TERM_INCLUDE,  /* 5.2 */
    TERM_A,        /* 5.3 */
    TERM_MX,       /* 5.4 */
    TERM_PTR,      /* 5.5 */
    TERM_IP4,      /* 5.6 */
    TERM_IP6,      /* 5.6 */
    TERM_EXISTS,   /* 5.7 */
    TERM_REDIRECT, /* 6.1 */
    TERM_EXP,      /* 6.2 */
    TERM_OTHER,    /* an unknown modifier, 6 */
};

/* One directive or modifier. The texts point into the record's and are not NUL-terminated. */
struct term {
    enum term_kind kind;
    char qualifier;   /* '+', '-', '~', '?' for directives; '+' where none is written */
    const char *text; /* the term as written */
    size_t len;
    const char *domain; /* its domain-spec; NULL if it has none */
    size_t domain_len;
    unsigned char bits4, bits6; /* a, mx: prefix lengths, 32 and 128 where none is written */
    struct addr_prefix network; /* ip4, ip6 */
};

struct record {
    char *text; /* a copy, as published */
    size_t len;
    struct term *terms; /* in the order of the text */
    size_t count;
    size_t all_count;                  /* of the text; more than `count` after record_parse_for */
    const struct term *redirect, *exp; /* among the terms; NULL if there is none */
};

enum record_status { RECORD_OK, RECORD_SYNTAX, RECORD_NO_MEMORY };

/* Where and why a text is no record. */
struct record_error {
    size_t offset;      /* of the first wrong octet */
    const char *reason; /* a constant */
};

/* True if the text has the version section `v=spf1` (RFC 7208 4.5). */
bool record_is_spf(const char *text, size_t len);

/* Parses a text for which record_is_spf is true; it may hold any octet. Fills in *out, which record_free frees, or with
 * RECORD_SYNTAX *error. */
enum record_status record_parse(const char *text, size_t len, struct record *out, struct record_error *error);

/* The same for one client: keeps redirect and exp, and of the other terms the first `max` that query the DNS, or match
 * this client without. A hostile record of 64 kB has 20,000 terms, which would take megabytes. */
enum record_status record_parse_for(const char *text, size_t len, const struct addr *client, size_t max,
                                    struct record *out, struct record_error *error);

/* Frees what a record holds and empties it; an empty one is fine. */
void record_free(struct record *record);

/* True for the terms that query the DNS and are limited to 10 (RFC 7208 4.6.4). */
bool term_asks_dns(const struct term *term);

/* True for a term that matches this client, and asks nothing to know it: all, or an ip4 or ip6 with its network. */
bool term_matches_without_lookup(const struct term *term, const struct addr *client);

/* What a directive is that lets far more clients pass than a domain has, in words, a constant; NULL: it does not. */
const char *term_openness(const struct term *term);

#endif
