/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cache: what it keeps and for how long, whom it evicts (against a slow model of SIEVE), its bound, failing
 * allocations, and threads. */
#include "base/ttl_cache.h"

#include "support/alloc_fail.h"
#include "support/hash_seeds.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ONE_SHARD = 64 * 1024, KEYS = 40, VALUE_LEN = 4000, HOUR_MS = 3600 * 1000 };

static const uint8_t seed[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static int64_t now_ms;

static int64_t own_monotonic_ms(void *context)
{
    return *(const int64_t *)context;
}

static const struct clock own_clock = {.monotonic_ms = own_monotonic_ms, .context = &now_ms};

static struct ttl_cache *create(size_t max_octets)
{
    struct ttl_cache *cache = ttl_cache_create(max_octets, seed, &own_clock);

    assert_non_null(cache);
    return cache;
}

static void put(struct ttl_cache *cache, const char *key, const char *value, int64_t ttl_ms)
{
    ttl_cache_put(cache, key, strlen(key), value, strlen(value), ttl_ms);
}

/* NULL as `expected` means that there must be no entry. */
static void expect(struct ttl_cache *cache, const char *key, const char *expected)
{
    char value[100] = "untouched";
    size_t len = sizeof value;
    bool found = ttl_cache_get(cache, key, strlen(key), value, &len);

    assert_int_equal(found, expected != NULL);
    if (expected == NULL) {
        assert_string_equal(value, "untouched");
        assert_int_equal(len, sizeof value);
    } else {
        assert_int_equal(len, strlen(expected));
        assert_memory_equal(value, expected, len);
    }
}

static uint64_t random_next(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static void test_keeps_and_replaces(void **state)
{
    struct ttl_cache *cache = create(1 << 20);

    (void)state;
    hash_seeds_forget();
    expect(cache, "a", NULL);
    put(cache, "a", "bc", HOUR_MS);
    put(cache, "ab", "c", HOUR_MS);
    put(cache, "empty", "", HOUR_MS);
    expect(cache, "a", "bc");
    expect(cache, "ab", "c");
    expect(cache, "empty", "");
    expect(cache, "abc", NULL);
    put(cache, "a", "another, longer value", HOUR_MS);
    expect(cache, "a", "another, longer value");

    struct ttl_cache_stats stats = ttl_cache_stats(cache);
    assert_int_equal(stats.entries, 3);
    assert_int_equal(stats.insertions, 4);
    assert_int_equal(stats.evictions, 0);
    assert_true(stats.octets >= 192 && stats.octets < 4096);
    assert_int_equal(hash_seeds_count(), 1);
    assert_false(hash_seeds_were_zero());
    ttl_cache_destroy(cache);
    ttl_cache_destroy(NULL);
}

static void test_octet_strings(void **state)
{
    static const char keys[] = {0, 0, 0, 1, (char)0xff, 0};
    struct ttl_cache *cache = create(ONE_SHARD);

    (void)state;
    for (size_t len = 1; len <= sizeof keys; len++)
        ttl_cache_put(cache, keys, len, keys, len, HOUR_MS);
    for (size_t len = 1; len <= sizeof keys; len++) {
        char value[sizeof keys];
        size_t value_len = sizeof value;

        assert_true(ttl_cache_get(cache, keys, len, value, &value_len));
        assert_int_equal(value_len, len);
        assert_memory_equal(value, keys, len);
    }
    ttl_cache_destroy(cache);
}

static void test_cut_copy(void **state)
{
    static const struct {
        size_t room;
        const char *copied;
    } rows[] = {{0, "------"}, {1, "v-----"}, {4, "valu--"}, {5, "value-"}, {6, "value-"}};
    struct ttl_cache *cache = create(ONE_SHARD);

    (void)state;
    put(cache, "key", "value", HOUR_MS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char value[] = "------";
        size_t len = rows[i].room;

        assert_true(ttl_cache_get(cache, "key", 3, value, &len));
        assert_int_equal(len, 5);
        assert_string_equal(value, rows[i].copied);
    }
    size_t len = 0;
    assert_true(ttl_cache_get(cache, "key", 3, NULL, &len));
    assert_int_equal(len, 5);
    ttl_cache_destroy(cache);
}

static void test_time_to_live(void **state)
{
    static const struct {
        int64_t start_ms, ttl_ms, passed_ms;
        bool lives;
    } rows[] = {
        {1000, 1, 0, true},
        {1000, 1, 1, false},
        {1000, 500, 499, true},
        {1000, 500, 500, false},
        {1000, 500, HOUR_MS, false},
        {1000, 0, 0, false},
        {1000, -1, 0, false},
        {1000, INT64_MIN, 0, false},
        {0, INT64_MAX, 0, true},
        {1000, INT64_MAX, INT64_MAX - 2000, true},
        {0, 1, 0, true},
        {INT64_MAX - 10, 100, 5, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ttl_cache *cache = create(ONE_SHARD);

        now_ms = rows[i].start_ms;
        put(cache, "key", "old", HOUR_MS);
        put(cache, "key", "new", rows[i].ttl_ms);
        now_ms += rows[i].passed_ms;
        expect(cache, "key", rows[i].lives ? "new" : NULL);
        assert_int_equal(ttl_cache_stats(cache).entries, rows[i].lives ? 1 : 0);
        ttl_cache_destroy(cache);
    }
    now_ms = 0;
}

static void test_no_room_at_all(void **state)
{
    static const size_t sizes[] = {0, 1, 63, 20 * sizeof(void *)};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ttl_cache *cache = create(sizes[i]);

        put(cache, "key", "value", HOUR_MS);
        expect(cache, "key", NULL);
        assert_true(ttl_cache_stats(cache).octets <= sizes[i]);
        assert_int_equal(ttl_cache_stats(cache).entries, 0);
        ttl_cache_destroy(cache);
    }
}

static void test_too_large_entry(void **state)
{
    static char large[ONE_SHARD];
    struct ttl_cache *cache = create(ONE_SHARD);
    size_t len = 0;

    (void)state;
    put(cache, "other", "stays", HOUR_MS);
    put(cache, "key", "old", HOUR_MS);
    ttl_cache_put(cache, "key", 3, large, sizeof large, HOUR_MS);
    expect(cache, "key", NULL);
    expect(cache, "other", "stays");
    ttl_cache_put(cache, "key", 3, large, sizeof large - 64, HOUR_MS);
    expect(cache, "key", NULL);
    expect(cache, "other", "stays");
    ttl_cache_put(cache, "key", 3, "x", SIZE_MAX, HOUR_MS);

    ttl_cache_put(cache, "key", 3, large, 60000, HOUR_MS);
    assert_true(ttl_cache_get(cache, "key", 3, NULL, &len));
    assert_int_equal(len, 60000);
    ttl_cache_destroy(cache);
}

/* The cache, and beside it a slow SIEVE over keys that are numbers and values of one size. */
struct model {
    struct ttl_cache *cache;
    size_t capacity, count, evicted; /* the last as the cache tells it */
    size_t hand;                     /* index into keys; count: at the oldest */
    struct {
        unsigned key;
        bool was_hit;
    } keys[KEYS]; /* oldest first */
};

static size_t model_find(const struct model *model, unsigned key)
{
    size_t i = 0;

    while (i < model->count && model->keys[i].key != key)
        i++;
    return i;
}

static void model_remove(struct model *model, size_t at)
{
    bool at_oldest = model->hand == model->count;

    memmove(&model->keys[at], &model->keys[at + 1], (model->count - at - 1) * sizeof model->keys[0]);
    model->count--;
    if (at_oldest)
        model->hand = model->count;
    else if (at < model->hand)
        model->hand--;
}

static void model_evict(struct model *model)
{
    size_t at = model->hand < model->count ? model->hand : 0;

    while (model->keys[at].was_hit) {
        model->keys[at].was_hit = false;
        at = at + 1 < model->count ? at + 1 : 0;
    }
    model->hand = at;
    model_remove(model, at);
}

static void model_insert(struct model *model, unsigned key)
{
    bool at_oldest = model->hand == model->count;

    model->keys[model->count].key = key;
    model->keys[model->count].was_hit = false;
    model->count++;
    if (at_oldest)
        model->hand = model->count;
}

static void both_put(struct model *model, unsigned key)
{
    static const char value[VALUE_LEN];

    model->evicted += ttl_cache_put(model->cache, &key, sizeof key, value, sizeof value, HOUR_MS);
    size_t at = model_find(model, key);
    if (at < model->count)
        model_remove(model, at);
    if (model->count == model->capacity)
        model_evict(model);
    model_insert(model, key);
}

static void both_get(struct model *model, unsigned key)
{
    size_t len = 0, at = model_find(model, key);

    assert_int_equal(ttl_cache_get(model->cache, &key, sizeof key, NULL, &len), at < model->count);
    if (at < model->count)
        model->keys[at].was_hit = true;
}

/* Fills a cache of one shard until it first evicts, to learn how many entries of VALUE_LEN it holds. */
static size_t measure_capacity(void)
{
    struct model model = {.cache = create(ONE_SHARD), .capacity = KEYS};
    size_t count = 0;

    for (unsigned key = 0; key < KEYS; key++)
        both_put(&model, key);
    count = ttl_cache_stats(model.cache).entries;
    ttl_cache_destroy(model.cache);
    assert_in_range(count, ONE_SHARD / (VALUE_LEN + 200), ONE_SHARD / VALUE_LEN);
    return count;
}

static void test_sieve_by_hand(void **state)
{
    static const struct {
        int hit; /* -1: none */
        unsigned evicted;
    } rows[] = {{-1, 2}, {-1, 3}, {5, 4}, {-1, 6}, {8, 7}, {9, 10}};
    struct model model = {.cache = create(ONE_SHARD), .capacity = measure_capacity()};
    unsigned key = 0;

    (void)state;
    while (key < model.capacity)
        both_put(&model, key++);
    both_get(&model, 0); /* what was hit is spared */
    both_get(&model, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].hit >= 0)
            both_get(&model, (unsigned)rows[i].hit);
        both_put(&model, key++);
        assert_int_equal(model_find(&model, rows[i].evicted), model.count);
        assert_int_equal(ttl_cache_stats(model.cache).evictions, i + 1);
        assert_int_equal(model.evicted, i + 1);
    }
    for (unsigned k = 0; k < key; k++)
        both_get(&model, k);
    ttl_cache_destroy(model.cache);
}

