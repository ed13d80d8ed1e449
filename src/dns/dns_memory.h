/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of questions that were asked: their answers (RFC 1035, RFC 2308), for a while after their TTL
 * (RFC 8767), and that nobody could answer (RFC 9520). */
#ifndef SMF_DNS_DNS_MEMORY_H
#define SMF_DNS_DNS_MEMORY_H

#include "base/ttl_cache.h"
#include "dns/dns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A question in the one form that is compared: its type, and its name in small letters (RFC 4343 3). */
struct dns_key {
    size_t len;
    unsigned char octets[1 + DNS_NAME_MAX];
};

/* `name` is a valid question (dns_name_valid). */
struct dns_key dns_key_make(const char *name, enum dns_type type);

struct dns_memory;

/* Keeps no more than about `max_octets`; 0: nothing. With `serve_stale` an answer with records can be had for up to an
 * hour after its TTL. The others as in ttl_cache.h. NULL if out of memory. */
struct dns_memory *dns_memory_create(size_t max_octets, bool serve_stale, const uint8_t seed[16],
                                     const struct clock *clock);
void dns_memory_destroy(struct dns_memory *memory); /* NULL is fine */

struct dns_recollection {
    const struct dns_answer *answer; /* with the TTL that is left; NULL: none. The caller releases it */
    bool is_fresh;                   /* the answer is younger than its TTL */
    bool is_due;                     /* it is time to ask, or to ask again */
    bool has_failed;                 /* nobody could answer when it was asked last */
    enum dns_status failure;         /* what came then */
};

/* What is known: if nothing is, no answer, and it is due. Locks: one shard of the cache. */
struct dns_recollection dns_memory_recall(struct dns_memory *memory, const struct dns_key *key);

/* Keeps a reference of its own to an answer that is no failure, in place of all that was known. If several questions in
 * a row had failed, so that it may have been no fault of theirs, all failures so far are forgotten. Locks, here and
 * below: the caller's, so that answers and failures come one after the other; a shard of the cache. */
void dns_memory_keep(struct dns_memory *memory, const struct dns_key *key, const struct dns_answer *answer);

/* Keeps that nobody could answer, beside the last answer. While other questions are answered it is due again after 5 s,
 * and after twice as long each time in a row, 5 minutes at most (RFC 9520 3.2); while none is, after 2 s. */
void dns_memory_keep_failure(struct dns_memory *memory, const struct dns_key *key, enum dns_status failure);

struct ttl_cache_stats dns_memory_stats(struct dns_memory *memory);

#endif
