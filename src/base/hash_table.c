/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chained hash tables, and their hash. */
#include "base/hash_table.h"

#include <sodium.h>
#include <string.h>

_Static_assert(HASH_SEED_SIZE == crypto_shorthash_KEYBYTES, "a seed is a key of SipHash");

uint64_t hash_octets(const uint8_t seed[HASH_SEED_SIZE], const void *octets, size_t len)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t value;

    crypto_shorthash(hash, octets, len, seed);
    memcpy(&value, hash, sizeof value);
    return value;
}

/* The upper bits: the lower ones may have chosen among several tables. */
static struct hash_link **bucket_of(const struct hash_table *table, uint64_t hash)
{
    return &table->buckets[(size_t)(hash >> 32) & (table->bucket_count - 1)];
}

static struct hash_link *skip_others(struct hash_link *link, uint64_t hash)
{
    while (link != NULL && link->hash != hash)
        link = link->next;
    return link;
}

struct hash_link *hash_table_first(const struct hash_table *table, uint64_t hash)
{
    return table->bucket_count > 0 ? skip_others(*bucket_of(table, hash), hash) : NULL;
}

struct hash_link *hash_table_next(const struct hash_link *link)
{
    return skip_others(link->next, link->hash);
}

void hash_table_add(const struct hash_table *table, struct hash_link *link)
{
    struct hash_link **bucket = bucket_of(table, link->hash);

    link->next = *bucket;
    *bucket = link;
}

void hash_table_remove(const struct hash_table *table, struct hash_link *link)
{
    struct hash_link **at = bucket_of(table, link->hash);

    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
}

void hash_table_move(const struct hash_table *from, const struct hash_table *to)
{
    for (size_t i = 0; i < from->bucket_count; i++) {
        while (from->buckets[i] != NULL) {
            struct hash_link *link = from->buckets[i];

            from->buckets[i] = link->next;
            hash_table_add(to, link);
        }
    }
}
