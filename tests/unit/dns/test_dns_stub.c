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
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SERVERS = 2 };

/* One query, on a loop of its own. */
struct asking {
    struct responder *responders[SERVERS];
    struct dns_server servers[SERVERS];
    struct event_loop *loop;
    struct dns_stub *stub;
    struct stub_query *query;
    atomic_uint replies, heard;
    enum dns_status status;
    bool is_fault;
    size_t text_len;
};

static void on_heard(void *context)
{
    ((struct asking *)context)->heard++;
}

static void on_reply(void *context, const struct dns_answer *answer)
{
    struct asking *asking = context;

    asking->status = answer->status;
    asking->is_fault = answer->is_fault;
    asking->text_len = answer->count > 0 ? answer->records[0].text_len : 0;
    dns_answer_release(answer);
    asking->replies++;
}

/* Only the first server does what names with a 1 behind want. */
static void start(struct asking *asking)
{
    *asking = (struct asking){0};
    for (unsigned i = 0; i < SERVERS; i++) {
        asking->responders[i] = responder_start("127.0.0.1", i == 0);
        assert_non_null(asking->responders[i]);
        assert_true(dns_server_read(responder_address(asking->responders[i]), &asking->servers[i]));
    }
    asking->loop = event_loop_create();
    assert_non_null(asking->loop);
    asking->stub = dns_stub_create(asking->loop, &clock_system, on_heard, asking);
    assert_non_null(asking->stub);
}

static bool ask(struct asking *asking, size_t servers, const char *name, enum dns_type type)
{
    return dns_stub_query(asking->stub, asking->servers, servers, name, type, on_reply, asking, &asking->query);
}

static void run_until_reply(struct asking *asking)
{
    assert_int_equal(event_loop_start(asking->loop), 0);
    for (unsigned tries = 0; tries < 30000 && asking->replies == 0; tries++)
        usleep(1000);
    event_loop_stop(asking->loop);
    assert_int_equal(asking->replies, 1);
    assert_null(asking->query);
}

static void stop(struct asking *asking)
{
    event_loop_stop(asking->loop);
    dns_stub_destroy(asking->stub);
    event_loop_destroy(asking->loop);
    for (unsigned i = 0; i < SERVERS; i++)
        responder_stop(asking->responders[i]);
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
        {"refused1.example", 2, DNS_OK, 11},      {"drop1.example", 2, DNS_OK, 11}, /* the second is asked after 2 s */
        {"droponce.example", 1, DNS_OK, 11},                                        /* so is the first again */
        {"late.example", 1, DNS_OK, 11},          {"wrongid.example", 1, DNS_OK, 11},
        {"wrongname.example", 1, DNS_OK, 11},     {"short.example", 1, DNS_OK, 11},
        {"malformed.example", 1, DNS_FAILURE, 0}, {"plain.odd \\+=#\x80.example", 1, DNS_OK, 11},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct asking asking;

        start(&asking);
        assert_true(ask(&asking, rows[i].servers, rows[i].name, DNS_TXT));
        assert_non_null(asking.query);
        run_until_reply(&asking);
        if (asking.status != rows[i].status || asking.text_len != rows[i].text_len)
            fail_msg("%s: %s, %zu", rows[i].name, dns_status_name(asking.status), asking.text_len);
        assert_false(asking.is_fault);
        assert_true(asking.heard > 0);
        stop(&asking);
    }
}

/* What nobody waits for is not called back, nor what is left when all ends. */
static void test_end(void **state)
{
    struct asking asking;
    struct stub_query *other;

    (void)state;
    start(&asking);
    assert_true(ask(&asking, 1, "plain.example", DNS_A));
    assert_true(dns_stub_query(asking.stub, asking.servers, 1, "drop.example", DNS_A, on_reply, &asking, &other));
    dns_stub_forget(&asking.query);
    assert_null(asking.query);
    dns_stub_forget(&asking.query);
    assert_int_equal(event_loop_start(asking.loop), 0);
    usleep(100000);
    stop(&asking);
    assert_int_equal(asking.replies, 0);
    assert_null(other);
    dns_stub_destroy(NULL);
}

static void test_room(void **state)
{
    struct stub_query *queries[1000];
    struct asking asking;
    unsigned count = 0;

    (void)state;
    start(&asking);
    for (; count < 1000 && dns_stub_has_room(asking.stub); count++)
        assert_true(
            dns_stub_query(asking.stub, asking.servers, 1, "drop.example", DNS_A, on_reply, &asking, &queries[count]));
    assert_true(count >= 64);
    assert_true(count < 1000);
    dns_stub_forget(&queries[0]);
    assert_true(dns_stub_has_room(asking.stub));
    stop(&asking);
}

/* Whichever allocation fails, nothing is known of the name, or it was not asked for. */
static void test_memory(void **state)
{
    bool failed = true;
    unsigned n = 1;

    (void)state;
    for (; failed; n++) {
        struct asking asking;
        bool asked;

        start(&asking);
        alloc_fail_at(n);
        asked = ask(&asking, 1, "big.example", DNS_TXT);
        if (asked && asking.query)
            run_until_reply(&asking);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        if (!failed)
            assert_int_equal(asking.status, DNS_OK);
        stop(&asking);
    }
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