static void test_sieve_against_model(void **state)
{
    size_t capacity = measure_capacity();
    uint64_t random = 42;

    (void)state;
    for (int round = 0; round < 20; round++) {
        struct model model = {.cache = create(ONE_SHARD), .capacity = capacity};

        for (int i = 0; i < 1000; i++) {
            unsigned key = (unsigned)(random_next(&random) % KEYS);

            if (random_next(&random) % 3 == 0)
                both_put(&model, key);
            else
                both_get(&model, key);
            assert_int_equal(ttl_cache_stats(model.cache).entries, model.count);
        }
        ttl_cache_destroy(model.cache);
    }
}

static void test_eviction_takes_expired_first(void **state)
{
    static const char value[VALUE_LEN];
    struct model model = {.cache = create(ONE_SHARD), .capacity = measure_capacity()};
    unsigned short_lived = 0, next = 1000;

    (void)state;
    ttl_cache_put(model.cache, &short_lived, sizeof short_lived, value, sizeof value, 500);
    model_insert(&model, short_lived);
    for (unsigned key = 1; key < model.capacity; key++)
        both_put(&model, key);
    both_get(&model, short_lived);
    now_ms += 500;
    ttl_cache_put(model.cache, &next, sizeof next, value, sizeof value, HOUR_MS);
    model_remove(&model, 0);
    for (unsigned key = 0; key < model.capacity; key++)
        both_get(&model, key);
    assert_int_equal(ttl_cache_stats(model.cache).evictions, 1);
    ttl_cache_destroy(model.cache);
    now_ms = 0;
}

