/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where comments and quoted strings end for each kind of reader. */
#include "mail/quoting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check_end(const char *text, const char *end, int expected)
{
    if (expected < 0)
        assert_null(end);
    else
        assert_ptr_equal(end, text + expected);
}

static void test_comments(void **state)
{
    static const struct {
        const char *text;
        int nested, plain, flat; /* where it ends; -1: nowhere */
    } rows[] = {
        {"()", 2, 2, 2},    {"(a) b)", 3, 3, 3},  {"(a(b)c)d", 7, 7, 5}, {"(a\\)b)c", 6, 4, 4}, {"(a\\(b)c", 6, -1, 6},
        {"(a", -1, -1, -1}, {"(a(b)", -1, -1, 5}, {"(a\\", -1, -1, -1},  {"(\"a)\")", 4, 4, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_end(rows[i].text, quoting_comment_end(rows[i].text, COMMENT_NESTED), rows[i].nested);
        check_end(rows[i].text, quoting_comment_end(rows[i].text, COMMENT_PLAIN), rows[i].plain);
        check_end(rows[i].text, quoting_comment_end(rows[i].text, COMMENT_FLAT), rows[i].flat);
        assert_null(quoting_comment_end(rows[i].text, COMMENT_VISIBLE));
    }
}

static void test_strings(void **state)
{
    static const struct {
        const char *text;
        int end;
    } rows[] = {{"\"\"", 2}, {"\"a\"b\"", 3}, {"\"a\\\"b\"c", 6}, {"\"a\\\\\"b", 5},
                {"\"", -1},  {"\"a", -1},     {"\"a\\", -1},      {"\"a\\\"", -1}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_end(rows[i].text, quoting_string_end(rows[i].text), rows[i].end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_comments), cmocka_unit_test(test_strings)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
