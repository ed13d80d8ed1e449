/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of a client's address let it pass, from an evaluation and out of the cache. */
#include "unit/spf/zone_checks.h"

#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define V4           "192.0.2.1"
#define V6           "2001:db8::1"

/* A record, and how many bits of V4 and of V6 let them pass; NO_PASS: they do not. */
enum { NO_PASS = 255 };

static const struct {
    const char *record;
    unsigned v4, v6;
} cases[] = {
    {"+all", 0, 0},
    {"-all", NO_PASS, NO_PASS},
    {"?all", NO_PASS, NO_PASS},
    {"", NO_PASS, NO_PASS},
    {"ip4:192.0.2.1 -all", 32, NO_PASS},
    {"ip4:192.0.0.0/9 -all", 9, NO_PASS},
    {"ip4:0.0.0.0/0 -all", 0, NO_PASS},
    {"ip6:2001:db8::/31 -all", NO_PASS, 31},
    {"ip6:2001:db8::1 -all", NO_PASS, 128},
    {"ip4:192.0.2.0/24 all", 24, 0},
    {"-ip4:192.0.2.0/24 +all", NO_PASS, 0},
    {"a:host.org -all", 32, 128},
    {"a:host.org/23//48 -all", 23, 48},
    {"mx:host.org -all", 32, 128},
    {"mx:host.org/0//0 -all", 0, 0},
    {"mx:host.org/20 -all", 20, 128},
    {"ptr:host.org -all", 0, 0},
    {"exists:host.org -all", 0, 0},
    {"exists:%{d1}.%{h}.here.org -all", 0, 0},
    {"exists:%{i}.here.org -all", 32, 128},
    {"exists:%{Ir}.here.org -all", 32, 128},
    {"exists:%{d1}.%{ir}.here.org -all", 32, 128},
    {"exists:%%{i}.%{d1}.here.org -all", 0, 0},
    {"include:narrow.org -all", 30, 126},
    {"include:narrow.org ?all", 30, 126},
    {"include:none-passes.org include:narrow.org -all", 30, 126},
    {"-include:narrow.org +all", NO_PASS, NO_PASS},
    {"include:open.org -all", 0, 0},
    {"include:through.org -all", 30, 126},
    {"redirect=narrow.org", 30, 126},
    {"redirect=open.org", 0, 0},
    {"redirect=through.org", 30, 126},
    {"include:%{i}.all.org -all", 32, 128},
    {"redirect=%{i}.all.org", 32, 128},
    {"ip4:192.0.2.1 ip4:192.0.0.0/8 -all", 32, NO_PASS},
    {"ip4:192.0.0.0/8 ip4:192.0.2.1 -all", 8, NO_PASS},
};

static const struct zone_entry zone[] = {
    {"host.org", "A", V4},
    {"host.org", "AAAA", V6},
    {"host.org", "MX", "host.org"},
    {"1.2.0.192.in-addr.arpa", "PTR", "host.org"},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "PTR", "host.org"},
    {"narrow.org", "TXT", "v=spf1 ip4:192.0.2.0/30 ip6:2001:db8::/126 -all"},
    {"open.org", "TXT", "v=spf1 +all"},
    {"none-passes.org", "TXT", "v=spf1 ?all"},
    {"through.org", "TXT", "v=spf1 include:none-passes.org redirect=narrow.org"},
};

static void add_name(struct zone_checks *checks, const char *before, const char *labels, const char *type,
                     const char *data)
{
    char name[200];

    snprintf(name, sizeof name, "%s%s.%s", before, labels, *type == 'T' ? "all.org" : "here.org");
    zone_checks_add(checks, name, type, data);
}

/* The names that macros make of a client's address. */
static void add_names_of(struct zone_checks *checks, const char *client)
{
    struct spf_request request = zone_checks_request(client, "");
    char dotted[ADDR_DOTTED_SIZE], rest[ADDR_DOTTED_SIZE];
    struct strbuf reversed = STRBUF_INIT;

    addr_format_dotted(&request.client, dotted);
    snprintf(rest, sizeof rest, "%s", dotted);
    for (char *dot; (dot = strrchr(rest, '.')) != NULL; *dot = '\0')
        strbuf_addf(&reversed, "%s.", dot + 1);
    strbuf_add(&reversed, rest);
    add_name(checks, "", dotted, "A", "127.0.0.2");
    add_name(checks, "", strbuf_text(&reversed), "A", "127.0.0.2");
    add_name(checks, "org.", strbuf_text(&reversed), "A", "127.0.0.2");
    add_name(checks, "", dotted, "TXT", "v=spf1 +all");
    strbuf_free(&reversed);
}

static void check(struct zone_checks *checks, size_t i, const char *client, unsigned wanted)
{
    char domain[32];

    snprintf(domain, sizeof domain, "case%zu.org", i);
    for (unsigned times = 0; times < 2; times++) {
        struct spf_outcome outcome = zone_checks_ask(checks, client, domain);

        if ((outcome.result == RESULT_PASS) != (wanted != NO_PASS))
            fail_msg("%s: %s for %s (%s)", cases[i].record, result_name(outcome.result), client, outcome.problem);
        if (outcome.matched_bits != (wanted == NO_PASS ? 0 : wanted))
            fail_msg("%s: %u for %s", cases[i].record, outcome.matched_bits, client);
        assert_true(outcome.cached == (times > 0));
    }
}

static void test_matched_bits(void **state)
{
    struct zone_checks checks;
    char domain[32], record[200];

    (void)state;
    zone_checks_open(&checks, true);
    zone_checks_add_all(&checks, zone, COUNT(zone));
    add_names_of(&checks, V4);
    add_names_of(&checks, V6);
    zone_checks_add(&checks, "org.mail.example.org.here.org", "A", "127.0.0.2");
    zone_checks_add(&checks, "%{i}.org.here.org", "A", "127.0.0.2");
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(domain, sizeof domain, "case%zu.org", i);
        snprintf(record, sizeof record, "v=spf1 %s", cases[i].record);
        zone_checks_add(&checks, domain, "TXT", record);
        check(&checks, i, V4, cases[i].v4);
        check(&checks, i, V6, cases[i].v6);
    }
    zone_checks_close(&checks);
}

/* A best guess of a domain without a record is by its own terms. */
static void test_best_guess(void **state)
{
    struct zone_checks checks;
    struct spf_request request = zone_checks_request(V4, "host.org");
    struct spf_outcome outcome;

    (void)state;
    zone_checks_open(&checks, false);
    zone_checks_add_all(&checks, zone, COUNT(zone));
    request.best_guess = true;
    spf_check(checks.checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_PASS);
    assert_true(outcome.guessed);
    assert_int_equal(outcome.matched_bits, 24);
    zone_checks_close(&checks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matched_bits),
        cmocka_unit_test(test_best_guess),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
