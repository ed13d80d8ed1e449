/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS queries and answers, whatever the backend. The backends (dns_resolver.h, dns_zone.h) implement dns_ops.
 * dns_query() does not wait, dns_lookup() blocks. */
#ifndef SMF_DNS_DNS_H
#define SMF_DNS_DNS_H

#include "base/addr.h"
#include "base/clock.h"
#include "base/domain_text.h"
#include "dns/dns_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dns_type {
    DNS_A = 1,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28
}; /* as on the wire (RFC 1035 3.2.2, RFC 3596 2.1) */

enum dns_status {
    DNS_OK,       /* at least one record */
    DNS_NODATA,   /* the name exists, records of this type do not */
    DNS_NXDOMAIN, /* the name does not exist */
    DNS_TIMEOUT,  /* no reply by the deadline */
    DNS_FAILURE,  /* SERVFAIL, REFUSED, a malformed answer, out of memory: no knowledge about the name */
};

enum {
    DNS_NAME_MAX = DOMAIN_TEXT_MAX, /* octets of a domain name as text, without a trailing dot */
    DNS_NAME_SIZE =
        1024 /* room for any name that an answer can hold, with each octet that needs it escaped as \DDD, and its NUL */
};

/* What a lookup asks for. An empty name: nothing. */
struct dns_lookup_key {
    char name[DNS_NAME_MAX + 1];
    enum dns_type type;
};

/* One record of an answer. The pointers belong to the answer. */
struct dns_record {
    struct addr addr;    /* A, AAAA */
    uint16_t preference; /* MX */
    const char *name; /* MX, PTR: without a trailing dot, NUL-terminated; "" is the root. Octets that a host name cannot
                         hold are \DDD (RFC 4343 2.1) */
    const char *text; /* TXT: its strings joined without a space (RFC 7208 3.3), followed by a NUL; may hold any
                         octet, NUL too */
    size_t text_len;
};

/* An answer, immutable and shared by counting. */
struct dns_answer {
    enum dns_status status;
    bool is_fault;  /* an internal DNS_FAILURE: out of memory. It says nothing about the name */
    uint32_t ttl_s; /* the smallest TTL of the chain; for NODATA and NXDOMAIN that of RFC 2308 section 5, 0 if not
                       known; 0 for the failures */
    size_t count;   /* records of the queried type, in the order of the answer; aliases are followed */
    const struct dns_record *records;
};

const struct dns_answer *dns_answer_acquire(const struct dns_answer *answer);
void dns_answer_release(const struct dns_answer *answer); /* NULL is fine */

/* The same answer with another TTL. It shares the records, which stay alive with it; the caller keeps its reference to
 * `answer` and releases what is returned. DNS_FAILURE if out of memory; never NULL. */
const struct dns_answer *dns_answer_with_ttl(const struct dns_answer *answer, uint32_t ttl_s);

/* The octets of an answer's records in a packet, about: its texts and names, and a fixed number for each record. */
size_t dns_answer_octets(const struct dns_answer *answer);

/* For backends: builds an answer piece by piece. The functions return false when out of memory; dns_builder_finish then
 * gives DNS_FAILURE. */
struct dns_builder;
struct dns_builder *dns_builder_create(enum dns_type type);
bool dns_builder_add_addr(struct dns_builder *builder, const struct addr *addr);
bool dns_builder_add_name(struct dns_builder *builder, uint16_t preference, const char *name);
bool dns_builder_add_text(struct dns_builder *builder, const char *text, size_t len);
/* Frees the builder (NULL is fine) and returns the answer, never NULL. DNS_OK without a record becomes DNS_NODATA. */
const struct dns_answer *dns_builder_finish(struct dns_builder *builder, enum dns_status status, uint32_t ttl_s);
/* DNS_FAILURE for an internal error; never fails. */
const struct dns_answer *dns_answer_fault(void);
/* An answer without records; never fails. */
const struct dns_answer *dns_answer_empty(enum dns_status status, uint32_t ttl_s);

/* Called once for each query, with a reference that the callee releases. It may run on the backend's thread, or
 * before dns_query returns. It must not block; it may call dns_query, as its caller holds no lock. */
typedef void (*dns_callback)(void *context, const struct dns_answer *answer);

struct dns;

enum { DNS_STATE_SERVERS = 8 };

