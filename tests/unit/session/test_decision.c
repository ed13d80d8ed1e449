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
} slow;

static int64_t slow_now(void *context)
{
    (void)context;
    return slow.now_ms;
}

static const struct clock slow_clock = {slow_now, slow_now, NULL};

static void slow_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                       void *context)
{
    (void)dns;
    assert_true(slow.count < QUERIES_MAX);
    slow.deadlines_ms[slow.count] = deadline_ms;
    strncpy(slow.names[slow.count++], name, DNS_NAME_MAX);
    slow.now_ms += STEP_MS;
    if (type == DNS_TXT && strncmp(name, "_dmarc.", 7) != 0) {
        struct dns_builder *builder = dns_builder_create(type);

        dns_builder_add_text(builder, "v=spf1 -all", 11);
        done(context, dns_builder_finish(builder, DNS_OK, 60));
        return;
    }
    done(context, dns_answer_empty(DNS_NXDOMAIN, 0));
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

static bool was_asked(const char *name)
{
    for (size_t i = 0; i < slow.count; i++)
        if (strcmp(slow.names[i], name) == 0)
            return true;
    return false;
}

static void every_lookup_of_a_message_has_one_deadline(void **state)
{
    static const char text[] = "CheckHelo on\nWhitelistHelo helo.example\nWhitelistSPF one.example, two.example\n"
                               "LeaveToDMARC on\nRefuseFail on\nSyslog none\n";
    static const char *const expected[] = {"sender.example", "helo.example", "one.example", "two.example",
                                           "_dmarc.sender.example"};
    const struct session_abilities abilities = {.steps = SESSION_STEP(REFUSE_AT_MAIL)};
    struct strbuf errors = STRBUF_INIT;
    struct session_shared shared = {.config = config_parse(text, strlen(text), "test", &errors), .host_name = "mx"};
    struct session_client client = {.name = "[203.0.113.66]"};
    struct session_sender sender = {.receiver = "mx.example.net"};
    struct session *session;

    (void)state;
    assert_string_equal(strbuf_text(&errors), "");
    shared.checker = slow_checker();
    session = session_create(&shared, &abilities);
    assert_non_null(session);
    assert_true(addr_parse("203.0.113.66", &client.address));
    sender.status = address_parse("<alice@sender.example>", &sender.address);
    session_connect(session, &client);
    session_helo(session, "helo.example");
    (void)session_mail(session, &sender);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        if (!was_asked(expected[i]))
            fail_msg("%s was not looked up", expected[i]);
    for (size_t i = 0; i < slow.count; i++)
        assert_int_equal(slow.deadlines_ms[i], BEGIN_MS + TIMEOUT_MS);
    session_destroy(session);
    config_release(shared.config);
    spf_checker_release(shared.checker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_lookup_of_a_message_has_one_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
