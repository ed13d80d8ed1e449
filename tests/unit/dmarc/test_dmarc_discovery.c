/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which queries a discovery sends, and what comes of the answers. */
#include "dmarc/dmarc_discovery.h"

#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A DNS with a few answers, which writes down what it is asked for. */
struct script_dns {
    struct dns dns;
    char asked[2048];
    char cancelled[2048];
    const char *held_name; /* the first query for it waits until it is cancelled; NULL: none does */
    dns_callback held_done;
    void *held_context;
};

static const struct {
    const char *name, *text; /* NULL: no reply */
} records[] = {
    {"_dmarc.example.com", "v=DMARC1; p=reject"}, {"_dmarc.two.example", "v=DMARC1; p=none"},
    {"_dmarc.two.example", "v=DMARC1; p=reject"}, {"_dmarc.bank", "v=DMARC1; p=reject; psd=y"},
    {"_dmarc.own.bank", "v=DMARC1; p=none"},      {"_dmarc.silent.example", NULL},
};

static void script_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                         void *context)
{
    struct script_dns *script = (struct script_dns *)(void *)dns;
    struct dns_builder *builder = dns_builder_create(DNS_TXT);
    enum dns_status status = DNS_NXDOMAIN;
    size_t len = strlen(script->asked);

    (void)deadline_ms;
    assert_int_equal(type, DNS_TXT);
    (void)snprintf(script->asked + len, sizeof(script->asked) - len, "%s ", name);
    if (script->held_name && strcmp(script->held_name, name) == 0 && !script->held_done) {
        script->held_done = done;
        script->held_context = context;
        dns_answer_release(dns_builder_finish(builder, status, 300));
        return;
    }
    for (size_t i = 0; i < COUNT(records); i++) {
        if (strcmp(records[i].name, name) != 0)
            continue;
        status = records[i].text ? DNS_OK : DNS_TIMEOUT;
        if (records[i].text && builder)
            (void)dns_builder_add_text(builder, records[i].text, strlen(records[i].text));
    }
    dns_deliver(done, context, dns_builder_finish(builder, status, 300));
}

static void script_cancel(struct dns *dns, const char *name, enum dns_type type, dns_callback done, void *context)
{
    struct script_dns *script = (struct script_dns *)(void *)dns;
    size_t len = strlen(script->cancelled);

    assert_int_equal(type, DNS_TXT);
    if (script->held_done != done || script->held_context != context || strcmp(script->held_name, name) != 0)
        return;
    (void)snprintf(script->cancelled + len, sizeof(script->cancelled) - len, "%s ", name);
    script->held_done = NULL;
    done(context, dns_answer_empty(DNS_TIMEOUT, 0));
}

static void script_destroy(struct dns *dns)
{
    (void)dns;
}

static const struct dns_ops script_ops = {.query = script_query, .cancel = script_cancel, .destroy = script_destroy};

static struct script_dns script_of(bool keeps_answers)
{
    return (struct script_dns){.dns = {.ops = &script_ops, .clock = &clock_system, .keeps_answers = keeps_answers}};
}

static int64_t soon(void)
{
    return clock_monotonic_ms(&clock_system) + 10000;
}

enum { NOT_CALLED = TRISTATE_UNKNOWN + 1 };

static void take(void *context, const struct dmarc_discovery *found)
{
    struct dmarc_discovery *taken = context;

    assert_int_equal(taken->is_published, NOT_CALLED); /* it is called once */
    *taken = *found;
}

/* Both ways: by a thread that waits, and without one. */
static void discover(struct script_dns *script, bool waits, const char *domain, struct dmarc_discovery *found)
{
    if (waits) {
        dmarc_discover(&script->dns, domain, soon(), found);
        return;
    }
    found->is_published = (enum tristate)NOT_CALLED;
    dmarc_discover_start(&script->dns, domain, soon(), take, found);
    assert_int_not_equal(found->is_published, NOT_CALLED);
}

