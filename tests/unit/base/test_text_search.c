/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of texts: at the ends, overlapping, cut off, and beside octets that look alike. */
#include "base/text_search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_first(void **state)
{
    static const struct {
        const char *text, *part;
        int at; /* -1: not there */
    } cases[] = {
        {"", "a", -1},         {"", "", 0},          {"abc", "", 0},      {"abc", "a", 0},    {"abc", "c", 2},
        {"abc", "bc", 1},      {"abc", "abc", 0},    {"abc", "abcd", -1}, {"abc", "cd", -1},  {"aab", "ab", 1},
        {"ababac", "abac", 2}, {"a: b: c", ": ", 1}, {"a:b: c", ": ", 3}, {"abc:", ": ", -1}, {"ABC", "b", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text, *part = cases[i].part;
        const char *found = text_search_first(text, strlen(text), part, strlen(part));

        assert_int_equal(found != NULL ? found - text : -1, cases[i].at);
    }
}

static void test_first_keeps_to_the_length(void **state)
{
    static const char text[] = "ab\0smf-spf: x";

    (void)state;
    assert_ptr_equal(text_search_first(text, sizeof text - 1, "smf-spf", 7), text + 3);
    assert_null(text_search_first(text, 9, "smf-spf", 7));
    assert_ptr_equal(text_search_first(text, 10, "smf-spf", 7), text + 3);
    assert_null(text_search_first(NULL, 0, "a", 1));
}

static void test_last(void **state)
{
    static const char text[] = "a@b@c";

    (void)state;
    assert_ptr_equal(text_search_last(text, 5, '@'), text + 3);
    assert_ptr_equal(text_search_last(text, 3, '@'), text + 1);
    assert_ptr_equal(text_search_last(text, 5, 'a'), text);
    assert_ptr_equal(text_search_last(text, 5, 'c'), text + 4);
    assert_null(text_search_last(text, 5, 'x'));
    assert_null(text_search_last(text, 1, '@'));
    assert_null(text_search_last(NULL, 0, '@'));
}

static void test_has_nocase(void **state)
{
    static const struct {
        const char *text, *part;
        bool has;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"abc", "", true},
        {"user@Example.ORG", "example.org", true},
        {"user@example.org", "EXAMPLE.ORG", true},
        {"user@example.or", "example.org", false},
        {"eexample", "example", true},
        {"aaab", "AAB", true},
        {"[\\]^_", "{|}~", false}, /* 32 apart, as letters are, but none */
        {"@", "`", false},
        {"\xc3\x84", "\xc3\xa4", false}, /* letters beyond US-ASCII stay as they are */
        {"\xc3\x84", "\xc3\x84", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(text_search_has_nocase(cases[i].text, cases[i].part), cases[i].has);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_first_keeps_to_the_length),
        cmocka_unit_test(test_last),
        cmocka_unit_test(test_has_nocase),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