/* Whatever is thrown at it, the cache stays below its bound, and makes use of what it was given. */
static void test_bound_under_flood(void **state)
{
    static const size_t sizes[] = {300, 4096, ONE_SHARD, 1 << 20, 9 << 20};
    static char value[5000];
    uint64_t random = 7;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ttl_cache *cache = create(sizes[i]);

        for (uint64_t key = 0; key < 60000; key++) {
            const size_t len = (size_t)(random_next(&random) % (key % 16 == 0 ? sizeof value : 60));

            ttl_cache_put(cache, &key, sizeof key, value, len, HOUR_MS);
            if (key % 64 == 0)
                assert_true(ttl_cache_stats(cache).octets <= sizes[i]);
        }
        struct ttl_cache_stats stats = ttl_cache_stats(cache);
        assert_true(stats.octets <= sizes[i]);
        assert_true(stats.octets >= sizes[i] / 4);
        assert_true(stats.evictions > 0);
        ttl_cache_destroy(cache);
    }
}

static void test_many_small_entries_are_found(void **state)
{
    struct ttl_cache *cache = create(64 << 20);

    (void)state;
    for (uint64_t key = 0; key < 50000; key++)
        ttl_cache_put(cache, &key, sizeof key, &key, sizeof key, HOUR_MS);
    for (uint64_t key = 0; key < 50000; key++) {
        uint64_t value = 0;
        size_t len = sizeof value;

        assert_true(ttl_cache_get(cache, &key, sizeof key, &value, &len));
        assert_int_equal(value, key);
    }
    assert_int_equal(ttl_cache_stats(cache).entries, 50000);
    ttl_cache_destroy(cache);
}

