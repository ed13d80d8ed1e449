/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests that a library which waits for signals gets none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "front/milter/quirks/signals.h"

static void a_library_finds_our_sigwait(void **state)
{
    (void)state;
    assert_true(signals_are_kept());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_library_finds_our_sigwait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
