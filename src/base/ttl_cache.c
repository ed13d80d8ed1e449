/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded cache of octet strings: sharded hash tables whose entries expire and are evicted by SIEVE. */
#include "base/ttl_cache.h"

#include "base/hash_table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHARDS_MAX = 64,
    SHARD_OCTETS_MIN = 128 * 1024, /* a smaller share would refuse large values, so a small cache has fewer shards */
    BUCKETS_MIN = 16,
};

struct entry {
    struct hash_link link; /* the first member */
    struct entry *newer, *older;
    int64_t expires_ms;
    size_t key_len, value_len;
    size_t octets_taken;                     /* with what its value refers to */
    bool was_hit;                            /* since the hand last came by */
    _Alignas(void *) unsigned char octets[]; /* the value, aligned for a reference, then the key */
};

struct shard {
    pthread_mutex_t lock;    /* covers the whole shard; `octets_max` is read without it, too */
    struct hash_table table; /* without buckets before the first entry */
    struct entry *newest, *oldest;
    struct entry *hand; /* where SIEVE looks next; NULL: at the oldest */
    size_t octets;
    atomic_size_t octets_max;
    size_t entries;
    const struct ttl_cache_references *references; /* NULL: values are plain octets. Never changes */
    uint64_t insertions, evictions;
};

struct ttl_cache {
    const struct clock *clock;
    uint8_t seed[HASH_SEED_SIZE];
    atomic_size_t shard_count; /* of those in use, a power of two */
    struct shard shards[SHARDS_MAX];
};

/* A key on its way through the cache. */
struct lookup {
    const void *key;
    size_t key_len;
    uint64_t hash;
    struct shard *shard;
};

/* ---- Entries ---- */

/* What an entry takes, with about what the allocator adds. No overflow: put asks only for lengths below a shard's
 * bound. */
static size_t entry_octets(size_t key_len, size_t value_len)
{
    size_t size = sizeof(struct entry) + key_len + value_len;

    return (size + sizeof(size_t) + 15) / 16 * 16;
}

static const void *entry_value(const struct entry *entry)
{
    return entry->octets;
}

static size_t table_octets(const struct shard *shard)
{
    return shard->table.bucket_count * sizeof(struct hash_link *);
}

static struct entry *find_entry(const struct lookup *lookup)
{
    struct hash_link *link = hash_table_first(&lookup->shard->table, lookup->hash);

    for (; link != NULL; link = hash_table_next(link)) {
        struct entry *entry = (struct entry *)link;

        if (entry->key_len == lookup->key_len &&
            memcmp(entry->octets + entry->value_len, lookup->key, lookup->key_len) == 0)
            return entry;
    }
    return NULL;
}

static void insert_entry(struct shard *shard, struct entry *entry)
{
    hash_table_add(&shard->table, &entry->link);
    entry->older = shard->newest;
    if (shard->newest != NULL)
        shard->newest->newer = entry;
    else
        shard->oldest = entry;
    shard->newest = entry;
    shard->octets += entry->octets_taken;
    shard->entries++;
    shard->insertions++;
}

/* Frees an entry that is in no list any more, or whose lists go too. */
static void free_entry(const struct shard *shard, struct entry *entry)
{
    if (shard->references != NULL)
        shard->references->release(entry_value(entry));
    free(entry);
}

static void remove_entry(struct shard *shard, struct entry *entry)
{
    hash_table_remove(&shard->table, &entry->link);
    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        shard->newest = entry->older;
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        shard->oldest = entry->newer;
    if (shard->hand == entry)
        shard->hand = entry->newer;
    shard->octets -= entry->octets_taken;
    shard->entries--;
    free_entry(shard, entry);
}

/* SIEVE: the hand goes from old to new, spares what was hit since it last came by, and takes the first that was not. */
static void evict_one(struct shard *shard, int64_t now_ms)
{
    struct entry *entry = shard->hand != NULL ? shard->hand : shard->oldest;

    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed is in no list */
    while (entry->was_hit && now_ms < entry->expires_ms) {
        entry->was_hit = false;
        entry = entry->newer != NULL ? entry->newer : shard->oldest;
    }
    shard->hand = entry;
    remove_entry(shard, entry);
    shard->evictions++;
}

