/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cache from octet strings to octet strings: each entry has a time to live, all together have a bound in octets.
 *
 * It is split into shards, each with a lock of its own that is held for one lookup or one insertion and never while
 * another lock is taken. Keys are hashed with SipHash under a random seed, so nobody can aim keys at one bucket. A full
 * shard evicts by SIEVE. */
#ifndef SMF_BASE_TTL_CACHE_H
#define SMF_BASE_TTL_CACHE_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ttl_cache;

struct ttl_cache_stats {
    uint64_t insertions, evictions;
    size_t entries;
    size_t octets; /* what all entries take, with their bookkeeping */
};

/* Creates a cache that never takes more than about `max_octets` (keys, values and bookkeeping). 0 gives a cache that
 * keeps nothing. `seed` is 16 random octets; tests hand in fixed ones. `clock` must outlive the cache. NULL if out of
 * memory. */
struct ttl_cache *ttl_cache_create(size_t max_octets, const uint8_t seed[16], const struct clock *clock);
void ttl_cache_destroy(struct ttl_cache *cache);

/* For values that refer to something counted elsewhere, so that a hit copies no more than the reference. `value` points
 * to a value as it was put, perhaps unaligned. All three are called under a shard's lock: they take no lock and do not
 * call the cache. */
struct ttl_cache_references {
    size_t (*weigh)(const void *value); /* octets that the reference keeps alive, counted against the bound */
    void (*acquire)(const void *value); /* for the copy that ttl_cache_get gives away */
    void (*release)(const void *value); /* when the cache lets go of it */
};

/* As ttl_cache_create. ttl_cache_put then takes the value's reference over, whether it is cached or not. Each value has
 * the same length, and ttl_cache_get must be given room for the whole of it. */
struct ttl_cache *ttl_cache_create_of_references(size_t max_octets, const uint8_t seed[16], const struct clock *clock,
                                                 const struct ttl_cache_references *references);

/* Looks up a live entry. If there is one, copies at most *value_len octets of it to `value`, sets *value_len to its
 * whole length (a larger one than was given means that the copy was cut) and returns true. Takes no allocation. Locks:
 * one shard. */
bool ttl_cache_get(struct ttl_cache *cache, const void *key, size_t key_len, void *value, size_t *value_len);

/* Keeps a copy of key and value for `ttl_ms` from now, instead of an older entry of that key. An entry that alone
 * would fill its shard, a `ttl_ms` of 0 or less, and a failed allocation keep nothing; an older entry of the key is
 * gone then too. Returns how many entries were evicted to make room. Locks: one shard. */
unsigned ttl_cache_put(struct ttl_cache *cache, const void *key, size_t key_len, const void *value, size_t value_len,
                       int64_t ttl_ms);

/* Empties the cache and gives it another bound, while it is used; its counters go on. Locks: each shard, one after the
 * other. */
void ttl_cache_reset(struct ttl_cache *cache, size_t max_octets);

/* Locks: each shard, one after the other. */
struct ttl_cache_stats ttl_cache_stats(struct ttl_cache *cache);

#endif
