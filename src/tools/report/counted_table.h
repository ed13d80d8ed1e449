/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts by key in bounded memory: when the table is full, the keys with the smallest counts are dropped, and what they
 * had counted is said. Plain data, without a lock. */
#ifndef SMF_TOOLS_REPORT_COUNTED_TABLE_H
#define SMF_TOOLS_REPORT_COUNTED_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct counted_table;

/* One key. Its data begin as zero. */
struct counted {
    uint64_t count;  /* how often it was counted */
    const char *key; /* NUL-terminated */
    void *data;      /* of the size that the table was created with, aligned for any type */
};

/* `max`: most keys that it holds, 16 or more. `drop` is called for the data of a key that goes; NULL: nothing is to do.
 * NULL if out of memory. */
struct counted_table *counted_table_create(size_t data_size, size_t max, void (*drop)(void *data));
void counted_table_destroy(struct counted_table *table); /* NULL is fine */

/* Counts `key` once and returns its entry, valid until the next call; NULL if out of memory, which is recorded as if
 * the key had been dropped. */
struct counted *counted_table_count(struct counted_table *table, const char *key);

/* The entry of a key, uncounted; NULL if there is none. */
struct counted *counted_table_find(const struct counted_table *table, const char *key);

/* The keys at the moment, and those dropped so far with their counts. */
size_t counted_table_size(const struct counted_table *table);
uint64_t counted_table_dropped(const struct counted_table *table);

/* All entries, most counted first and then by key, as pointers into the table; the caller frees the array alone. NULL
 * if out of memory, or empty. */
struct counted **counted_table_sorted(const struct counted_table *table);

#endif
