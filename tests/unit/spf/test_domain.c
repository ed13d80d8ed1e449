/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which names can be asked, can have a policy, and lie below which. */
#include "spf/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LABEL_63 "a12345678901234567890123456789012345678901234567890123456789012"

static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool asked, policy;
    } rows[] = {
        {"example.org", true, true},
        {"_spf.a-b.example.org", true, true},
        {"org", true, false},
        {"", false, false},
        {".", false, false},
        {"a..b", false, false},
        {".a.b", false, false},
        {"a.b.", false, false},
        {LABEL_63 ".org", true, true},
        {LABEL_63 "3.org", false, false},
        {LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, false, false},
        {LABEL_63 "." LABEL_63 "." LABEL_63 ".12345678901234567890123456789012345678901234567890123456789.a", true,
         true},
        {"a b.org", true, false},
        {"caf\xc3\xa9.org", true, false},
        {"a@b.org", true, false},
        {"a\\046b.org", true, false},
        {"[192.0.2.1]", true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (domain_can_be_asked(rows[i].name) != rows[i].asked ||
            domain_can_have_policy(rows[i].name) != rows[i].policy)
            fail_msg("%s", rows[i].name);
}

static void test_names_from_answers(void **state)
{
    static const struct {
        const char *answer, *name; /* NULL: no text can ask for it */
    } rows[] = {
        {"mx.example.org", "mx.example.org"},
        {"", ""},
        {"foo\\058bar\\047baz.example.org", "foo:bar/baz.example.org"},
        {"\\042.example.org", "*.example.org"},
        {"a\\092046b.org", "a\\046b.org"},
        {"caf\\195\\169.org", "caf\xc3\xa9.org"},
        {"a\\046b.org", NULL},
        {"a\\000b.org", NULL},
        {"a\\04", "a\\04"},
        {LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char name[DNS_NAME_MAX + 1] = "untouched";

        if (domain_from_answer(rows[i].answer, name) != (rows[i].name != NULL) ||
            strcmp(name, rows[i].name ? rows[i].name : "untouched") != 0)
            fail_msg("%s: %s", rows[i].answer, name);
    }
}

static void test_kinship(void **state)
{
    (void)state;
    assert_true(domain_is_within("example.org", "EXAMPLE.org"));
    assert_true(domain_is_within("mx.example.ORG", "example.org"));
    assert_false(domain_is_within("mxexample.org", "example.org"));
    assert_false(domain_is_within("example.org", "mx.example.org"));
    assert_false(domain_is_within("example.org", ""));
    assert_false(domain_is_within("", "example.org"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_from_answers),
        cmocka_unit_test(test_kinship),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
