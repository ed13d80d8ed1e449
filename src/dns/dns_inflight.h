/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The in-flight table: the queries that have waiters, each with all of them, so that the same query is sent once. Plain
 * data of one thread. */
#ifndef SMF_DNS_DNS_INFLIGHT_H
#define SMF_DNS_DNS_INFLIGHT_H

#include "base/hash_table.h"
#include "base/mailbox.h"
#include "dns/dns.h"
#include "dns/dns_stub.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_send_list;
struct dns_send_zone;
struct stub_query;
struct unbound_query;

/* One caller that waits for a query. */
struct dns_waiter {
    struct letter letter; /* how it arrives; the first member */
    struct dns_waiter *next;
    enum dns_type type;
    dns_callback done;
    void *context;
    int64_t deadline_ms;             /* that the caller set */
    int64_t limit_ms;                /* when it waits no longer: the deadline, or earlier */
    const struct dns_answer *answer; /* what it gets; a reference */
    uint64_t asked_us;               /* when it came (histogram_now_us) */
    bool needed_network;             /* its query was sent */
    bool cancels;                    /* it is no waiter: the one with this callback and context is to end */
    bool is_cancelled;               /* nobody waits for its answer */
    char name[];
};

enum dns_stage {
    DNS_STAGE_QUEUED, /* for lack of room */
    DNS_STAGE_SENT,   /* the usual resolver works on it */
    DNS_STAGE_PARKED, /* until an outage is over */
};

struct dns_inflight_query {
    struct hash_link link; /* the first member */
    struct dns_inflight_query *older, *newer;
    void *owner;
    enum dns_type type;
    enum dns_stage stage;
    bool is_suspect;             /* it, or its zone, did not reply before */
    bool is_slow;                /* its zone is (dns_slow.h) */
    bool is_apex;                /* its name is its zone's */
    bool is_last_turn;           /* waiters' time is over; what the resolver has for them by now comes first */
    int64_t sent_ms;             /* when it was sent to the resolver; before, when it arrived */
    struct unbound_query *usual; /* at the resolver; NULL: it has replied, or was not queried */
    struct stub_query *plain;    /* the same of the plain query */
    bool was_sent_plainly;
    bool was_sent;                                         /* to a server, in one way or the other */
    bool is_stale;                                         /* its answer is (RFC 8767) */
    enum stub_failure failure;                             /* what failed the plain query at last */
    struct dns_send_zone *zone;                            /* a reference */
    struct dns_send_list *queued_in;                       /* NULL: it is not queued (dns_send_queue.h) */
    struct dns_inflight_query *next_sent, **previous_sent; /* there */
    struct dns_waiter *waiters;
    uint64_t name_key, zone_key; /* for dns_suspects.h: this query, and all names below the apex of its zone */
    char name[];                 /* as the first waiter spelled it */
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
 * how many of them have waited until their deadline. */
size_t dns_inflight_answer(struct dns_inflight_query *query, int64_t now_ms, const struct dns_answer *answer,
                           struct dns_waiter **out);

/* Takes the waiter with this callback and context out, and returns it. NULL: there is none. */
struct dns_waiter *dns_inflight_take_waiter(struct dns_inflight_query *query, dns_callback done, const void *context);

#endif
