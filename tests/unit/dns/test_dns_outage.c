/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests when it is an outage, with a clock of its own. */
#include "dns/dns_outage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW = 1000000 };

/* An idle filter, one dead name: the probe is answered, so it is the name's fault alone. */
static void test_dead_name(void **state)
{
    struct dns_outage outage;

    (void)state;
    dns_outage_init(&outage, NOW);
    assert_int_equal(dns_outage_probe_at(&outage), INT64_MAX); /* nobody wants to know */
    dns_outage_query_sent(&outage, NOW + 100);
    assert_int_equal(dns_outage_probe_at(&outage), NOW + 100 + DNS_OUTAGE_SUSPICION_MS);
    dns_outage_query_sent(&outage, NOW + 300); /* the first counts */
    assert_int_equal(dns_outage_probe_at(&outage), NOW + 100 + DNS_OUTAGE_SUSPICION_MS);
    assert_false(dns_outage_heard(&outage, NOW + 1200)); /* the probe */
    assert_int_equal(dns_outage_probe_at(&outage), INT64_MAX);
    assert_false(dns_outage_expired(&outage, NOW + 100));
    assert_false(dns_outage_probe_silent(&outage)); /* of no meaning: something was heard since */
    assert_false(outage.is_on);
}

/* It takes both, in whichever order; several dead names are no proof. */
static void test_begin(void **state)
{
    struct dns_outage outage;

    (void)state;
    dns_outage_init(&outage, NOW);
    dns_outage_query_sent(&outage, NOW + 100);
    for (unsigned i = 0; i < 10; i++)
        assert_false(dns_outage_expired(&outage, NOW + 100 + i));
    assert_true(dns_outage_probe_silent(&outage));
    assert_true(outage.is_on);
    assert_int_equal(outage.began_ms, NOW + 100);
    assert_false(dns_outage_probe_silent(&outage)); /* it has begun */
    assert_false(dns_outage_expired(&outage, NOW + 200));

    dns_outage_init(&outage, NOW);
    dns_outage_query_sent(&outage, NOW + 100);
    for (unsigned i = 0; i < 10; i++)
        assert_false(dns_outage_probe_silent(&outage));
    assert_true(dns_outage_expired(&outage, NOW + 100));
}

/* libunbound reports silence as it reports SERVFAIL; only the time tells. */
static void test_late_probe(void **state)
{
    (void)state;
    assert_true(dns_outage_probe_has_reply(true, 5));
    assert_true(dns_outage_probe_has_reply(true, 60 * 1000)); /* an answer is one, however late */
    assert_true(dns_outage_probe_has_reply(false, 5));        /* SERVFAIL of a server that is there */
    assert_true(dns_outage_probe_has_reply(false, DNS_OUTAGE_PROBE_EVERY_MS - 1));
    assert_false(dns_outage_probe_has_reply(false, DNS_OUTAGE_PROBE_EVERY_MS));
    assert_false(dns_outage_probe_has_reply(false, 376 * (1 + 2 + 4))); /* one server, three packets */
}

static void test_end(void **state)
{
    struct dns_outage outage;

    (void)state;
    dns_outage_init(&outage, NOW);
    dns_outage_query_sent(&outage, NOW + 100);
    dns_outage_expired(&outage, NOW + 100);
    dns_outage_probe_silent(&outage);
    dns_outage_query_sent(&outage, NOW + 9000);
    assert_int_equal(dns_outage_probe_at(&outage), NOW + 100 + DNS_OUTAGE_SUSPICION_MS); /* it is probed on */
    assert_true(dns_outage_heard(&outage, NOW + 20000));
    assert_false(outage.is_on);
    assert_false(dns_outage_heard(&outage, NOW + 20001));
    assert_false(dns_outage_expired(&outage, NOW + 9000)); /* it was sent before */
    dns_outage_query_sent(&outage, NOW + 30000);
    assert_false(dns_outage_probe_silent(&outage)); /* all begins anew */
    assert_true(dns_outage_expired(&outage, NOW + 30000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dead_name),
        cmocka_unit_test(test_begin),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_late_probe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
