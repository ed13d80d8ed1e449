/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Distances of words. */
#include "base/edit_distance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_distances(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned wanted;
    } rows[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "", 3},
        {"include", "inclued", 2},
        {"ip4", "IPv4", 1},
        {"mx", "mx", 0},
        {"MX", "mx", 0},
        {"ptr", "prt", 2},
        {"exists", "exist", 1},
        {"a", "all", 2},
        {"kitten", "sitting", 3},
        {"0123456789012345678901234567890", "0123456789", 21},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(edit_distance(rows[i].a, rows[i].b), rows[i].wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_distances)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
