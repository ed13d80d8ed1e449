/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests the memory of what is not worth a full wait. */
#include "dns/dns_suspects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW = 1000000 };

static struct dns_suspects suspects;

static int clear(void **state)
{
    (void)state;
    suspects = (struct dns_suspects){0};
    return 0;
}

static void test_time(void **state)
{
    (void)state;
    assert_false(dns_suspects_has(&suspects, 7, NOW));
    assert_false(dns_suspects_has(&suspects, 0, NOW));
    dns_suspects_add(&suspects, 7, NOW + 500);
    assert_true(dns_suspects_has(&suspects, 7, NOW + 499));
    assert_false(dns_suspects_has(&suspects, 7, NOW + 500));
    assert_false(dns_suspects_has(&suspects, 8, NOW));
    dns_suspects_add(&suspects, 7, NOW + 900); /* again: for longer */
    assert_true(dns_suspects_has(&suspects, 7, NOW + 899));
    dns_suspects_remove(&suspects, 7);
    assert_false(dns_suspects_has(&suspects, 7, NOW));
    dns_suspects_remove(&suspects, 7);
}

/* In a full row, what ends first gives way, and a key has one entry only. */
static void test_full_row(void **state)
{
    (void)state;
    for (uint64_t key = 1; key <= 4; key++)
        dns_suspects_add(&suspects, key, NOW + 1000 - (int64_t)key);
    dns_suspects_add(&suspects, 1, NOW + 2000);
    for (uint64_t key = 1; key <= 4; key++)
        assert_true(dns_suspects_has(&suspects, key, NOW));
    dns_suspects_add(&suspects, 5, NOW + 3000);
    assert_false(dns_suspects_has(&suspects, 4, NOW));
    assert_true(dns_suspects_has(&suspects, 1, NOW));
    assert_true(dns_suspects_has(&suspects, 5, NOW));
}

/* However many there are, the last is there, and most of as many as there is room for. */
static void test_many(void **state)
{
    unsigned there = 0;

    (void)state;
    for (uint64_t i = 1; i <= 100000; i++) {
        dns_suspects_add(&suspects, i * 0x9e3779b97f4a7c15U, NOW + (int64_t)i);
        assert_true(dns_suspects_has(&suspects, i * 0x9e3779b97f4a7c15U, NOW));
    }
    for (uint64_t i = 100000 - DNS_SUSPECTS / 2; i <= 100000; i++)
        there += dns_suspects_has(&suspects, i * 0x9e3779b97f4a7c15U, NOW);
    assert_true(there > DNS_SUSPECTS / 2 * 8 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_time, clear),
        cmocka_unit_test_setup(test_full_row, clear),
        cmocka_unit_test_setup(test_many, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
