/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record laid over a zone. */
#include "dns/dns_overlay.h"

#include "dns/dns_zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

static struct dns *open_zone(void)
{
    static const char zone[] = "a.org. 60 TXT \"below\"\na.org. A 192.0.2.1\nb.org. 60 TXT \"other\"\n";
    char error[200];
    struct dns *dns = dns_zone_parse(zone, strlen(zone), "zone", &clock_system, error, sizeof(error));

    assert_non_null(dns);
    return dns;
}

static void expect_text(struct dns *dns, const char *name, const char *wanted)
{
    const struct dns_answer *answer = dns_lookup(dns, name, DNS_TXT, INT64_MAX / 2);

    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->records[0].text_len, strlen(wanted));
    assert_string_equal(answer->records[0].text, wanted);
    dns_answer_release(answer);
}

static void test_overlay(void **state)
{
    struct dns *dns = dns_overlay_create(open_zone(), "a.org", "above", 5);
    const struct dns_answer *answer;

    (void)state;
    expect_text(dns, "a.org", "above");
    expect_text(dns, "A.ORG", "above");
    expect_text(dns, "b.org", "other");
    answer = dns_lookup(dns, "a.org", DNS_A, INT64_MAX / 2);
    assert_int_equal(answer->count, 1);
    dns_answer_release(answer);
    dns_destroy(dns);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (unsigned n = 1, happened = 1; happened; n++) {
        struct dns *zone = open_zone(), *dns;

        alloc_fail_at(n);
        dns = dns_overlay_create(zone, "a.org", "above", 5);
        happened = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(dns == NULL, happened);
        dns_destroy(dns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_overlay), cmocka_unit_test(test_no_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
