/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One deadline for all that a message is asked about: the MTA waits for the sum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"
#include "dns/dns.h"
#include "session/session.h"
#include "spf/spf_check.h"

#include <string.h>

enum { QUERIES_MAX = 64, STEP_MS = 300, TIMEOUT_MS = 60000, BEGIN_MS = 5000 };

/* A DNS that answers at once, while time passes. */
static struct {
    struct dns dns;
    int64_t now_ms;
    int64_t deadlines_ms[QUERIES_MAX];
    char names[QUERIES_MAX][DNS_NAME_MAX + 1];
    size_t count;

    bool is_held; /* answers wait for release_answers */
    struct held {
        dns_callback done;
        void *context;
        const struct dns_answer *answer;
    } held[QUERIES_MAX];
    size_t held_count;
} slow;

static int64_t slow_now(void *context)
{
    (void)context;
    return slow.now_ms;
}

static const struct clock slow_clock = {slow_now, slow_now, NULL};

static const struct dns_answer *answer_for(const char *name, enum dns_type type)
{
    struct dns_builder *builder;

    if (type != DNS_TXT || strncmp(name, "_dmarc.", 7) == 0)
        return dns_answer_empty(DNS_NXDOMAIN, 0);
    builder = dns_builder_create(type);
    dns_builder_add_text(builder, "v=spf1 -all", 11);
    return dns_builder_finish(builder, DNS_OK, 60);
}

static void slow_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                       void *context)
{
    const struct dns_answer *answer = answer_for(name, type);

    (void)dns;
    assert_true(slow.count < QUERIES_MAX);
    slow.deadlines_ms[slow.count] = deadline_ms;
    strncpy(slow.names[slow.count++], name, DNS_NAME_MAX);
    slow.now_ms += STEP_MS;
    if (slow.is_held)
        slow.held[slow.held_count++] = (struct held){done, context, answer};
    else
        done(context, answer);
}

/* Until none is left, also of those that follow. */
static void release_answers(void)
{
    for (size_t i = 0; i < slow.held_count; i++)
        slow.held[i].done(slow.held[i].context, slow.held[i].answer);
    slow.held_count = 0;
}

static void slow_destroy(struct dns *dns)
{
    (void)dns;
}

static struct spf_checker *slow_checker(void)
{
    static const struct dns_ops ops = {.query = slow_query, .destroy = slow_destroy};
    const struct spf_checker_config config = {.dns = &slow.dns, .clock = &slow_clock, .timeout_ms = TIMEOUT_MS};

    slow.dns = (struct dns){.ops = &ops, .clock = &slow_clock};
    slow.now_ms = BEGIN_MS;
    return spf_checker_create(&config);
}

static void note_ready(void *context)
{
    ++*(unsigned *)context;
}

/* One message; what is needed for its decision is found out without a thread that waits, or with one. */
static struct session_reply send_message(struct session *session, bool awaits)
{
    struct session_client client = {.name = "[203.0.113.66]"};
    struct session_sender sender = {.receiver = "mx.example.net"};
    struct session_reply reply;
    unsigned ready = 0;

    assert_true(addr_parse("203.0.113.66", &client.address));
    sender.status = address_parse("<alice@sender.example>", &sender.address);
    session_connect(session, &client);
    session_helo(session, "helo.example");
    reply = session_mail(session, &sender);
    if (!awaits)
        return reply;
    assert_int_equal(reply.step, SESSION_CONTINUE);
    assert_int_equal(slow.count, 0);
    if (!session_await(session, NULL, note_ready, &ready)) {
        assert_int_equal(ready, 0);
        release_answers();
        assert_int_equal(ready, 1);
    }
    assert_true(session_await(session, NULL, note_ready, &ready));
    return session_decide(session);
}

enum way { WAITS, AWAITS_AT_ONCE, AWAITS };

static void judge_message(enum way way)
{
    static const char text[] = "CheckHelo on\nWhitelistHelo helo.example\nWhitelistSPF one.example, two.example\n"
                               "LeaveToDMARC on\nRefuseFail on\nSyslog none\nDNSLookahead off\n";
    static const char *const expected[] = {"helo.example", "sender.example",        "helo.example",  "one.example",
                                           "two.example",  "_dmarc.sender.example", "_dmarc.example"};
    const struct session_abilities abilities = {.steps = SESSION_STEP(REFUSE_AT_MAIL), .awaits = way != WAITS};
    struct strbuf errors = STRBUF_INIT;
    struct session_shared shared = {.config = config_parse(text, strlen(text), "test", &errors), .host_name = "mx"};
    struct session_reply reply;
    struct session *session;

    assert_string_equal(strbuf_text(&errors), "");
    memset(&slow, 0, sizeof slow);
    slow.is_held = way == AWAITS;
    shared.checker = slow_checker();
    session = session_create(&shared, &abilities);
    assert_non_null(session);
    reply = send_message(session, way != WAITS);
    assert_int_equal(reply.step, SESSION_REFUSE);
    assert_string_equal(reply.code, "550");
    assert_int_equal(slow.count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < slow.count; i++) {
        assert_string_equal(slow.names[i], expected[i]);
        assert_int_equal(slow.deadlines_ms[i], BEGIN_MS + TIMEOUT_MS);
    }
    session_destroy(session);
    config_release(shared.config);
    spf_checker_release(shared.checker);
}

/* The same lookups, in the same order, with the same deadline. */
static void every_lookup_of_a_message_has_one_deadline(void **state)
{
    (void)state;
    judge_message(WAITS);
    judge_message(AWAITS_AT_ONCE);
    judge_message(AWAITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_lookup_of_a_message_has_one_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
