/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares the index with a look at each pattern, for random patterns and addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash_table.h"
#include "base/strbuf.h"
#include "config/recipient_index.h"
#include "support/alloc_fail.h"

#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

enum { POLICIES = 12, ROUNDS = 1000 };

static size_t steps;

struct hash_link *__real_hash_table_first(const struct hash_table *table, uint64_t hash);
struct hash_link *__wrap_hash_table_first(const struct hash_table *table, uint64_t hash);
struct hash_link *__real_hash_table_next(const struct hash_link *link);
struct hash_link *__wrap_hash_table_next(const struct hash_link *link);

/* Counts each entry that is met on the way, whatever its hash. */
struct hash_link *__wrap_hash_table_first(const struct hash_table *table, uint64_t hash)
{
    const struct hash_link *link = table->buckets[(size_t)(hash >> 32) & (table->bucket_count - 1)];

    for (steps++; link != NULL; link = link->next)
        steps++;
    return __real_hash_table_first(table, hash);
}

struct hash_link *__wrap_hash_table_next(const struct hash_link *link)
{
    steps++;
    return __real_hash_table_next(link);
}

/* Few, so that they meet, and each with a brother that it must not be taken for. */
static const char *const pattern_locals[] = {"a", "A", "ab", "\"a b\"", "\"a\\@b\"", "\"ab\"", "b.a", ""};
static const char *const address_locals[] = {"a", "A", "ab", "\"a b\"", "\"a@b\"", "AB", "b.a", "c"};
static const char *const domains[] = {"example.org",
                                      "EXAMPLE.org",
                                      "sub.example.org",
                                      "x.sub.example.org",
                                      "badexample.org",
                                      "org",
                                      "b\xc3\xbc"
                                      "cher.example",
                                      "xn--bcher-kva.example",
                                      "a.b\xc3\xbc"
                                      "cher.example"};

static uint32_t state_of_random = 7208;

static size_t below(size_t bound)
{
    state_of_random = state_of_random * 1664525U + 1013904223U;
    return (state_of_random >> 8) % bound;
}

#define ANY(array) ((array)[below(ARRAY_SIZE(array))])

static void add_random_pattern(struct text_list *patterns)
{
    const char *local = ANY(pattern_locals), *domain = ANY(domains);
    struct strbuf text = STRBUF_INIT;

    switch (below(4)) {
    case 0:
        strbuf_addf(&text, "%s@", *local != '\0' ? local : "a");
        break;
    case 1:
        strbuf_addf(&text, "@%s", domain);
        break;
    case 2:
        strbuf_addf(&text, "@.%s", domain);
        break;
    default:
        strbuf_addf(&text, "%s@%s", local, domain);
    }
    assert_true(text_list_add(patterns, strbuf_text(&text)));
    strbuf_free(&text);
}

static size_t find_by_looking(const struct recipient_policies *policies, const struct address *address)
{
    for (size_t i = policies->count; i > 0; i--)
        if (whitelist_has_mailbox(&policies->items[i - 1].patterns, address))
            return i;
    return 0;
}

static void compare_some(const struct recipient_policies *policies, size_t *found)
{
    struct recipient_index *index = recipient_index_create(policies);

    assert_non_null(index);
    for (int i = 0; i < 20; i++) {
        struct address address = {0};
        struct strbuf text = STRBUF_INIT;

        strbuf_addf(&text, "<%s@%s>", ANY(address_locals), ANY(domains));
        if (below(10) == 0) { /* without a domain */
            strbuf_free(&text);
            strbuf_add(&text, "a");
        }
        assert_int_equal(address_parse(strbuf_text(&text), &address), ADDRESS_OK);
        if (recipient_index_find(index, &address) != find_by_looking(policies, &address))
            fail_msg("%s: %zu, not %zu", address.text, recipient_index_find(index, &address),
                     find_by_looking(policies, &address));
        *found += find_by_looking(policies, &address) > 0;
        address_free(&address);
        strbuf_free(&text);
    }
    recipient_index_destroy(index);
}

static void free_policies(struct recipient_policy *items)
{
    for (size_t i = 0; i < POLICIES; i++)
        text_list_free(&items[i].patterns);
}

static void it_finds_what_a_look_at_each_finds(void **state)
{
    size_t found = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct recipient_policy items[POLICIES] = {0};
        const struct recipient_policies policies = {.items = items, .count = below(POLICIES) + 1};

        for (size_t i = 0; i < policies.count; i++)
            for (size_t n = below(3) + 1; n > 0; n--)
                add_random_pattern(&items[i].patterns);
        compare_some(&policies, &found);
        free_policies(items);
    }
    assert_in_range(found, ROUNDS * 20 / 10, ROUNDS * 20 - ROUNDS * 20 / 10); /* neither all nor none */
}

/* The most steps that one of some lookups takes among `count` policies for one address each. */
static size_t count_steps(size_t count)
{
    struct recipient_policies policies = {.items = calloc(count, sizeof *policies.items), .count = count};
    struct recipient_index *index;
    size_t most = 0;

    for (size_t i = 0; i < count; i++) {
        struct strbuf text = STRBUF_INIT;

        strbuf_addf(&text, "user%zu@example.org", i);
        assert_true(text_list_add(&policies.items[i].patterns, strbuf_text(&text)));
        strbuf_free(&text);
    }
    index = recipient_index_create(&policies);
    assert_non_null(index);
    for (size_t i = 0; i < count; i += count / 64) {
        struct address address = {0};

        assert_int_equal(address_parse(policies.items[i].patterns.items[0], &address), ADDRESS_OK);
        steps = 0;
        assert_int_equal(recipient_index_find(index, &address), i + 1);
        most = steps > most ? steps : most;
        address_free(&address);
    }
    recipient_index_destroy(index);
    for (size_t i = 0; i < count; i++)
        text_list_free(&policies.items[i].patterns);
    free(policies.items);
    return most;
}

/* Five lookups, for whole address, local part, domain, and twice what is below one, in buckets of few entries. */
static void many_policies_take_no_more_steps_than_few(void **state)
{
    (void)state;
    assert_in_range(count_steps(64), 5, 60);
    assert_in_range(count_steps(65536), 5, 60);
}

static void it_survives_no_memory(void **state)
{
    struct recipient_policy items[POLICIES] = {0};
    const struct recipient_policies policies = {.items = items, .count = POLICIES};
    bool failed = true;

    (void)state;
    for (size_t i = 0; i < POLICIES; i++)
        add_random_pattern(&items[i].patterns);
    for (unsigned n = 1; failed; n++) {
        alloc_fail_at(n);
        struct recipient_index *index = recipient_index_create(&policies);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_true(failed == (index == NULL));
        recipient_index_destroy(index);
    }
    free_policies(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_finds_what_a_look_at_each_finds),
        cmocka_unit_test(many_policies_take_no_more_steps_than_few),
        cmocka_unit_test(it_survives_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
