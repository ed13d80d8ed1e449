/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps outcomes under keys that hold all that they depend on. */
#include "spf/result_cache.h"

#include "base/allocator.h"
#include "spf/result_key.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 1024 }; /* octets: more than any outcome takes */

/* The first octet of a value. */
enum { VALUE_OUTCOME = 'o', VALUE_NOTE = 'n' };

struct result_cache {
    struct ttl_cache *entries;
    _Atomic uint32_t ttl_s;
    size_t max_octets; /* of the thread that adjusts it */
};

struct value {
    uint8_t octets[VALUE_MAX];
    size_t len;
};

_Static_assert(SPF_TERM_SIZE + SPF_PROBLEM_SIZE + SPF_EXPLANATION_SIZE + 16 <= VALUE_MAX, "an outcome fits");

/* Of all result caches of the process: one that a reload replaces is used by old connections, and then gone. */
static _Atomic uint64_t evictions;

static void add(struct value *value, const void *octets, size_t len)
{
    memcpy(value->octets + value->len, octets, len);
    value->len += len;
}

static void add_octet(struct value *value, unsigned octet)
{
    value->octets[value->len++] = (uint8_t)octet;
}

static void write_outcome(const struct spf_outcome *outcome, struct value *value)
{
    value->len = 0;
    add_octet(value, VALUE_OUTCOME);
    add_octet(value, outcome->result);
    add_octet(value, outcome->guessed);
    add_octet(value, outcome->no_mail);
    add_octet(value, outcome->matched_bits);
    add(value, &outcome->ttl_s, sizeof(outcome->ttl_s));
    add(value, outcome->mechanism, strlen(outcome->mechanism) + 1);
    add(value, outcome->problem, strlen(outcome->problem) + 1);
    add(value, outcome->explanation, strlen(outcome->explanation) + 1);
}

/* Takes a text, mostly an empty one; what follows it. */
static const char *read_text(const char *text, char *to)
{
    const size_t size = *text != '\0' ? strlen(text) + 1 : 1;

    if (size > 1)
        memcpy(to, text, size);
    else
        *to = '\0';
    return text + size;
}

/* Takes what write_outcome wrote, which is the only writer. Of the texts what is written there, and no more: to clear
 * the room for them takes longer. */
static void read_outcome(const struct value *value, struct spf_outcome *outcome)
{
    const uint8_t *octets = value->octets;
    const char *text = (const char *)octets + 5 + sizeof(outcome->ttl_s);

    outcome->result = octets[1];
    outcome->cached = true;
    outcome->guessed = octets[2];
    outcome->is_shed = false;
    outcome->no_mail = octets[3];
    outcome->matched_bits = octets[4];
    memcpy(&outcome->ttl_s, octets + 5, sizeof(outcome->ttl_s));
    text = read_text(text, outcome->mechanism);
    text = read_text(text, outcome->problem);
    (void)read_text(text, outcome->explanation);
}

static bool get(struct result_cache *cache, const struct result_key *key, struct value *value)
{
    value->len = sizeof(value->octets);
    return !key->too_long && ttl_cache_get(cache->entries, key->octets, key->len, value->octets, &value->len);
}

static void put(struct result_cache *cache, const struct result_key *key, const struct value *value, uint32_t ttl_s)
{
    unsigned evicted;

    if (key->too_long)
        return;
    evicted = ttl_cache_put(cache->entries, key->octets, key->len, value->octets, value->len, (int64_t)ttl_s * 1000);
    atomic_fetch_add_explicit(&evictions, evicted, memory_order_relaxed);
}

struct result_cache *result_cache_create(size_t max_octets, uint32_t ttl_s, const uint8_t seed[16],
                                         const struct clock *clock)
{
    struct result_cache *cache = calloc(1, sizeof(*cache));

    if (!cache)
        return NULL;
    cache->ttl_s = ttl_s;
    cache->max_octets = max_octets;
    cache->entries = ttl_cache_create(ttl_s > 0 ? max_octets : 0, seed, clock);
    if (cache->entries)
        return cache;
    free(cache);
    return NULL;
}

void result_cache_adjust(struct result_cache *cache, size_t max_octets, uint32_t ttl_s)
{
    if (cache->max_octets == max_octets && cache->ttl_s == ttl_s)
        return;
    cache->max_octets = max_octets;
    cache->ttl_s = ttl_s;
    ttl_cache_reset(cache->entries, ttl_s > 0 ? max_octets : 0);
    allocator_return_free();
}

void result_cache_destroy(struct result_cache *cache)
{
    if (!cache)
        return;
    ttl_cache_destroy(cache->entries);
    free(cache);
}

bool result_cache_look(struct result_cache *cache, const struct spf_request *request, struct spf_outcome *outcome,
                       unsigned *varying)
{
    struct result_key key;
    struct value value;

    *varying = 0;
    result_key_make(&key, request, 0);
    if (!get(cache, &key, &value))
        return false;
    if (value.octets[0] == VALUE_NOTE) {
        *varying = value.octets[1];
        result_key_make(&key, request, *varying);
        if (!get(cache, &key, &value))
            return false;
    }
    read_outcome(&value, outcome);
    return true;
}

bool result_cache_get(struct result_cache *cache, const struct spf_request *request, struct spf_outcome *outcome)
{
    unsigned varying;

    return result_cache_look(cache, request, outcome, &varying);
}

/* Writes or widens the note under the short key; returns all that the domain's outcomes depend on. */
static unsigned put_note(struct result_cache *cache, const struct spf_request *request, unsigned varying,
                         uint32_t ttl_s)
{
    struct result_key key;
    struct value value;

    result_key_make(&key, request, 0);
    if (get(cache, &key, &value) && value.octets[0] == VALUE_NOTE)
        varying |= value.octets[1];
    value.len = 0;
    add_octet(&value, VALUE_NOTE);
    add_octet(&value, varying);
    put(cache, &key, &value, ttl_s);
    return varying;
}

void result_cache_put(struct result_cache *cache, const struct spf_request *request, const struct spf_outcome *outcome,
                      unsigned macros_used)
{
    const uint32_t longest_s = cache->ttl_s, ttl_s = outcome->ttl_s < longest_s ? outcome->ttl_s : longest_s;
    unsigned varying = macros_used & RESULT_VARYING;
    struct result_key key;
    struct value value;

    if (ttl_s == 0 || outcome->result == RESULT_TEMPERROR || (macros_used & MACRO_USED_TIME))
        return;
    if (varying)
        varying = put_note(cache, request, varying, ttl_s);
    result_key_make(&key, request, varying);
    write_outcome(outcome, &value);
    put(cache, &key, &value, ttl_s);
}

struct ttl_cache_stats result_cache_stats(struct result_cache *cache)
{
    struct ttl_cache_stats stats = ttl_cache_stats(cache->entries);

    stats.evictions = atomic_load_explicit(&evictions, memory_order_relaxed);
    return stats;
}
