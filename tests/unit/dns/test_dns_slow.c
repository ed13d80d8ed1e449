/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests the memory of slow zones. */
#include "dns/dns_slow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW = 1000000, FOR_MS = 5000 };

static struct dns_slow slow;

static int open_slow(void **state)
{
    (void)state;
    slow = (struct dns_slow){0};
    dns_slow_init(&slow);
    return 0;
}

static int close_slow(void **state)
{
    (void)state;
    dns_slow_destroy(&slow);
    return 0;
}

static void test_time(void **state)
{
    (void)state;
    assert_false(dns_slow_has_any(&slow, NOW));
    assert_false(dns_slow_has(&slow, 7, NOW));
    assert_true(dns_slow_mark(&slow, 7, NOW, NOW + FOR_MS));
    assert_true(dns_slow_has(&slow, 7, NOW + FOR_MS - 1));
    assert_false(dns_slow_has(&slow, 8, NOW));
    assert_true(dns_slow_has_any(&slow, NOW + FOR_MS - 1));
    assert_false(dns_slow_has_any(&slow, NOW + FOR_MS));
    assert_false(dns_slow_has(&slow, 7, NOW + FOR_MS));
}

static void test_marked_again(void **state)
{
    (void)state;
    assert_true(dns_slow_mark(&slow, 7, NOW, NOW + FOR_MS));
    assert_true(dns_slow_mark(&slow, 8, NOW, NOW + 100)); /* ends before the other one */
    assert_true(dns_slow_has(&slow, 7, NOW + 100));
    assert_false(dns_slow_has(&slow, 8, NOW + 100));
    assert_false(dns_slow_mark(&slow, 7, NOW + 1000, NOW + 1000 + FOR_MS)); /* it is there: for longer */
    assert_true(dns_slow_has(&slow, 7, NOW + FOR_MS));
    assert_true(dns_slow_mark(&slow, 7, NOW + 1000 + FOR_MS, NOW + 1001 + FOR_MS)); /* it was over */
}

/* Only an answer for this zone, at that moment or later, ends the mark. */
static void test_cleared(void **state)
{
    (void)state;
    dns_slow_answered(&slow, 7, NOW); /* before the mark: of no account */
    assert_true(dns_slow_mark(&slow, 7, NOW, NOW + FOR_MS));
    dns_slow_clear(&slow, 7, NOW);
    assert_true(dns_slow_has(&slow, 7, NOW + 1));
    dns_slow_answered(&slow, 8, NOW + 2);
    dns_slow_clear(&slow, 7, NOW);
    assert_true(dns_slow_has(&slow, 7, NOW + 2));
    dns_slow_answered(&slow, 7, NOW + 3);
    dns_slow_clear(&slow, 8, NOW);
    dns_slow_clear(&slow, 7, NOW + 4);
    assert_true(dns_slow_has(&slow, 7, NOW + 4));
    dns_slow_clear(&slow, 7, NOW + 3);
    assert_false(dns_slow_has(&slow, 7, NOW + 4));
    assert_true(dns_slow_mark(&slow, 7, NOW + 5, NOW + FOR_MS)); /* anew: the answer before is forgotten */
    dns_slow_clear(&slow, 7, NOW + 3);
    assert_true(dns_slow_has(&slow, 7, NOW + 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_time, open_slow, close_slow),
        cmocka_unit_test_setup_teardown(test_marked_again, open_slow, close_slow),
        cmocka_unit_test_setup_teardown(test_cleared, open_slow, close_slow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
