/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests the in-flight table. */
#include "dns/dns_inflight.h"

#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 5000, NOW = 1000000 };

static struct dns_inflight inflight;

static int clear(void **state)
{
    (void)state;
    inflight = (struct dns_inflight){.seed = "0123456789abcdef"};
    return 0;
}

static void test_keys(void **state)
{
    struct dns_inflight_query *a, *txt;

    (void)state;
    assert_null(dns_inflight_find(&inflight, "example.org", DNS_A));
    a = dns_inflight_add(&inflight, "Example.org", DNS_A);
    txt = dns_inflight_add(&inflight, "example.org", DNS_TXT);
    assert_string_equal(a->name, "Example.org");
    assert_int_equal(a->stage, DNS_STAGE_QUEUED);
    assert_ptr_equal(dns_inflight_find(&inflight, "EXAMPLE.ORG", DNS_A), a);
    assert_ptr_equal(dns_inflight_find(&inflight, "example.org", DNS_TXT), txt);
    assert_null(dns_inflight_find(&inflight, "example.org", DNS_MX));
    assert_null(dns_inflight_find(&inflight, "example.or", DNS_A));
    assert_true(a->name_key != txt->name_key);
    dns_inflight_remove(&inflight, a);
    assert_null(dns_inflight_find(&inflight, "example.org", DNS_A));
    dns_inflight_remove(&inflight, txt);
    assert_null(inflight.oldest);
    assert_null(inflight.newest);
}

static void test_many(void **state)
{
    char name[32];
    unsigned number = 0;

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "n%u.example", i);
        assert_non_null(dns_inflight_add(&inflight, name, DNS_A));
    }
    assert_int_equal(inflight.count, MANY);
    for (unsigned i = 0; i < MANY; i += 2) {
        snprintf(name, sizeof(name), "n%u.example", i);
        dns_inflight_remove(&inflight, dns_inflight_find(&inflight, name, DNS_A));
    }
    for (struct dns_inflight_query *query = inflight.oldest, *newer; query; query = newer, number += 2) {
        newer = query->newer;
        snprintf(name, sizeof(name), "n%u.example", number + 1); /* from old to new */
        assert_string_equal(query->name, name);
        dns_inflight_remove(&inflight, query);
    }
    assert_int_equal(number, MANY);
    assert_int_equal(inflight.count, 0);
}

/* Puts a waiter with these times in front of the others. */
static void wait_for(struct dns_inflight_query *query, int64_t limit_ms, int64_t deadline_ms)
{
    struct dns_waiter *waiter = calloc(1, sizeof(*waiter) + 1);

    assert_non_null(waiter);
    waiter->limit_ms = limit_ms;
    waiter->deadline_ms = deadline_ms;
    waiter->next = query->waiters;
    query->waiters = waiter;
}

static unsigned free_all(struct dns_waiter *waiter, enum dns_status status)
{
    unsigned count = 0;

    for (struct dns_waiter *next; waiter; waiter = next, count++) {
        next = waiter->next;
        assert_int_equal(waiter->answer->status, status);
        dns_answer_release(waiter->answer);
        free(waiter);
    }
    return count;
}

/* Each is answered at its limit; it is counted who had all the time that it wanted. */
static void test_waiters(void **state)
{
    struct dns_inflight_query *query = dns_inflight_add(&inflight, "example.org", DNS_A);
    const struct dns_answer *timeout = dns_answer_empty(DNS_TIMEOUT, 0), *gone = dns_answer_empty(DNS_NXDOMAIN, 60);
    struct dns_waiter *out = NULL;

    (void)state;
    wait_for(query, NOW + 500, NOW + 8000);
    wait_for(query, NOW + 8000, NOW + 8000);
    wait_for(query, NOW + 100, NOW + 100);
    assert_int_equal(dns_inflight_answer(query, NOW + 99, timeout, &out), 0);
    assert_null(out);
    assert_int_equal(dns_inflight_answer(query, NOW + 500, timeout, &out), 1);
    assert_int_equal(free_all(out, DNS_TIMEOUT), 2);
    out = NULL;
    dns_inflight_answer(query, INT64_MAX, gone, &out);
    dns_answer_release(gone);
    assert_int_equal(free_all(out, DNS_NXDOMAIN), 1);
    assert_null(query->waiters);
    dns_inflight_remove(&inflight, query);
}

static void test_memory(void **state)
{
    (void)state;
    alloc_fail_at(1);
    assert_null(dns_inflight_add(&inflight, "example.org", DNS_A));
    alloc_fail_at(0);
    assert_null(dns_inflight_find(&inflight, "example.org", DNS_A));
    assert_int_equal(inflight.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_keys, clear),
        cmocka_unit_test_setup(test_many, clear),
        cmocka_unit_test_setup(test_waiters, clear),
        cmocka_unit_test_setup(test_memory, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