/* ---- Room ---- */

/* Doubles the table when there are as many entries as buckets. Without memory for that the chains just get longer. */
static void grow_table(struct shard *shard)
{
    size_t count = shard->table.bucket_count;

    if (shard->entries < count)
        return;

    struct hash_table larger = {.bucket_count = count > 0 ? count * 2 : BUCKETS_MIN};
    size_t octets = larger.bucket_count * sizeof(struct hash_link *);
    larger.buckets = octets <= shard->octets_max ? calloc(1, octets) : NULL;
    if (larger.buckets == NULL)
        return;
    hash_table_move(&shard->table, &larger);
    shard->octets += octets - table_octets(shard);
    free(shard->table.buckets);
    shard->table = larger;
}

/* False if `octets` more do not fit even into an empty shard; then nothing is evicted. Adds what is to *evicted. */
static bool make_room(struct shard *shard, size_t octets, int64_t now_ms, unsigned *evicted)
{
    grow_table(shard);
    if (shard->table.bucket_count == 0 || table_octets(shard) + octets > shard->octets_max)
        return false;
    for (; shard->octets + octets > shard->octets_max; (*evicted)++)
        evict_one(shard, now_ms);
    return true;
}

static struct entry *create_entry(const struct lookup *lookup, const void *value, size_t value_len, int64_t expires_ms)
{
    struct entry *entry = malloc(sizeof *entry + lookup->key_len + value_len);

    if (entry == NULL)
        return NULL;
    *entry = (struct entry){
        .link.hash = lookup->hash, .expires_ms = expires_ms, .key_len = lookup->key_len, .value_len = value_len};
    if (value_len > 0)
        memcpy(entry->octets, value, value_len);
    if (lookup->key_len > 0)
        memcpy(entry->octets + value_len, lookup->key, lookup->key_len);
    entry->octets_taken = entry_octets(lookup->key_len, value_len);
    if (lookup->shard->references != NULL)
        entry->octets_taken += lookup->shard->references->weigh(value);
    return entry;
}

/* ---- The cache ---- */

static size_t choose_shard_count(size_t max_octets)
{
    size_t count = SHARDS_MAX;

    while (count > 1 && max_octets / count < SHARD_OCTETS_MIN)
        count /= 2;
    return count;
}

/* The bound of one shard, where so many are in use. */
static size_t share(size_t index, size_t count, size_t max_octets)
{
    return index < count ? max_octets / count : 0;
}

struct ttl_cache *ttl_cache_create(size_t max_octets, const uint8_t seed[16], const struct clock *clock)
{
    return ttl_cache_create_of_references(max_octets, seed, clock, NULL);
}

struct ttl_cache *ttl_cache_create_of_references(size_t max_octets, const uint8_t seed[16], const struct clock *clock,
                                                 const struct ttl_cache_references *references)
{
    const size_t count = choose_shard_count(max_octets);
    struct ttl_cache *cache = calloc(1, sizeof *cache);

    if (cache == NULL)
        return NULL;
    cache->clock = clock;
    memcpy(cache->seed, seed, sizeof cache->seed);
    for (size_t i = 0; i < SHARDS_MAX; i++) {
        pthread_mutex_init(&cache->shards[i].lock, NULL);
        cache->shards[i].references = references;
        cache->shards[i].octets_max = share(i, count, max_octets);
    }
    cache->shard_count = count;
    return cache;
}

/* Lock held, or no other thread is left. */
static void empty(struct shard *shard)
{
    for (struct entry *entry = shard->oldest, *newer; entry != NULL; entry = newer) {
        newer = entry->newer;
        free_entry(shard, entry);
    }
    free(shard->table.buckets);
    shard->table = (struct hash_table){0};
    shard->newest = shard->oldest = shard->hand = NULL;
    shard->octets = shard->entries = 0;
}

