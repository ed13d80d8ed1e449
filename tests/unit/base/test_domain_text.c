/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trailing dots, and which names are host names. */
#include "base/domain_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define L61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L62 L61
#define L63 L61 "aa"

static void test_trailing_dot(void **state)
{
    static const struct {
        const char *name;
        size_t len;
    } rows[] = {{"", 0}, {".", 0}, {"a", 1}, {"a.", 1}, {"a..", 2}, {"a.b.", 3}, {".a", 2}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char copy[DOMAIN_TEXT_MAX + 1];

        assert_int_equal(domain_text_strlen(rows[i].name), rows[i].len);
        assert_true(domain_text_copy(rows[i].name, copy));
        assert_int_equal(strlen(copy), rows[i].len);
        assert_memory_equal(copy, rows[i].name, rows[i].len);
    }
    assert_int_equal(domain_text_len("a.b", 2), 1);
    assert_int_equal(domain_text_len("a.b", 3), 3);
    assert_int_equal(domain_text_len("a.b", 0), 0);
}

static void test_copy_is_bounded(void **state)
{
    char name[DOMAIN_TEXT_MAX + 3], copy[DOMAIN_TEXT_MAX + 1] = "untouched";

    (void)state;
    memset(name, 'a', sizeof name);
    name[DOMAIN_TEXT_MAX + 1] = '\0';
    assert_false(domain_text_copy(name, copy));
    assert_string_equal(copy, "untouched");
    name[DOMAIN_TEXT_MAX] = '.';
    assert_true(domain_text_copy(name, copy));
    assert_int_equal(strlen(copy), DOMAIN_TEXT_MAX);
}

static void test_host_names(void **state)
{
    static const char *const hosts[] = {"a",         "example.org", "example.org.", "_spf.example.org",
                                        "1.example", "1a",          "a-b.c_d",      L63 ".org"};
    static const char *const others[] = {"",        ".",        "..",  "a..b", ".a",           "a b",
                                         "1.2.3.4", "1.2.3.4.", "a.1", "a/b",  "\xC3\xA4.org", L63 "a.org"};

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        assert_true(domain_text_is_host(hosts[i]));
    assert_true(domain_text_is_host(L63 "." L63 "." L63 "." L62));
    assert_false(domain_text_is_host(L63 "." L63 "." L63 "." L62 "a"));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(domain_text_is_host(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trailing_dot), cmocka_unit_test(test_copy_is_bounded),
                                       cmocka_unit_test(test_host_names)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
