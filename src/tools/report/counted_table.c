/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table that drops what is rare when it is full. */
#include "tools/report/counted_table.h"

#include "base/hash_table.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    SMALL_COUNTS = 256,    /* counts that are told apart when entries are dropped */
    BUCKETS_AT_FIRST = 16, /* a power of two */
};

struct entry {
    struct hash_link link;
    struct counted counted;
    _Alignas(max_align_t) char data[];
};

struct counted_table {
    struct hash_table table;
    uint8_t seed[HASH_SEED_SIZE];
    size_t data_size, max, size;
    uint64_t dropped;
    void (*drop)(void *data);
};

struct counted_table *counted_table_create(size_t data_size, size_t max, void (*drop)(void *data))
{
    struct counted_table *table = calloc(1, sizeof *table);

    if (table != NULL)
        table->table.buckets = calloc(BUCKETS_AT_FIRST, sizeof(struct hash_link *));
    if (table == NULL || table->table.buckets == NULL) {
        free(table);
        return NULL;
    }
    table->table.bucket_count = BUCKETS_AT_FIRST;
    table->data_size = data_size;
    table->max = max;
    table->drop = drop;
    randombytes_buf(table->seed, sizeof table->seed);
    return table;
}

static void free_entry(struct counted_table *table, struct entry *entry)
{
    if (table->drop != NULL)
        table->drop(entry->data);
    free(entry);
}

/* Frees each entry whose count is at most `limit`, up to `most` of them. */
static void drop_small(struct counted_table *table, uint64_t limit, size_t most)
{
    for (size_t i = 0; i < table->table.bucket_count; i++) {
        struct hash_link **at = &table->table.buckets[i];

        while (*at != NULL && most > 0) {
            struct entry *entry = (struct entry *)*at;

            if (entry->counted.count > limit) {
                at = &(*at)->next;
                continue;
            }
            *at = entry->link.next;
            table->dropped += entry->counted.count;
            table->size--;
            most--;
            free_entry(table, entry);
        }
    }
}

void counted_table_destroy(struct counted_table *table)
{
    if (table == NULL)
        return;
    drop_small(table, UINT64_MAX, SIZE_MAX);
    free(table->table.buckets);
    free(table);
}

/* Makes room: the smallest counts go, a quarter of the table at least. */
static void make_room(struct counted_table *table)
{
    size_t counts[SMALL_COUNTS] = {0}, sum = 0, wanted = table->max / 4;
    uint64_t limit = 0;

    for (size_t i = 0; i < table->table.bucket_count; i++) {
        for (const struct hash_link *link = table->table.buckets[i]; link != NULL; link = link->next) {
            const uint64_t count = ((const struct entry *)link)->counted.count;

            counts[count < SMALL_COUNTS ? count : SMALL_COUNTS - 1]++;
        }
    }
    while (limit < SMALL_COUNTS - 1 && sum < wanted)
        sum += counts[++limit];
    if (limit == SMALL_COUNTS - 1)
        drop_small(table, UINT64_MAX, wanted);
    else
        drop_small(table, limit, SIZE_MAX);
}

/* Keeps chains short: as many buckets as entries. Without memory the chains get longer. */
static void grow(struct counted_table *table)
{
    const size_t count = table->table.bucket_count;
    struct hash_table larger = {.bucket_count = count < BUCKETS_AT_FIRST ? BUCKETS_AT_FIRST : 2 * count};

    if (table->size < count)
        return;
    larger.buckets = calloc(larger.bucket_count, sizeof(struct hash_link *));
    if (larger.buckets == NULL)
        return;
    hash_table_move(&table->table, &larger);
    free(table->table.buckets);
    table->table = larger;
}

static struct entry *find(const struct counted_table *table, const char *key, uint64_t hash)
{
    for (struct hash_link *link = hash_table_first(&table->table, hash); link != NULL; link = hash_table_next(link)) {
        struct entry *entry = (struct entry *)link;

        if (strcmp(entry->counted.key, key) == 0)
            return entry;
    }
    return NULL;
}

static struct entry *add(struct counted_table *table, const char *key, size_t len, uint64_t hash)
{
    struct entry *entry;

    if (table->size >= table->max)
        make_room(table);
    grow(table);
    entry = calloc(1, sizeof *entry + table->data_size + len + 1);
    if (entry == NULL)
        return NULL;
    memcpy(entry->data + table->data_size, key, len + 1);
    entry->counted.key = entry->data + table->data_size;
    entry->counted.data = entry->data;
    entry->link.hash = hash;
    hash_table_add(&table->table, &entry->link);
    table->size++;
    return entry;
}

struct counted *counted_table_count(struct counted_table *table, const char *key)
{
    const size_t len = strlen(key);
    const uint64_t hash = hash_octets(table->seed, key, len);
    struct entry *entry = find(table, key, hash);

    if (entry == NULL)
        entry = add(table, key, len, hash);
    if (entry == NULL) {
        table->dropped++;
        return NULL;
    }
    entry->counted.count++;
    return &entry->counted;
}

struct counted *counted_table_find(const struct counted_table *table, const char *key)
{
    struct entry *entry = find(table, key, hash_octets(table->seed, key, strlen(key)));

    return entry != NULL ? &entry->counted : NULL;
}

size_t counted_table_size(const struct counted_table *table)
{
    return table->size;
}

uint64_t counted_table_dropped(const struct counted_table *table)
{
    return table->dropped;
}

static int compare(const void *left, const void *right)
{
    const struct counted *a = *(const struct counted *const *)left, *b = *(const struct counted *const *)right;

    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->key, b->key);
}

struct counted **counted_table_sorted(const struct counted_table *table)
{
    struct counted **entries = table->size > 0 ? malloc(table->size * sizeof(struct counted *)) : NULL;
    size_t count = 0;

    if (entries == NULL)
        return NULL;
    for (size_t i = 0; i < table->table.bucket_count; i++)
        for (struct hash_link *link = table->table.buckets[i]; link != NULL; link = link->next)
            entries[count++] = &((struct entry *)link)->counted;
    qsort(entries, count, sizeof(struct counted *), compare);
    return entries;
}