static void test_out_of_memory(void **state)
{
    struct ttl_cache *cache;

    (void)state;
    alloc_fail_at(1);
    assert_null(ttl_cache_create(ONE_SHARD, seed, &own_clock));
    alloc_fail_at(0);

    cache = create(ONE_SHARD);
    for (unsigned n = 1; n <= 2; n++) { /* the entry, then the first table */
        alloc_fail_at(n);
        put(cache, "key", "value", HOUR_MS);
        assert_true(alloc_fail_happened());
        expect(cache, "key", NULL);
    }
    put(cache, "key", "old", HOUR_MS);
    alloc_fail_at(1);
    put(cache, "key", "new", HOUR_MS);
    assert_true(alloc_fail_happened());
    expect(cache, "key", NULL);

    alloc_fail_at(0);
    put(cache, "key", "value", HOUR_MS);
    alloc_fail_at(1);
    expect(cache, "key", "value");
    assert_false(alloc_fail_happened()); /* a hit allocates nothing */
    alloc_fail_at(0);
    ttl_cache_destroy(cache);
}

/* Each allocation behind that of the entry fails: the table cannot grow, but what was kept is found. */
static void test_table_that_cannot_grow(void **state)
{
    struct ttl_cache *cache = create(ONE_SHARD);
    char key[20];

    (void)state;
    put(cache, "first", "value", HOUR_MS);
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "key %d", i);
        alloc_fail_at(2); /* the first is the entry */
        put(cache, key, key, HOUR_MS);
    }
    alloc_fail_at(0);
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "key %d", i);
        expect(cache, key, key);
    }
    ttl_cache_destroy(cache);
}

struct worker {
    struct ttl_cache *cache;
    uint64_t random, misses;
    bool ok;
};

