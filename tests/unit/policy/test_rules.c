/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rule an address has. */
#include "policy/rules.h"

#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { NO_RULE = 99 };

/* The number of each rule is its set. */
static const char *const patterns[] = {"@example.org", "@.below.example",  "joe@", "joe@example.org",
                                       "part",         "@.x.below.example"};

struct find_case {
    const char *address;
    result_set expected;
};

static const struct find_case cases[] = {
    {"a@example.org", 0},         {"a@EXAMPLE.org.", 0},    {"a@b.example.org", NO_RULE},
    {"a@below.example", 1},       {"a@b.below.example", 1}, {"a@notbelow.example", NO_RULE},
    {"joe@other.example", 2},     {"joe@example.org", 3},   {"joe@below.example", 2},
    {"a@apartment.example", 4},   {"part@example.org", 4},  {"a@x.below.example", 5},
    {"joe@y.x.below.example", 5}, {"a", NO_RULE},           {"joe", 2},
};

static void fill(struct rule_list *list)
{
    for (size_t i = 0; i < COUNT(patterns); i++)
        assert_true(rule_list_add(list, patterns[i], (result_set)i));
}

static void the_last_rule_that_fits_counts(void **state)
{
    struct rule_list list = {0};

    (void)state;
    fill(&list);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct address address;
        result_set found = NO_RULE;

        assert_int_equal(address_parse(cases[i].address, &address), ADDRESS_OK);
        bool is_found = rule_list_find(&list, &address, &found);
        print_message("%s\n", cases[i].address);
        assert_int_equal(found, cases[i].expected);
        assert_int_equal(is_found, cases[i].expected != NO_RULE);
        address_free(&address);
    }
    rule_list_free(&list);
    assert_int_equal(list.count, 0);
}

static void nobody_has_no_rule(void **state)
{
    struct rule_list list = {0};
    result_set found = NO_RULE;

    (void)state;
    assert_false(rule_list_find(&list, NULL, &found));
    fill(&list);
    assert_false(rule_list_find(&list, NULL, &found));
    assert_int_equal(found, NO_RULE);
    rule_list_free(&list);
}

static void survives_no_memory(void **state)
{
    struct rule_list list = {0};

    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        alloc_fail_at(n);
        assert_false(rule_list_add(&list, "@a.example", 1));
        alloc_fail_at(0);
        assert_int_equal(list.count, 0);
    }
    assert_true(rule_list_add(&list, "@a.example", 1));
    rule_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_rule_that_fits_counts),
        cmocka_unit_test(nobody_has_no_rule),
        cmocka_unit_test(survives_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
