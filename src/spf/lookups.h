/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lookups of one evaluation: which are wanted, which were sent, and the answers that are there.
 *
 * A walk (walk.h) goes through the records from the start, as often as something new has arrived, and says here what it
 * wants. What stands before everything that is missing is needed: a plain evaluation would wait for just that. All else
 * is lookahead, and bounded. No two lookups are the same, so nothing is asked twice, whatever its TTL.
 *
 * Plain data: evaluation.h has the lock. */
#ifndef SMF_SPF_LOOKUPS_H
#define SMF_SPF_LOOKUPS_H

#include "dns/dns.h"
#include "spf/zone_wait.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy;

struct lookup {
    struct lookup *next;             /* in the order in which they came up */
    void *owner;                     /* whoever asks */
    const struct dns_answer *answer; /* NULL: not there; a reference */
    struct policy *policy;           /* TXT: what was read out of the answer (policy.h); NULL: nothing yet */
    int64_t sent_ms, answered_ms;
    int64_t needed_ms;     /* since when it is waited for (zone_wait.h) */
    struct lookup *zone;   /* the first that was sent of its zone, maybe itself; NULL: it was not sent */
    struct zone_wait wait; /* of that zone, in its first */
    enum dns_type type;
    uint32_t hash;
    unsigned wanted; /* the number of the walk that wanted it last */
    bool is_needed;  /* that walk had come to it with nothing missing before it */
    bool is_certain; /* some walk had come to it with no record missing before it: it is no guess */
    bool is_sent;
    bool is_waited_for; /* some walk had come to it so, and needed_ms is set */
    bool is_ahead;      /* it was sent before it was needed */
    bool is_cached;     /* the answer came out of the DNS cache; known where there is a trace only */
    bool is_traced;     /* a trace has it */
    char name[];
};

/* What a lookup asks for; nothing where it is NULL. */
struct dns_lookup_key lookup_key(const struct lookup *lookup);

struct lookups {
    struct lookup *first, **end;
    void *owner;
    size_t octets; /* of the answers, as dns_answer_octets has them */
    bool has_lookahead;
    bool failed; /* out of memory */

    /* The walk under way. */
    unsigned walk;         /* its number */
    bool is_certain;       /* no include or redirect before this has its record missing */
    bool is_blocked;       /* something is missing that the evaluation would wait for here */
    unsigned void_lookups; /* terms passed that count as one (RFC 7208 4.6.4) */
    unsigned open;         /* terms passed that may turn out as one */
};

/* Starts an empty table. `owner` is handed on to each lookup. */
void lookups_init(struct lookups *lookups, bool has_lookahead, void *owner);
void lookups_free(struct lookups *lookups);

/* Begins a walk. */
void lookups_begin(struct lookups *lookups);

/* Wants the records of a name. *slot keeps the lookup for later walks; start with NULL. Returns it, or NULL if there is
 * none: it would be lookahead that is switched off, one guess too many, or no memory. */
struct lookup *lookups_want(struct lookups *lookups, struct lookup **slot, const char *name, enum dns_type type);

/* The same for the addresses of a name that stands in an answer, as it stands there. These are many for one term;
 * before it is the term's turn they are wanted only while all terms before it, should they turn out void, would leave
 * the evaluation going on. False for a name that no lookup can have; else *lookup is set. */
bool lookups_want_host(struct lookups *lookups, struct lookup **slot, const char *name, enum dns_type type,
                       const struct lookup **lookup);

/* True if the last walk wants it and nobody has asked. */
bool lookup_is_wanted(const struct lookups *lookups, const struct lookup *lookup);

/* Takes an answer, with its reference. */
void lookups_answer(struct lookups *lookups, struct lookup *lookup, const struct dns_answer *answer);

/* True for an answer that says nothing about the name: a timeout or an error. */
bool answer_is_failure(const struct dns_answer *answer);

#endif
