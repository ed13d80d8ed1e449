/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests which query is sent next. */
#include "dns/dns_send_queue.h"

#include "dns/dns_inflight.h"
#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PORTS = 8, HALF = PORTS / 2, ZONE_A = 1, ZONE_B = 2 + DNS_SEND_BUCKETS, ZONE_C = 3 };

static struct dns_send_queue queue;

static int clear(void **state)
{
    (void)state;
    dns_send_queue_init(&queue);
    return 0;
}

/* A query of a zone, queued. */
static struct dns_inflight_query queued(uint64_t zone_key)
{
    return (struct dns_inflight_query){.zone = dns_send_queue_zone(&queue, zone_key)};
}

static void release(struct dns_inflight_query *query)
{
    dns_send_queue_remove(&queue, query);
    dns_send_queue_release(&queue, query->zone);
}

static void test_order(void **state)
{
    struct dns_inflight_query first = queued(ZONE_A), second = queued(ZONE_A), third = queued(ZONE_A);

    (void)state;
    assert_ptr_equal(first.zone, second.zone);
    dns_send_queue_add(&queue, &first);
    dns_send_queue_add(&queue, &second);
    dns_send_queue_add(&queue, &third);
    dns_send_queue_remove(&queue, &second);
    dns_send_queue_remove(&queue, &second); /* it is out */
    assert_ptr_equal(dns_send_queue_next(&queue, 0, PORTS), &first);
    assert_ptr_equal(dns_send_queue_next(&queue, 0, PORTS), &third);
    assert_null(dns_send_queue_next(&queue, 0, PORTS));
    dns_send_queue_add(&queue, &second); /* it stood before the third once */
    assert_ptr_equal(dns_send_queue_next(&queue, 0, PORTS), &second);
    assert_null(dns_send_queue_next(&queue, 0, PORTS));
    release(&first);
    release(&second);
    release(&third);
}

/* Zones take turns. */
static void test_turns(void **state)
{
    struct dns_inflight_query a1 = queued(ZONE_A), a2 = queued(ZONE_A), b = queued(ZONE_B), c = queued(ZONE_C);

    (void)state;
    assert_ptr_not_equal(a1.zone, b.zone);
    dns_send_queue_add(&queue, &a1);
    dns_send_queue_add(&queue, &a2);
    dns_send_queue_add(&queue, &b);
    dns_send_queue_add(&queue, &c);
    assert_ptr_equal(dns_send_queue_next(&queue, 0, PORTS), &a1);
    dns_send_queue_remove(&queue, &b); /* in the middle of the turns */
    assert_ptr_equal(dns_send_queue_next(&queue, 0, PORTS), &c);
    assert_ptr_equal(dns_send_queue_next(&queue, 0, PORTS), &a2);
    assert_null(dns_send_queue_next(&queue, 0, PORTS));
    release(&a1);
    release(&a2);
    release(&b);
    release(&c);
}

/* A zone that holds a port has a claim to the first half of the ports alone, until it holds none. */
static void test_busy_zone(void **state)
{
    struct dns_inflight_query a = queued(ZONE_A), b = queued(ZONE_B), late = queued(ZONE_A);

    (void)state;
    dns_send_queue_add(&queue, &a);
    assert_ptr_equal(dns_send_queue_next(&queue, HALF, PORTS), &a);
    dns_send_queue_port_taken(&queue, a.zone);
    dns_send_queue_add(&queue, &a);
    dns_send_queue_add(&queue, &b);
    assert_ptr_equal(dns_send_queue_next(&queue, PORTS - 1, PORTS), &b);
    assert_null(dns_send_queue_next(&queue, HALF, PORTS));
    assert_ptr_equal(dns_send_queue_next(&queue, HALF - 1, PORTS), &a);
    dns_send_queue_add(&queue, &a);
    dns_send_queue_add(&queue, &late);
    dns_send_queue_port_given_back(&queue, a.zone);
    assert_null(dns_send_queue_next(&queue, PORTS, PORTS));
    assert_ptr_equal(dns_send_queue_next(&queue, PORTS - 1, PORTS), &a);
    release(&a);
    release(&b);
    release(&late);
}

/* What takes a port while the zone has more to send leaves its turn to others. */
static void test_busy_while_queued(void **state)
{
    struct dns_inflight_query first = queued(ZONE_A), second = queued(ZONE_A);

    (void)state;
    dns_send_queue_add(&queue, &first);
    dns_send_queue_add(&queue, &second);
    assert_ptr_equal(dns_send_queue_next(&queue, HALF, PORTS), &first);
    dns_send_queue_port_taken(&queue, first.zone);
    assert_null(dns_send_queue_next(&queue, HALF, PORTS));
    release(&first);
    dns_send_queue_port_given_back(&queue, second.zone); /* nobody waits for the first; its port was held until now */
    assert_ptr_equal(dns_send_queue_next(&queue, HALF, PORTS), &second);
    release(&second);
}

/* Suspects get half of the ports, and come last. */
static void test_suspects(void **state)
{
    struct dns_inflight_query suspect = queued(ZONE_A), usual = queued(ZONE_A), other = queued(ZONE_B);

    (void)state;
    suspect.is_suspect = other.is_suspect = true;
    dns_send_queue_add(&queue, &suspect);
    dns_send_queue_add(&queue, &other);
    suspect.is_suspect = false; /* it is no more, and stays where it is */
    dns_send_queue_add(&queue, &usual);
    assert_ptr_equal(dns_send_queue_next(&queue, 0, PORTS), &usual);
    assert_null(dns_send_queue_next(&queue, HALF, PORTS));
    dns_send_queue_remove(&queue, &suspect);
    assert_ptr_equal(dns_send_queue_next(&queue, HALF - 1, PORTS), &other);
    assert_null(dns_send_queue_next(&queue, 0, PORTS));
    release(&suspect);
    release(&usual);
    release(&other);
}

static void test_memory(void **state)
{
    struct dns_inflight_query query;

    (void)state;
    alloc_fail_at(1);
    assert_null(dns_send_queue_zone(&queue, ZONE_A));
    alloc_fail_at(0);
    query = queued(ZONE_A);
    assert_non_null(query.zone);
    release(&query);
}

/* Every zone is gone with the last query of it. */
static int nothing_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < DNS_SEND_BUCKETS; i++)
        if (queue.buckets[i])
            return -1;
    return queue.idle.first || queue.busy.first || queue.suspects.first ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, clear, nothing_left),
        cmocka_unit_test_setup_teardown(test_turns, clear, nothing_left),
        cmocka_unit_test_setup_teardown(test_busy_zone, clear, nothing_left),
        cmocka_unit_test_setup_teardown(test_busy_while_queued, clear, nothing_left),
        cmocka_unit_test_setup_teardown(test_suspects, clear, nothing_left),
        cmocka_unit_test_setup_teardown(test_memory, clear, nothing_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
