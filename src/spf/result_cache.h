/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outcomes of earlier evaluations.
 *
 * The key is client and domain. Where a macro made an outcome depend on the local part, the HELO name or the receiver,
 * a note under that key says on which (as HTTP's Vary does), and the outcome stands under a longer key with exactly
 * these parts. So two requests share an outcome only if nothing that it was made of differs between them. Keys hold
 * the length of each part and are never cut: what makes a key too long is not kept. */
#ifndef SMF_SPF_RESULT_CACHE_H
#define SMF_SPF_RESULT_CACHE_H

#include "base/ttl_cache.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct result_cache;

/* Creates a cache of about `max_octets`, whose entries live `ttl_s` at most; 0 for either keeps nothing. The others as
 * in ttl_cache.h. NULL if out of memory. */
struct result_cache *result_cache_create(size_t max_octets, uint32_t ttl_s, const uint8_t seed[16],
                                         const struct clock *clock);

/* Gives it another bound and another longest life, while it is used; it begins empty where one of them differs. Locks:
 * each shard of the cache, one after the other. One thread at a time. */
void result_cache_adjust(struct result_cache *cache, size_t max_octets, uint32_t ttl_s);
void result_cache_destroy(struct result_cache *cache); /* NULL is fine */

/* Finds the outcome of an equal request: domain and HELO are compared without case, the local part exactly. The client
 * is one address in one form, the domain has no trailing dot. False, with *outcome untouched, if there is none. */
bool result_cache_get(struct result_cache *cache, const struct spf_request *request, struct spf_outcome *outcome);

/* The same; *varying is set to what the domain's outcomes are known to depend on (result_key.h). A hit takes no
 * allocation. Locks: one shard of the cache at a time. */
bool result_cache_look(struct result_cache *cache, const struct spf_request *request, struct spf_outcome *outcome,
                       unsigned *varying);

/* Keeps an outcome for the shorter of its own ttl_s and the cache's. `macros_used` are the bits of macro.h that went
 * into it. A temperror, and what depends on the time, is not kept. */
void result_cache_put(struct result_cache *cache, const struct spf_request *request, const struct spf_outcome *outcome,
                      unsigned macros_used);

/* What this cache holds. Evictions are those of all result caches that the process has had, so that their number does
 * not go back where one cache replaces another. Locks: each shard of the cache, one after the other. */
struct ttl_cache_stats result_cache_stats(struct result_cache *cache);

#endif