void ttl_cache_destroy(struct ttl_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < SHARDS_MAX; i++) {
        empty(&cache->shards[i]);
        pthread_mutex_destroy(&cache->shards[i].lock);
    }
    free(cache);
}

/* A thread that has chosen its shard before may put an entry where nobody looks for it any more: it takes room there
 * until it is evicted, and a shard that is not in use takes none. */
void ttl_cache_reset(struct ttl_cache *cache, size_t max_octets)
{
    const size_t count = choose_shard_count(max_octets);

    cache->shard_count = count;
    for (size_t i = 0; i < SHARDS_MAX; i++) {
        struct shard *shard = &cache->shards[i];

        pthread_mutex_lock(&shard->lock);
        empty(shard);
        shard->octets_max = share(i, count, max_octets);
        pthread_mutex_unlock(&shard->lock);
    }
}

static struct lookup prepare_lookup(struct ttl_cache *cache, const void *key, size_t key_len)
{
    struct lookup lookup = {.key = key, .key_len = key_len};

    lookup.hash = hash_octets(cache->seed, key, key_len);
    lookup.shard = &cache->shards[lookup.hash & (atomic_load_explicit(&cache->shard_count, memory_order_relaxed) - 1)];
    return lookup;
}

static void copy_entry_value(const struct shard *shard, const struct entry *entry, void *value, size_t *value_len)
{
    size_t len = *value_len < entry->value_len ? *value_len : entry->value_len;

    if (len > 0)
        memcpy(value, entry_value(entry), len);
    *value_len = entry->value_len;
    if (shard->references != NULL)
        shard->references->acquire(value);
}

bool ttl_cache_get(struct ttl_cache *cache, const void *key, size_t key_len, void *value, size_t *value_len)
{
    struct lookup lookup = prepare_lookup(cache, key, key_len);
    int64_t now_ms = clock_monotonic_ms(cache->clock);
    struct shard *shard = lookup.shard;

    pthread_mutex_lock(&shard->lock);
    struct entry *entry = find_entry(&lookup);
    if (entry != NULL && now_ms >= entry->expires_ms) {
        remove_entry(shard, entry);
        entry = NULL;
    }
    if (entry != NULL) {
        entry->was_hit = true;
        copy_entry_value(shard, entry, value, value_len);
    }
    pthread_mutex_unlock(&shard->lock);
    return entry != NULL;
}

unsigned ttl_cache_put(struct ttl_cache *cache, const void *key, size_t key_len, const void *value, size_t value_len,
                       int64_t ttl_ms)
{
    struct lookup lookup = prepare_lookup(cache, key, key_len);
    int64_t now_ms = clock_monotonic_ms(cache->clock);
    struct shard *shard = lookup.shard;
    struct entry *entry = NULL;
    unsigned evicted = 0;
    bool is_cached = false;

    if (ttl_ms > 0 && key_len < shard->octets_max && value_len < shard->octets_max) {
        int64_t expires_ms = ttl_ms < INT64_MAX - now_ms ? now_ms + ttl_ms : INT64_MAX;

        entry = create_entry(&lookup, value, value_len, expires_ms);
    }
    pthread_mutex_lock(&shard->lock);
    struct entry *old = find_entry(&lookup);
    if (old != NULL)
        remove_entry(shard, old);
    if (entry != NULL && make_room(shard, entry->octets_taken, now_ms, &evicted)) {
        insert_entry(shard, entry);
        is_cached = true;
    }
    pthread_mutex_unlock(&shard->lock);
    if (is_cached)
        return evicted;
    if (shard->references != NULL)
        shard->references->release(value);
    free(entry);
    return evicted;
}

struct ttl_cache_stats ttl_cache_stats(struct ttl_cache *cache)
{
    struct ttl_cache_stats stats = {0};

    for (size_t i = 0; i < SHARDS_MAX; i++) {
        struct shard *shard = &cache->shards[i];

        pthread_mutex_lock(&shard->lock);
        stats.insertions += shard->insertions;
        stats.evictions += shard->evictions;
        stats.entries += shard->entries;
        stats.octets += shard->octets;
        pthread_mutex_unlock(&shard->lock);
    }
    return stats;
}
