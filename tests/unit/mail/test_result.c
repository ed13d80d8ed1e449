/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of results, both ways. */
#include "mail/result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(result_name(RESULT_NONE), "none");
    assert_string_equal(result_name(RESULT_PERMERROR), "permerror");
    for (int i = 0; i < RESULT_COUNT; i++) {
        enum spf_result result = RESULT_COUNT;

        assert_true(result_from_name(result_name((enum spf_result)i), &result));
        assert_int_equal(result, i);
    }
}

static void test_unknown_names(void **state)
{
    static const char *const names[] = {"", "fai", "fails", "invalid", "error"};
    enum spf_result result = RESULT_PASS;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_false(result_from_name(names[i], &result));
    assert_int_equal(result, RESULT_PASS);
    assert_true(result_from_name("SoftFail", &result));
    assert_int_equal(result, RESULT_SOFTFAIL);
}

static void test_sets(void **state)
{
    result_set set = RESULT_BIT(RESULT_FAIL) | RESULT_BIT(RESULT_PERMERROR);

    (void)state;
    assert_true(result_set_has(set, RESULT_FAIL));
    assert_true(result_set_has(set, RESULT_PERMERROR));
    assert_false(result_set_has(set, RESULT_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_sets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