/* How the DNS is now, for monitoring. */
struct dns_state {
    bool has_outage;     /* no name server replies to anything */
    size_t server_count; /* those in use, up to DNS_STATE_SERVERS; 0: they are not watched, or there are none */
    struct {
        char server[DNS_SERVER_SIZE]; /* "192.0.2.1:53" */
        bool is_up;                   /* it replied to the last query that was sent to see that (dns_watch.h) */
    } servers[DNS_STATE_SERVERS];
};

struct dns_ops {
    /* Queries `name` (without a trailing dot) for `type` and calls `done` once, at `deadline_ms` (the clock's
     * monotonic_ms) at the latest. */
    void (*query)(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                  void *context);
    /* Calls `done` of this outstanding query soon; see dns_cancel. NULL: it is called at its time. */
    void (*cancel)(struct dns *dns, const char *name, enum dns_type type, dns_callback done, void *context);
    /* Calls `done` of each outstanding query with DNS_TIMEOUT, then frees the backend. */
    void (*destroy)(struct dns *dns);
    /* As dns_is_slow, dns_report_slow and dns_report_quick. NULL, all three: no zone is ever slow. */
    bool (*is_slow)(struct dns *dns, const char *name);
    void (*report_slow)(struct dns *dns, const char *name);
    void (*report_quick)(struct dns *dns, const char *name, int64_t since_ms);
    /* Fills in a zeroed state. NULL: there is nothing to tell. */
    void (*state)(const struct dns *dns, struct dns_state *state);
};

/* A backend embeds this as its first member. */
struct dns {
    const struct dns_ops *ops;
    const struct clock *clock;
    bool keeps_answers; /* it caches: until its TTL is over, an answer can be had again without another query */
};

/* For backends: calls `done` with the answer, and counts a timeout or a failure. */
void dns_deliver(dns_callback done, void *context, const struct dns_answer *answer);

void dns_destroy(struct dns *dns); /* NULL is fine */

/* Any thread; takes no lock but those of the backend, for a moment. */
void dns_get_state(const struct dns *dns, struct dns_state *state);

/* Sends a query, without waiting for the answer; see dns_callback. A name that is not a valid domain name (an empty
 * label, a label above 63 or a name above 253 octets) is answered DNS_NXDOMAIN without a query. Every other octet is
 * sent as it is: an answer's name that holds a \DDD is not the same name here. Any thread. */
void dns_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
               void *context);

/* Says that the answer to a query, given as to dns_query, is of no use any more. Its `done` is called soon, with
 * DNS_TIMEOUT if there is no answer by then, and once in all, as ever; it may have been called already. What `context`
 * points to must live until this returns. Any thread; hold no lock. */
void dns_cancel(struct dns *dns, const char *name, enum dns_type type, dns_callback done, void *context);

/* How long callers wait for a zone that is slow. */
enum { DNS_SLOW_ZONE_MS = 500 };

/* Zones whose names are each answered, but so late that an evaluation of many lookups used up its time with them.
 * Whoever makes such evaluations says so, and waits for such a zone for DNS_SLOW_ZONE_MS in all the next time, until it
 * is quick again or, without a word of it, for five minutes. `name` stands for its zone (dns_registrable.h). No outage
 * follows from it. A single lookup waits for DNS_SLOW_ZONE_MS, too. Any thread; takes no lock but a leaf of the
 * backend. */
bool dns_is_slow(struct dns *dns, const char *name);
void dns_report_slow(struct dns *dns, const char *name);

/* The other way round: all that an evaluation wanted of the slow zone from `since_ms` on (the clock's monotonic_ms) was
 * there within that time. The zone is slow no more, if a server has answered since then for a name below its apex; what
 * came out of the cache is no sign of that. */
void dns_report_quick(struct dns *dns, const char *name, int64_t since_ms);

/* How long a thread waits past a deadline for a backend that is late, as on a busy machine, before it takes the answer
 * for a timeout. */
enum { DNS_LATE_MS = 1000 };

/* Sends a query and blocks until it is answered, or until `deadline_ms`. Never NULL; the caller releases it. Any
 * thread; hold no lock. */
const struct dns_answer *dns_lookup(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms);

/* "A", "TXT", ... and "NXDOMAIN", "timeout", ... for people. */
const char *dns_type_name(enum dns_type type);
const char *dns_status_name(enum dns_status status);

#endif
