/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests plain queries against name servers of its own, on loopback. */
#include "dns/dns_stub.h"

#include "base/event_loop.h"
#include "support/alloc_fail.h"
#include "unit/dns/responder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SERVERS = 2 };

/* One query, on a loop of its own. */
struct fixture {
    struct responder *responders[SERVERS];
    struct dns_server servers[SERVERS];
    struct event_loop *loop;
    struct dns_stub *stub;
    struct stub_query *query;
    atomic_uint replies, heard;
    enum dns_status status;
    bool is_fault;
    size_t text_len;
    char troubles[200]; /* of the servers, when the reply came */
};

static void on_heard(void *context)
{
    ((struct fixture *)context)->heard++;
}

static void describe(struct fixture *fixture)
{
    struct strbuf troubles = STRBUF_INIT;

    dns_stub_describe(fixture->stub, fixture->servers, SERVERS, &troubles);
    (void)snprintf(fixture->troubles, sizeof(fixture->troubles), "%s", strbuf_text(&troubles));
    strbuf_free(&troubles);
}

static void on_reply(void *context, const struct dns_answer *answer)
{
    struct fixture *fixture = context;

    fixture->status = answer->status;
    fixture->is_fault = answer->is_fault;
    fixture->text_len = answer->count > 0 ? answer->records[0].text_len : 0;
    dns_answer_release(answer);
    describe(fixture);
    fixture->replies++;
}

/* Only the first server does what names with a 1 behind want. */
static void start(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    for (unsigned i = 0; i < SERVERS; i++) {
        fixture->responders[i] = responder_start("127.0.0.1", i == 0);
        assert_non_null(fixture->responders[i]);
        assert_true(dns_server_read(responder_address(fixture->responders[i]), &fixture->servers[i]));
    }
    fixture->loop = event_loop_create();
    assert_non_null(fixture->loop);
    fixture->stub = dns_stub_create(fixture->loop, &clock_system, on_heard, fixture);
    assert_non_null(fixture->stub);
}

static bool send_query(struct fixture *fixture, size_t servers, const char *name, enum dns_type type)
{
    return dns_stub_query(fixture->stub, fixture->servers, servers, name, type, NULL, on_reply, fixture,
                          &fixture->query);
}

static void run_until_reply(struct fixture *fixture)
{
    assert_int_equal(event_loop_start(fixture->loop), 0);
    for (unsigned tries = 0; tries < 30000 && fixture->replies == 0; tries++)
        usleep(1000);
    event_loop_stop(fixture->loop);
    assert_int_equal(fixture->replies, 1);
    assert_null(fixture->query);
}

static void stop(struct fixture *fixture)
{
    event_loop_stop(fixture->loop);
    dns_stub_destroy(fixture->stub);
    event_loop_destroy(fixture->loop);
    for (unsigned i = 0; i < SERVERS; i++)
        if (fixture->responders[i])
            responder_stop(fixture->responders[i]);
}

static void test_replies(void **state)
{
    static const struct {
        const char *name;
        size_t servers;
        enum dns_status status;
        size_t text_len;
    } rows[] = {
        {"plain.example", 1, DNS_OK, 11},         {"ednsdrop.example", 1, DNS_OK, 11},
        {"ednsfail.example", 1, DNS_OK, 11},      {"formerr.example", 1, DNS_OK, 11},
        {"cname.example", 1, DNS_OK, 11},         {"nodata.example", 1, DNS_NODATA, 0},
        {"nxdomain.example", 1, DNS_NXDOMAIN, 0}, {"big.example", 1, DNS_OK, (size_t)240 * 255},
        {"halftcp.example", 1, DNS_FAILURE, 0},   {"servfail.example", 1, DNS_FAILURE, 0},
        {"servfail.example", 2, DNS_FAILURE, 0},  {"servfail1.example", 2, DNS_OK, 11},
        {"refused1.example", 2, DNS_OK, 11},      {"drop1.example", 2, DNS_OK, 11}, /* the second is used after 2 s */
        {"droponce.example", 1, DNS_OK, 11},                                        /* so is the first again */
        {"late.example", 1, DNS_OK, 11},          {"wrongid.example", 1, DNS_OK, 11},
        {"wrongname.example", 1, DNS_OK, 11},     {"short.example", 1, DNS_OK, 11},
        {"malformed.example", 1, DNS_FAILURE, 0}, {"plain.odd \\+=#\x80.example", 1, DNS_OK, 11},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture fixture;

        start(&fixture);
        assert_true(send_query(&fixture, rows[i].servers, rows[i].name, DNS_TXT));
        assert_non_null(fixture.query);
        run_until_reply(&fixture);
        if (fixture.status != rows[i].status || fixture.text_len != rows[i].text_len)
            fail_msg("%s: %s, %zu", rows[i].name, dns_status_name(fixture.status), fixture.text_len);
        assert_false(fixture.is_fault);
        assert_true(fixture.heard > 0);
        stop(&fixture);
    }
}