/* A value says which key it belongs to, so a torn or mixed-up one is seen. */
static void *work(void *argument)
{
    struct worker *worker = argument;

    for (int i = 0; i < 20000; i++) {
        uint64_t key = random_next(&worker->random) % 3000, value[8] = {0};
        size_t len = sizeof value;

        if (ttl_cache_get(worker->cache, &key, sizeof key, value, &len)) {
            worker->ok = worker->ok && len == (1 + key % 8) * sizeof key && value[0] == key && value[key % 8] == key;
            continue;
        }
        worker->misses++;
        for (size_t j = 0; j < 8; j++)
            value[j] = key;
        ttl_cache_put(worker->cache, &key, sizeof key, value, (size_t)(1 + key % 8) * sizeof key,
                      1 + (int64_t)(key % 3));
        if (i % 1000 == 0)
            (void)ttl_cache_stats(worker->cache);
    }
    return NULL;
}

static void test_threads(void **state)
{
    static const size_t sizes[] = {ONE_SHARD, 1 << 20};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ttl_cache *cache = ttl_cache_create(sizes[i], seed, &clock_system);
        struct worker workers[4];
        pthread_t threads[4];
        uint64_t misses = 0;

        assert_non_null(cache);
        for (size_t t = 0; t < 4; t++) {
            workers[t] = (struct worker){.cache = cache, .random = 1000 + t, .ok = true};
            assert_int_equal(pthread_create(&threads[t], NULL, work, &workers[t]), 0);
        }
        for (size_t t = 0; t < 4; t++) {
            pthread_join(threads[t], NULL);
            assert_true(workers[t].ok);
            misses += workers[t].misses;
        }
        struct ttl_cache_stats stats = ttl_cache_stats(cache);
        assert_true(stats.octets <= sizes[i]);
        assert_int_equal(stats.insertions, misses);
        ttl_cache_destroy(cache);
    }
}

static void test_reset(void **state)
{
    static const size_t sizes[] = {1 << 24, ONE_SHARD, 0, 1 << 20};

    (void)state;
    struct ttl_cache *cache = create(ONE_SHARD);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char key[32];
        uint64_t insertions;

        put(cache, "stays", "no", 1000000);
        insertions = ttl_cache_stats(cache).insertions;
        ttl_cache_reset(cache, sizes[i]);
        expect(cache, "stays", NULL);
        assert_int_equal(ttl_cache_stats(cache).entries, 0);
        assert_int_equal(ttl_cache_stats(cache).octets, 0);
        assert_int_equal(ttl_cache_stats(cache).insertions, insertions);
        for (int n = 0; n < 20000; n++) {
            (void)snprintf(key, sizeof key, "key %d", n);
            put(cache, key, "value", 1000000);
        }
        assert_true(ttl_cache_stats(cache).octets <= sizes[i]);
        assert_int_equal(ttl_cache_stats(cache).entries > 0, sizes[i] > 0);
        expect(cache, key, sizes[i] > 0 ? "value" : NULL);
    }
    ttl_cache_destroy(cache);
}

/* While four threads use it, a cache gets one size after the other. */
static void test_reset_under_threads(void **state)
{
    static const size_t sizes[] = {0, 1 << 20, ONE_SHARD, 1 << 24};
    struct ttl_cache *cache = ttl_cache_create(1 << 20, seed, &clock_system);
    struct worker workers[4];
    pthread_t threads[4];

    (void)state;
    assert_non_null(cache);
    for (size_t t = 0; t < 4; t++) {
        workers[t] = (struct worker){.cache = cache, .random = 1000 + t, .ok = true};
        assert_int_equal(pthread_create(&threads[t], NULL, work, &workers[t]), 0);
    }
    for (size_t i = 0; i < 200; i++)
        ttl_cache_reset(cache, sizes[i % 4]);
    for (size_t t = 0; t < 4; t++) {
        pthread_join(threads[t], NULL);
        assert_true(workers[t].ok);
    }
    assert_true(ttl_cache_stats(cache).octets <= 1 << 24);
    ttl_cache_destroy(cache);
}

/* ---- Values that refer to something counted ---- */

struct counted {
    size_t octets;
    int references;
};

static struct counted *counted_at(const void *value)
{
    struct counted *counted;

    memcpy(&counted, value, sizeof counted);
    return counted;
}

