/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hash tables: what is added is found until it is removed, also with equal hashes and in a larger table. */
#include "base/hash_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ENTRIES = 100, BUCKETS = 8 };

struct entry {
    struct hash_link link;
    unsigned number;
};

static struct entry *find(const struct hash_table *table, uint64_t hash, unsigned number)
{
    struct hash_link *link = hash_table_first(table, hash);

    while (link != NULL && ((struct entry *)link)->number != number)
        link = hash_table_next(link);
    return (struct entry *)link;
}

/* Ten entries share each hash. */
static uint64_t hash_of(unsigned number)
{
    static const uint8_t seed[HASH_SEED_SIZE] = {1};
    unsigned group = number / 10;

    return hash_octets(seed, &group, sizeof group);
}

static void check(const struct hash_table *table, struct entry *entries, unsigned removed)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        assert_ptr_equal(find(table, hash_of(i), i), i % removed == 0 ? NULL : &entries[i]);
    assert_null(find(table, hash_of(ENTRIES + 10), ENTRIES + 10));
}

static void test_entries(void **state)
{
    struct hash_link *buckets[BUCKETS] = {NULL}, *more[4 * BUCKETS] = {NULL};
    struct hash_table table = {buckets, BUCKETS}, larger = {more, 4 * BUCKETS}, none = {NULL, 0};
    struct entry entries[ENTRIES];

    (void)state;
    assert_null(hash_table_first(&none, 1));
    for (unsigned i = 0; i < ENTRIES; i++) {
        entries[i] = (struct entry){.link.hash = hash_of(i), .number = i};
        hash_table_add(&table, &entries[i].link);
    }
    for (unsigned i = 0; i < ENTRIES; i += 3)
        hash_table_remove(&table, &entries[i].link);
    check(&table, entries, 3);
    hash_table_move(&table, &larger);
    check(&larger, entries, 3);
    check(&table, entries, 1);
    hash_table_move(&none, &larger);
}

static void test_hash(void **state)
{
    static const uint8_t seed[HASH_SEED_SIZE] = {1}, other[HASH_SEED_SIZE] = {2};

    (void)state;
    assert_true(hash_octets(seed, "ab", 2) == hash_octets(seed, "abc", 2));
    assert_true(hash_octets(seed, "ab", 2) != hash_octets(seed, "abc", 3));
    assert_true(hash_octets(seed, "ab", 2) != hash_octets(other, "ab", 2));
    assert_true(hash_octets(seed, NULL, 0) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_entries), cmocka_unit_test(test_hash)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