/* Which server failed, and why. */
static void test_troubles(void **state)
{
    static const struct {
        const char *name;
        size_t servers;
        const char *first, *second;
    } rows[] = {
        {"servfail.example", 2, "SERVFAIL", "SERVFAIL"},
        {"refused.example", 2, "REFUSED", "REFUSED"},
        {"refused.example", 1, "REFUSED", "no reply"},
        {"plain.example", 1, "no reply", "no reply"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fixture fixture;
        char wanted[200];

        start(&fixture);
        assert_true(send_query(&fixture, rows[i].servers, rows[i].name, DNS_A));
        run_until_reply(&fixture);
        (void)snprintf(wanted, sizeof(wanted), "%s: %s, %s: %s", responder_address(fixture.responders[0]),
                       rows[i].first, responder_address(fixture.responders[1]), rows[i].second);
        assert_string_equal(fixture.troubles, wanted);
        stop(&fixture);
    }
}

/* The next server answers, and the closed port of the first is known. */
static void test_closed_port(void **state)
{
    struct fixture fixture;

    (void)state;
    start(&fixture);
    responder_stop(fixture.responders[0]);
    fixture.responders[0] = NULL;
    assert_true(send_query(&fixture, 2, "plain.example", DNS_A));
    run_until_reply(&fixture);
    assert_int_equal(fixture.status, DNS_OK);
    assert_non_null(strstr(fixture.troubles, ": connection refused, "));
    stop(&fixture);
}

/* What nobody waits for is not called back, nor what is left when all ends. */
static void test_end(void **state)
{
    struct fixture fixture;
    struct stub_query *other;

    (void)state;
    start(&fixture);
    assert_true(send_query(&fixture, 1, "plain.example", DNS_A));
    assert_true(
        dns_stub_query(fixture.stub, fixture.servers, 1, "drop.example", DNS_A, NULL, on_reply, &fixture, &other));
    dns_stub_forget(&fixture.query);
    assert_null(fixture.query);
    dns_stub_forget(&fixture.query);
    assert_int_equal(event_loop_start(fixture.loop), 0);
    usleep(100000);
    stop(&fixture);
    assert_int_equal(fixture.replies, 0);
    assert_null(other);
    dns_stub_destroy(NULL);
}

enum { QUERIES = 1000 };

static void fill(struct fixture *fixture, const void *zone, struct stub_query **query)
{
    assert_true(
        dns_stub_query(fixture->stub, fixture->servers, 1, "drop.example", DNS_A, zone, on_reply, fixture, query));
}

/* One zone fills half of the room; the rest is for those that have no query, one for each. */
static void test_room(void **state)
{
    static const char zones[QUERIES];
    struct stub_query *queries[QUERIES];
    struct fixture fixture;
    unsigned count = 0, half;

    (void)state;
    start(&fixture);
    for (; count < QUERIES && dns_stub_has_room(fixture.stub, &zones[0]); count++)
        fill(&fixture, &zones[0], &queries[count]);
    half = count;
    assert_in_range(half, 32, QUERIES / 4);
    assert_false(dns_stub_has_room(fixture.stub, NULL));
    for (; count < QUERIES && dns_stub_has_room(fixture.stub, &zones[count]); count++) {
        fill(&fixture, &zones[count], &queries[count]);
        assert_false(dns_stub_has_room(fixture.stub, &zones[count]));
        assert_false(dns_stub_has_room(fixture.stub, &zones[0]));
    }
    assert_int_equal(count, 2 * half);
    dns_stub_forget(&queries[0]); /* room for one that has none, and no more */
    assert_true(dns_stub_has_room(fixture.stub, &zones[QUERIES - 1]));
    assert_false(dns_stub_has_room(fixture.stub, &zones[0]));
    for (unsigned n = 1; n <= half; n++)
        dns_stub_forget(&queries[n]);
    assert_true(dns_stub_has_room(fixture.stub, &zones[0]));
    assert_true(dns_stub_has_room(fixture.stub, NULL));
    stop(&fixture);
}

/* Whichever allocation fails, nothing is known of the name, or no query was sent. */
static void test_memory(void **state)
{
    bool failed = true;
    unsigned n = 1;

    (void)state;
    for (; failed; n++) {
        struct fixture fixture;
        bool sent;

        start(&fixture);
        alloc_fail_at(n);
        sent = send_query(&fixture, 1, "big.example", DNS_TXT);
        if (sent && fixture.query)
            run_until_reply(&fixture);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        if (!failed)
            assert_int_equal(fixture.status, DNS_OK);
        stop(&fixture);
    }
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies), cmocka_unit_test(test_troubles), cmocka_unit_test(test_closed_port),
        cmocka_unit_test(test_end),     cmocka_unit_test(test_room),     cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
