/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an evaluation did, step by step, for people who ask why: a tree of records, their terms, and the lookups of each
 * of them, made of what the finished walk says.
 *
 * A trace hangs on spf_request.trace; the daemon has none. It keeps copies, and so outlives what it tells of. Used by
 * one thread. */
#ifndef SMF_SPF_TRACE_H
#define SMF_SPF_TRACE_H

#include "base/strbuf.h"
#include "dns/dns.h"
#include "spf/limits.h"
#include "spf/record.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where an answer came from. */
enum trace_source {
    TRACE_ASKED,  /* the backend: name servers, a zone file */
    TRACE_CACHED, /* the DNS cache (dns_resolver.h) */
    TRACE_LATE,   /* nowhere: it was past the deadline, and the answer is DNS_TIMEOUT */
};

/* A query and its answer. */
struct trace_query {
    struct trace_query *next;
    char name[DNS_NAME_MAX + 1];
    enum dns_type type;
    const struct dns_answer *answer;
    enum trace_source source;
    int64_t took_ms;       /* until the answer was there */
    unsigned void_lookups; /* the answer was counted as without a record, and so many there were with it; else 0 */
};

struct trace_record;
struct walk;

/* One thing done: its queries in their order, and the record that they led to. */
struct trace_step {
    char *
        name; /* the domain-spec, expanded, or the current domain, be it one that can be asked for or not; NULL: none */
    char *client_names; /* the validated names of the client (RFC 7208 5.5), with ", " between them; NULL: not asked */
    unsigned dns_terms; /* it was counted as a term that asks the DNS, and so many there were with it; else 0 */
    struct trace_query *queries;
    struct trace_record *record; /* of the domain, include or redirect; NULL: none was found */
};

/* What became of a term. */
enum trace_state {
    TRACE_NOT_REACHED, /* an earlier one decided */
    TRACE_NO_MATCH,
    TRACE_MATCH,    /* it decided its record; a redirect: it was followed */
    TRACE_STOPPED,  /* the evaluation ended here, with an error */
    TRACE_MODIFIER, /* is no mechanism, and was not followed */
};

struct trace_term {
    enum term_kind kind;
    char qualifier;
    size_t offset, len; /* in the record's text */
    enum trace_state state;
    struct trace_step step;
};

/* A record that was found. */
struct trace_record {
    char domain[DNS_NAME_MAX + 1];
    char *text; /* as published; may hold any octet, with a NUL after it */
    size_t len;
    uint32_t ttl_s;
    struct trace_term *terms;
    size_t count;
    size_t reached;         /* the last term that was evaluated; count: the record's end */
    const char *error;      /* why it is no record, a constant; NULL: it is one, and what stands above holds */
    size_t error_offset;    /* of the first wrong octet */
    bool has_result;        /* false: the evaluation was stopped in it */
    enum spf_result result; /* of check_host() for this record */
};

/* Start with {0}, free with trace_free. */
struct spf_trace {
    bool cached;                         /* the outcome came out of the result cache: there is nothing else */
    bool failed;                         /* out of memory: something is missing */
    struct trace_step root;              /* the domain that was asked for */
    struct trace_step explanation;       /* name: that of the exp of the record that decided; NULL: none was fetched */
    struct dns_lookup_key failed_lookup; /* temperror: the lookup that failed; empty: there is none to name */
    struct limits limits;                /* what it all cost */
    unsigned queries;                    /* that were asked, those too that turned out not to be needed */
    int64_t took_ms;                     /* from the first of them to the last answer */
};

/* Notes that the outcome came out of the result cache. A NULL trace is fine, here and below. */
void trace_cached(struct spf_trace *trace);

/* Writes down what a finished walk did. */
void trace_of(struct spf_trace *trace, struct walk *walk);

/* The records on the way to the decision, from the query's domain to the one whose term decided: `next` of a record
 * is the one that its last term led to, if that decided; NULL at the end. */
const struct trace_record *trace_next(const struct trace_record *record);

/* Frees what a trace holds and empties it. */
void trace_free(struct spf_trace *trace);

#endif
