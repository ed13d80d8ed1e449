/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queries that libunbound refuses to begin, and calls back for all the same, in any order or never. */
#include "dns/dns_unbound.h"

#include "base/event_loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <unbound-event.h>
#include <unbound.h>

enum { QUERIES = 4 };

/* Stands before the function of the library, with its names, and refuses. */
static ub_event_callback_type call_back;
static void *began[QUERIES];
static unsigned begin_count;
static char began_name[64];
static int began_type;

int ub_resolve_event(struct ub_ctx *ctx, const char *name, int rrtype, int rrclass, void *mydata,
                     ub_event_callback_type callback, int *async_id) /* NOLINT(readability-non-const-parameter) */
{
    (void)ctx;
    assert_int_equal(rrclass, 1);
    assert_true(strlen(name) < sizeof began_name);
    memcpy(began_name, name, strlen(name) + 1);
    began_type = rrtype;
    (void)async_id;
    assert_true(begin_count < QUERIES);
    began[begin_count++] = mydata;
    call_back = callback;
    return UB_NOMEM;
}

static void heard(void *context)
{
    (void)context;
    fail();
}

static void count_port(void *context, void *holder)
{
    (void)holder;
    ++*(unsigned *)context;
}

static void take_fault(void *context, const struct dns_answer *answer, enum unbound_source source)
{
    assert_true(answer->is_fault);
    assert_int_equal(source, UNBOUND_NO_REPLY);
    dns_answer_release(answer);
    ++*(unsigned *)context;
}

/* Begins some queries, and has the library call back for those of `late`, in this order; the others never. */
static void check_refused(const unsigned *late, unsigned late_count)
{
    unsigned ports = 0, replies = 0;
    struct event_loop *loop = event_loop_create();
    struct dns_server server;
    struct unbound_config config = {.servers = &server,
                                    .server_count = 1,
                                    .tries = 1,
                                    .ports = 16,
                                    .events = {.heard = heard, .port_given_back = count_port, .context = &ports}};
    char error[256];
    struct unbound *unbound;
    struct unbound_query *probe = NULL;

    assert_true(dns_server_read("127.0.0.1", &server));
    assert_non_null(loop);
    unbound = unbound_create(event_loop_base(loop), &config, error, sizeof error);
    assert_non_null(unbound);
    begin_count = 0;
    for (unsigned i = 0; i < QUERIES; i++) {
        struct unbound_query *query = NULL;

        unbound_query_start(unbound, "example.org", DNS_TXT, take_fault, &replies, &ports, &query);
        assert_null(query);
        assert_string_equal(began_name, "example.org.");
        assert_int_equal(began_type, 16);
        assert_int_equal(replies, i + 1);
        assert_int_equal(ports, i + 1);
        assert_int_equal(unbound_under_way(unbound), 0);
    }
    for (unsigned i = 0; i < late_count; i++)
        call_back(began[late[i]], UB_NOMEM, NULL, 0, 0, NULL, 0);
    assert_int_equal(replies, QUERIES); /* each had one */
    assert_int_equal(ports, QUERIES);
    begin_count = 0;
    unbound_probe(unbound, take_fault, &replies, &probe);
    assert_null(probe);
    assert_string_equal(began_name, ".");
    assert_int_equal(began_type, 2); /* NS (RFC 1035 3.2.2) */
    unbound_destroy(unbound);
    event_loop_destroy(loop);
}

static void what_is_refused_is_freed_once(void **state)
{
    static const unsigned orders[][QUERIES] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 2, 0, 3}, {2, 0, 3, 1}};

    (void)state;
    for (unsigned i = 0; i < sizeof orders / sizeof orders[0]; i++)
        for (unsigned late_count = 0; late_count <= QUERIES; late_count++)
            check_refused(orders[i], late_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_refused_is_freed_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
