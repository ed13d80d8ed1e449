/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The in-flight table: the queries that somebody waits for, each with all its waiters, so that the same query is asked
 * once. Plain data of one thread. */
#ifndef SMF_DNS_DNS_INFLIGHT_H
#define SMF_DNS_DNS_INFLIGHT_H

#include "base/hash_table.h"
#include "base/mailbox.h"
#include "dns/dns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stub_query;
struct unbound_query;

/* Somebody who waits. */
struct dns_waiter {
    struct letter letter; /* as which it comes */
    struct dns_waiter *next;
    enum dns_type type;
    dns_callback done;
    void *context;
    int64_t deadline_ms;             /* that the caller set */
    int64_t limit_ms;                /* when it waits no longer: the deadline, or earlier */
    const struct dns_answer *answer; /* what it gets; a reference */
    char name[];
};

enum dns_stage {
    DNS_STAGE_QUEUED, /* for want of room */
    DNS_STAGE_ASKED,  /* the usual resolver works on it */
    DNS_STAGE_PARKED, /* until an outage is over */
};

struct dns_inflight_query {
    struct hash_link link; /* the first member */
    struct dns_inflight_query *older, *newer;
    void *owner;
    enum dns_type type;
    enum dns_stage stage;
    bool is_suspect;             /* it, or its zone, was silent before */
    int64_t asked_ms;            /* when the resolver was asked; before, when the query came */
    struct unbound_query *usual; /* at the resolver; NULL: it has replied, or was not asked */
    struct stub_query *plain;    /* the same of the plain query */
    bool was_asked_plainly;
    struct dns_inflight_query *next_sent; /* in a list of those to be sent */
    struct dns_waiter *waiters;
    uint64_t name_key, zone_key; /* for dns_suspects.h */
    char name[];                 /* as it was asked first */
};

enum { DNS_INFLIGHT_BUCKETS = 1024 };

struct dns_inflight {
    uint8_t seed[HASH_SEED_SIZE]; /* random octets for the hash */
    size_t count;
    struct dns_inflight_query *newest, *oldest;
    struct hash_link *buckets[DNS_INFLIGHT_BUCKETS];
};

/* SipHash of a name without regard to case (RFC 4343 3), and a number. `name` is no longer than DNS_NAME_MAX. */
uint64_t dns_inflight_hash(const struct dns_inflight *inflight, const char *name, unsigned number);

/* NULL: this is not in flight. */
struct dns_inflight_query *dns_inflight_find(struct dns_inflight *inflight, const char *name, enum dns_type type);

/* Puts a new query, queued and without waiters, into the table. NULL if out of memory. */
struct dns_inflight_query *dns_inflight_add(struct dns_inflight *inflight, const char *name, enum dns_type type);

/* Takes a query without waiters out of the table and frees it. */
void dns_inflight_remove(struct dns_inflight *inflight, struct dns_inflight_query *query);

/* Moves the waiters of `query` whose limit is `now_ms` or earlier to *out, each with a reference to `answer`. Returns
 * how many had no less than their whole time, until `now_ms`. */
size_t dns_inflight_answer(struct dns_inflight_query *query, int64_t now_ms, const struct dns_answer *answer,
                           struct dns_waiter **out);

#endif
