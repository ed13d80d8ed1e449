/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hash tables of entries that belong to others, chained through a link in each. Plain data, without a lock. */
#ifndef SMF_BASE_HASH_TABLE_H
#define SMF_BASE_HASH_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { HASH_SEED_SIZE = 16 };

/* SipHash of the octets under a random seed, so that nobody can aim keys at one bucket. */
uint64_t hash_octets(const uint8_t seed[HASH_SEED_SIZE], const void *octets, size_t len);

/* A member of each entry; as the first one, a pointer to it is one to the entry. */
struct hash_link {
    struct hash_link *next; /* in the same bucket */
    uint64_t hash;
};

/* The buckets belong to the caller, and begin as NULL. */
struct hash_table {
    struct hash_link **buckets;
    size_t bucket_count; /* a power of two; 0: the table is empty, and nothing may be added */
};

/* The first entry with this hash, and the next one with the same; NULL: there is none. The caller compares the keys. */
struct hash_link *hash_table_first(const struct hash_table *table, uint64_t hash);
struct hash_link *hash_table_next(const struct hash_link *link);

/* Adds an entry, whose link has its hash. */
void hash_table_add(const struct hash_table *table, struct hash_link *link);

/* Takes out an entry, which must be there. */
void hash_table_remove(const struct hash_table *table, struct hash_link *link);

/* Moves all entries to a table of another size, which is empty. */
void hash_table_move(const struct hash_table *from, const struct hash_table *to);

#endif
