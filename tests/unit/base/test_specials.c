/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Specials and tokens, each octet against the lists of the RFCs. */
#include "base/specials.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* RFC 5322 3.2.3, without the dot. */
static void test_specials(void **state)
{
    (void)state;
    for (int c = CHAR_MIN; c <= CHAR_MAX; c++)
        assert_int_equal(specials_has((char)c), c != 0 && strchr("()<>[]:;@\\,\"", c) != NULL);
}

/* RFC 2045 5.1: visible, and no tspecial. */
static void test_tokens(void **state)
{
    (void)state;
    for (int c = CHAR_MIN; c <= CHAR_MAX; c++)
        assert_int_equal(specials_may_be_in_token((char)c),
                         c > 32 && c < 127 && strchr("()<>@,;:\\\"/[]?=", c) == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_specials),
        cmocka_unit_test(test_tokens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