static size_t counted_weigh(const void *value)
{
    return counted_at(value)->octets;
}

static void counted_acquire(const void *value)
{
    counted_at(value)->references++;
}

static void counted_release(const void *value)
{
    counted_at(value)->references--;
}

static const struct ttl_cache_references counted_references = {
    .weigh = counted_weigh, .acquire = counted_acquire, .release = counted_release};

static void put_counted(struct ttl_cache *cache, const char *key, struct counted *value, int64_t ttl_ms)
{
    value->references = 2; /* the cache's, and one of the test */
    ttl_cache_put(cache, key, strlen(key), &value, sizeof value, ttl_ms);
}

/* Each way out of the cache gives the reference back, and a hit gives another one away. */
static void test_references(void **state)
{
    struct ttl_cache *cache = ttl_cache_create_of_references(ONE_SHARD, seed, &own_clock, &counted_references);
    struct counted a = {.octets = 1000}, b = {.octets = 2000}, large = {.octets = ONE_SHARD}, *got = NULL;
    size_t len = sizeof got;

    (void)state;
    assert_non_null(cache);
    put_counted(cache, "a", &a, 1000);
    assert_int_equal(a.references, 2);
    assert_in_range(ttl_cache_stats(cache).octets, 1000, 2000);
    assert_true(ttl_cache_get(cache, "a", 1, &got, &len));
    assert_ptr_equal(got, &a);
    assert_int_equal(a.references, 3);
    put_counted(cache, "b", &b, 1000);
    put_counted(cache, "b", &a, 1000); /* in place of b */
    assert_int_equal(b.references, 1);
    put_counted(cache, "large", &large, 1000);
    assert_int_equal(large.references, 1);
    put_counted(cache, "b", &b, 0); /* keeps nothing */
    assert_int_equal(b.references, 1);
    put_counted(cache, "b", &b, 1000);
    alloc_fail_at(1);
    put_counted(cache, "c", &large, 1000);
    alloc_fail_at(0);
    assert_int_equal(large.references, 1);
    now_ms += 1000;
    assert_false(ttl_cache_get(cache, "b", 1, &got, &len));
    assert_int_equal(b.references, 1);
    put_counted(cache, "b", &b, 1000);
    ttl_cache_destroy(cache);
    assert_int_equal(b.references, 1);
}

/* What values refer to counts: the bound holds, and what is evicted is let go of. */
static void test_weights(void **state)
{
    enum { VALUES = 100, OCTETS = 4000 };
    struct ttl_cache *cache = ttl_cache_create_of_references(ONE_SHARD, seed, &own_clock, &counted_references);
    struct counted values[VALUES];
    unsigned kept = 0;

    (void)state;
    assert_non_null(cache);
    for (unsigned i = 0; i < VALUES; i++) {
        char key[16];

        snprintf(key, sizeof key, "%u", i);
        values[i].octets = OCTETS;
        put_counted(cache, key, &values[i], HOUR_MS);
        assert_true(ttl_cache_stats(cache).octets <= ONE_SHARD);
    }
    for (unsigned i = 0; i < VALUES; i++)
        kept += values[i].references == 2;
    assert_int_equal(kept, ttl_cache_stats(cache).entries);
    assert_in_range(kept, ONE_SHARD / OCTETS - 3, ONE_SHARD / OCTETS);
    ttl_cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_and_replaces),
        cmocka_unit_test(test_octet_strings),
        cmocka_unit_test(test_cut_copy),
        cmocka_unit_test(test_time_to_live),
        cmocka_unit_test(test_no_room_at_all),
        cmocka_unit_test(test_too_large_entry),
        cmocka_unit_test(test_sieve_by_hand),
        cmocka_unit_test(test_sieve_against_model),
        cmocka_unit_test(test_eviction_takes_expired_first),
        cmocka_unit_test(test_bound_under_flood),
        cmocka_unit_test(test_many_small_entries_are_found),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_table_that_cannot_grow),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_reset_under_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
