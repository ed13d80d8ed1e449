/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts in bounded memory. */
#include "tools/report/counted_table.h"

#include "support/hash_seeds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX = 64, FLOOD = 10000 };

static void test_bounded(void **state)
{
    struct counted_table *table = counted_table_create(sizeof(int), MAX, NULL);
    struct counted **all;
    uint64_t sum = 0;
    char key[32];

    (void)state;
    assert_non_null(table);
    for (int i = 0; i < FLOOD; i++) { /* rare keys, and one that is frequent */
        (void)snprintf(key, sizeof key, "rare%d", i);
        assert_non_null(counted_table_count(table, key));
        assert_non_null(counted_table_count(table, "frequent"));
        assert_true(counted_table_size(table) <= MAX);
    }
    all = counted_table_sorted(table);
    assert_non_null(all);
    assert_string_equal(all[0]->key, "frequent");
    assert_int_equal(all[0]->count, FLOOD);
    for (size_t i = 0; i < counted_table_size(table); i++)
        sum += all[i]->count;
    assert_int_equal(sum + counted_table_dropped(table), 2 * FLOOD);
    free(all);
    counted_table_destroy(table);
}

/* Where all counts are large, room is made all the same. */
static void test_large_counts(void **state)
{
    struct counted_table *table = counted_table_create(0, MAX, NULL);
    char key[32];

    (void)state;
    for (int i = 0; i < 3 * MAX; i++) {
        (void)snprintf(key, sizeof key, "key%d", i);
        for (int times = 0; times < 1000; times++)
            assert_non_null(counted_table_count(table, key));
        assert_true(counted_table_size(table) <= MAX);
    }
    counted_table_destroy(table);
}

static void test_data(void **state)
{
    struct counted_table *table = counted_table_create(sizeof(int), MAX, NULL);
    struct counted **all;

    (void)state;
    *(int *)counted_table_count(table, "b")->data += 5;
    *(int *)counted_table_count(table, "a")->data += 1;
    *(int *)counted_table_count(table, "b")->data += 5;
    (void)counted_table_count(table, "c");
    assert_int_equal(*(int *)counted_table_find(table, "b")->data, 10);
    assert_null(counted_table_find(table, "d"));
    all = counted_table_sorted(table);
    assert_string_equal(all[0]->key, "b");
    assert_string_equal(all[1]->key, "a");
    assert_string_equal(all[2]->key, "c");
    free(all);
    counted_table_destroy(table);
    counted_table_destroy(NULL);
}

/* What a log says comes from strangers, too. */
static void test_seeds(void **state)
{
    (void)state;
    hash_seeds_forget();
    for (unsigned i = 1; i <= 3; i++) {
        struct counted_table *table = counted_table_create(0, MAX, NULL);

        assert_non_null(counted_table_count(table, "key"));
        assert_int_equal(hash_seeds_count(), i);
        counted_table_destroy(table);
    }
    assert_false(hash_seeds_were_zero());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_large_counts),
        cmocka_unit_test(test_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
