/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests that memory goes back to the system: what another thread has had, and large blocks among small ones. */
#include "base/allocator.h"

#include "base/thread.h"

#include "support/resident.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK_SIZE = 1000, BLOCKS = 32000, WHOLE_KB = BLOCKS * (BLOCK_SIZE / 1000) };
enum { QUERY_SIZE = ALLOCATOR_OWN_PAGES_MIN, QUERIES = 1024, QUERIES_KB = QUERIES * (QUERY_SIZE / 1024) };

/* Makes a cache, so to speak, and frees all of it but what was made last, which keeps the end of the heap in use. */
static void *fill_and_free(void *context)
{
    void **blocks = context;

    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BLOCK_SIZE);
        assert_non_null(blocks[i]);
        memset(blocks[i], 1, BLOCK_SIZE);
    }
    for (size_t i = 0; i + 1 < BLOCKS; i++)
        free(blocks[i]);
    return NULL;
}

static void test_return_free(void **state)
{
    void **blocks = calloc(BLOCKS, sizeof *blocks);
    pthread_t thread;
    long full_kb;

    (void)state;
    assert_non_null(blocks);
    assert_int_equal(thread_start(&thread, fill_and_free, blocks), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    full_kb = resident_kb();
    allocator_return_free();
    assert_true(full_kb - resident_kb() > WHOLE_KB * 3 / 4);
    free(blocks[BLOCKS - 1]);
    free(blocks);
}

/* As many queries as may be under way, and what stays in a cache after each. */
static void *query_and_keep(void *context)
{
    static void *queries[QUERIES];
    void **kept = context;

    for (size_t i = 0; i < QUERIES; i++) {
        queries[i] = malloc(QUERY_SIZE);
        assert_non_null(queries[i]);
        memset(queries[i], 1, QUERY_SIZE);
        kept[i] = malloc(BLOCK_SIZE);
        assert_non_null(kept[i]);
        memset(kept[i], 1, BLOCK_SIZE);
    }
    for (size_t i = 0; i < QUERIES; i++)
        free(queries[i]);
    return NULL;
}

static void test_large_blocks_leave(void **state)
{
    static void *kept[QUERIES];
    const long before_kb = resident_kb();
    pthread_t thread;

    (void)state;
    allocator_set_up();
    assert_int_equal(thread_start(&thread, query_and_keep, kept), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(resident_kb() - before_kb < QUERIES_KB / 4); /* what is kept takes a sixteenth */
    for (size_t i = 0; i < QUERIES; i++)
        free(kept[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_large_blocks_leave), cmocka_unit_test(test_return_free)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