static void test_findings(void **state)
{
    static const struct {
        const char *domain;
        enum tristate expected;
        const char *name, *asked;
    } rows[] = {
        {"example.com", TRISTATE_YES, "example.com", "_dmarc.example.com "},
        {"example.com.", TRISTATE_YES, "example.com", "_dmarc.example.com "},
        {"a.example.com", TRISTATE_YES, "example.com", "_dmarc.a.example.com _dmarc.example.com _dmarc.com "},
        {"two.example", TRISTATE_NO, "", "_dmarc.two.example _dmarc.example "},
        {"any.bank", TRISTATE_NO, "", "_dmarc.any.bank _dmarc.bank "},
        {"a.own.bank", TRISTATE_YES, "own.bank", "_dmarc.a.own.bank _dmarc.own.bank _dmarc.bank "},
        {"silent.example", TRISTATE_UNKNOWN, "_dmarc.silent.example", "_dmarc.silent.example _dmarc.example "},
        {"", TRISTATE_NO, "", ""},
        {".", TRISTATE_NO, "", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int waits = 0; waits < 2; waits++) {
            struct script_dns script = script_of(false);
            struct dmarc_discovery found;

            discover(&script, waits, rows[i].domain, &found);
            assert_string_equal(script.asked, rows[i].asked);
            assert_string_equal(found.name, rows[i].name);
            assert_int_equal(found.is_published, rows[i].expected);
            if (found.is_published == TRISTATE_UNKNOWN)
                assert_int_equal(found.status, DNS_TIMEOUT);
        }
}

/* All names are sent before the first answer is waited for, where the DNS shares the answers. */
static void test_queries_are_sent_at_once(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        struct script_dns script = script_of(true);
        struct dmarc_discovery found;

        discover(&script, waits, "example.com", &found);
        assert_string_equal(script.asked, "_dmarc.example.com _dmarc.com _dmarc.example.com ");
    }
}

/* The first answer decides: what was sent besides is cancelled. */
static void test_rest_is_cancelled(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        struct script_dns script = script_of(true);
        struct dmarc_discovery found;

        script.held_name = "_dmarc.com";
        discover(&script, waits, "example.com", &found);
        assert_int_equal(found.is_published, TRISTATE_YES);
        assert_string_equal(script.cancelled, "_dmarc.com ");
        assert_null(script.held_done);
    }
}

static void test_speculation(void **state)
{
    struct script_dns script = script_of(true);
    struct dmarc_speculation *speculation;

    (void)state;
    script.held_name = "_dmarc.3.4.5.6.7.8.9";
    speculation = dmarc_discovery_speculate(&script.dns, "1.2.3.4.5.6.7.8.9", soon());
    assert_non_null(script.held_done);
    dmarc_speculation_end(speculation);
    assert_string_equal(script.cancelled, "_dmarc.3.4.5.6.7.8.9 ");
    assert_null(script.held_done);
    dmarc_speculation_end(dmarc_discovery_speculate(&script.dns, ".", soon())); /* nothing to ask for */
    assert_string_equal(script.asked, "_dmarc.1.2.3.4.5.6.7.8.9 _dmarc.3.4.5.6.7.8.9 _dmarc.4.5.6.7.8.9 "
                                      "_dmarc.5.6.7.8.9 _dmarc.6.7.8.9 _dmarc.7.8.9 _dmarc.8.9 _dmarc.9 ");
}

/* The longest domain: its own `_dmarc` name is too long for the DNS, and not asked for. */
static void test_long_names(void **state)
{
    struct script_dns script = script_of(false);
    struct dmarc_discovery found;
    char domain[DNS_NAME_MAX + 2] = "1234567.";

    (void)state;
    while (strlen(domain) + 14 <= DNS_NAME_MAX)
        (void)strncat(domain, "abcdefghij.", sizeof(domain) - strlen(domain) - 1);
    (void)strncat(domain, "com", sizeof(domain) - strlen(domain) - 1);
    assert_int_equal(strlen(domain), DNS_NAME_MAX);
    dmarc_discover(&script.dns, domain, soon(), &found);
    assert_int_equal(found.is_published, TRISTATE_NO);
    assert_memory_equal(script.asked, "_dmarc.abcdefghij.abcdefghij.", 29); /* the second name */
    assert_true(strlen(script.asked) < 7 * (size_t)90);
}

/* Out of memory is unknown, never no. */
static void test_out_of_memory(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++)
        for (unsigned n = 1;; n++) {
            struct script_dns script = script_of(true);
            struct dmarc_discovery found;

            alloc_fail_at(n);
            discover(&script, waits, "a.example.com", &found);
            if (!alloc_fail_happened())
                break;
            assert_int_not_equal(found.is_published, TRISTATE_NO);
        }
    alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_findings),          cmocka_unit_test(test_queries_are_sent_at_once),
        cmocka_unit_test(test_rest_is_cancelled), cmocka_unit_test(test_speculation),
        cmocka_unit_test(test_long_names),        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
