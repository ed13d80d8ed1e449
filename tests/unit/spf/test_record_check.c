/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the check of a record finds, in a zone in memory. */
#include "spf/record_check.h"

#include "unit/spf/zone_checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct zone_entry zone[] = {
    {"six.org", "A", "192.0.2.1"},
    {"six.org", "AAAA", "2001:db8::1"},
    {"four.org", "A", "192.0.2.1"},
    {"mx.org", "MX", "six.org"},
    {"soft.org", "TXT", "v=spf1 ~all"},
    {"wrong.org", "TXT", "v=spf1 ip4:1"},
    {"two.org", "TXT", "v=spf1 -all"},
    {"two.org", "TXT", "v=spf1 ~all"},
    {"slow.org", "TIMEOUT", ""},
    {"loop.org", "TXT", "v=spf1 include:new.org -all"},
    {"five.org", "TXT", "v=spf1 a:six.org a:six.org a:six.org a:six.org a:six.org -all a:six.org"},
    {"outer.org", "TXT", "v=spf1 include:wrong.org -all"},
    {"next.org", "TXT", "v=spf1 a:four.org redirect=soft.org"},
    {"old.org", "TXT", "v=spf1 mx ~all"},
    {"text.org", "TXT", "not from %{i}"},
    {"bad.text.org", "TXT", "100% wrong"},
    {"foreign.new.org", "TXT",
     "b\xc3\xbc"
     "cher"},
    {"open.org", "TXT", "v=spf1 +all"},
    {"opener.org", "TXT", "v=spf1 include:open.org -all"},
    {"four-open.org", "TXT", "v=spf1 ip4:0.0.0.0/0 -all"},
    {"six-open.org", "TXT", "v=spf1 ip6:::/0 ?all"},
    {"host-open.org", "TXT", "v=spf1 a:six.org/0 mx:mx.org/32//0 -all"},
    {"halves.org", "TXT", "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all"},
    {"refuses.org", "TXT", "v=spf1 -ip4:0.0.0.0/0 ~ip6:::/0"},
    {"late.org", "TXT", "v=spf1 ?all ip4:0.0.0.0/0"},
    {"old.org", "TXT", "token"},
    {"last.org", "TXT", "token"},
    {"last.org", "TXT", "v=spf1 mx ~all"},
};

static int open_zone(void **state)
{
    static struct zone_checks checks;

    zone_checks_open(&checks, false);
    zone_checks_add_all(&checks, zone, COUNT(zone));
    for (unsigned i = 0; i < 11; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "h%u.org", i);
        zone_checks_add(&checks, "many.org", "MX", name);
        zone_checks_add(&checks, name, "A", "192.0.2.1");
        zone_checks_add(&checks, name, "AAAA", "2001:db8::1");
    }
    *state = &checks;
    return 0;
}

static int close_zone(void **state)
{
    zone_checks_close(*state);
    return 0;
}

static void run(struct zone_checks *checks, const char *record, const char *domain, struct record_check *check)
{
    *check = (struct record_check){0};
    record_check_run(check, record, strlen(record), domain, checks->zone, checks->now_ms + 1000);
}

/* Fails unless the check finds just what `wanted` says: parts of findings, with a '|' between them. */
static void expect(const char *record, const struct record_check *check, const char *wanted)
{
    char rest[1000], *part, *state = NULL;
    size_t count = 0;

    (void)snprintf(rest, sizeof(rest), "%s", wanted);
    for (part = strtok_r(rest, "|", &state); part; part = strtok_r(NULL, "|", &state), count++) {
        bool found = false;

        for (size_t i = 0; i < check->count; i++)
            found |= strstr(check->findings[i].text, part) != NULL;
        if (!found)
            fail_msg("%s: nothing says: %s", record, part);
    }
    if (check->count != count)
        fail_msg("%s: %zu findings, the last: %s", record, check->count,
                 check->count > 0 ? check->findings[check->count - 1].text : "");
}

static void test_findings(void **state)
{
    static const struct {
        const char *record, *status, *wanted;
    } rows[] = {
        {"v=spf1 ip4:192.0.2.0/24 -all", "fine", ""},
        {"v=spf1 ~all", "fine", ""},
        {"spf1 -all", "permerror", "begins with v=spf1"},
        {"v=spf1 ip4:1 -all", "permerror", "not an IPv4 address"},
        {"v=spf1 ip4:192.0.2.1", "fine", "nothing is said about other clients"},
        {"v=spf1 +all", "fine", "lets everybody"},
        {"v=spf1 all", "fine", "lets everybody"},
        {"v=spf1 ?all", "fine", "says nothing about other"},
        {"v=spf1 -all a:six.org", "fine", "never reached"},
        {"v=spf1 -all exp=text.org redirect=soft.org", "fine", "never followed"},
        {"v=spf1 -all exp=text.org", "fine", ""},
        {"v=spf1 -all exp=none.org", "fine", "none.org has no TXT record"},
        {"v=spf1 -all exp=two.org", "fine", "two.org has several TXT records"},
        {"v=spf1 -all exp=bad.text.org", "fine", "error in a macro"},
        {"v=spf1 -all exp=foreign.%{d2}", "fine", "foreign.new.org has octets"},
        {"v=spf1 -all exp=slow.org", "fine", "slow.org could not be looked up"},
        {"v=spf1 -all exp=%{i}.none.org", "fine", ""},
        {"v=spf1 include:open.org -all", "fine",
         "lets everybody send mail for the domain (+all in the record of open.org)"},
        {"v=spf1 include:opener.org -all", "fine", "(+all in the record of open.org)"},
        {"v=spf1 redirect=open.org", "fine", "(+all in the record of open.org)"},
        {"v=spf1 include:four-open.org -all", "fine",
         "lets every IPv4 client send mail for the domain (ip4:0.0.0.0/0 in the record of four-open.org)"},
        {"v=spf1 redirect=six-open.org", "fine",
         "every IPv6 client send mail for the domain (ip6:::/0 in the record of"},
        {"v=spf1 include:host-open.org -all", "fine", "(a:six.org/0 in the record|(mx:mx.org/32//0 in the record"},
        {"v=spf1 include:halves.org -all", "fine", "allocates (ip4:0.0.0.0/1 in|allocates (ip4:128.0.0.0/1 in"},
        {"v=spf1 include:refuses.org -all", "fine", ""},
        {"v=spf1 include:late.org -all", "fine", ""},
        {"v=spf1 include:https://soft.org -all", "permerror", "invalid target name|a URL"},
        {"v=spf1 include:soft.org-all", "permerror", "has no SPF record|is a space missing|nothing is said"},
        {"v=spf1 ip4:192.0.2.77/24 -all", "fine", "it is all of 192.0.2.0/24, not 192.0.2.77 alone"},
        {"v=spf1 ip6:2001:db8::1/32 -all", "fine", "it is all of 2001:db8::/32"},
        {"v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.7 -ip4:192.0.2.8 -all", "fine", "it is a part of ip4:192.0.2.0/24"},
        {"v=spf1 ip4:1, a:h.org:25 -all", "permerror", "not an IPv4|a port"},
        {"v=spf1 redirect=soft.org redirect=soft.org", "permerror", "a second modifier"},
        {"v=spf1 redirect=soft.org", "fine", ""},
        {"v=spf1 ~all exp=x.org", "fine", "never shown"},
        {"v=spf1 ptr -all", "fine", "should not be used"},
        {"v=spf1 exists:%{p}.org -all", "fine", "uses the p macro"},
        {"v=spf1 exists:six.org -all", "fine", "same for every client"},
        {"v=spf1 ip4=192.0.2.1 -all", "fine", "ip4 takes a colon"},
        {"v=spf1 v=spf1 -all", "fine", "the version stands once"},
        {"v=spf1 moo=x -all", "fine", "an unknown modifier"},
        {"v=spf1 ip4:192.0.2.1 IP4:192.0.2.1 -all", "fine", "a duplicate term"},
        {"v=spf1 ip4:0.0.0.0/0 -all", "fine", "every IPv4 client"},
        {"v=spf1 ip4:128.0.0.0/1 -all", "fine", "wider"},
        {"v=spf1 a:six.org/0 mx:mx.org//18 -all", "fine", "every IPv4 client|wider"},
        {"v=spf1 a:six.org/8//19 -a:six.org/0 -all", "fine", ""},
        {"v=spf1 ip6:2000::/3 -all", "fine", "wider"},
        {"v=spf1 -ip4:10.0.0.0/7 -all", "fine", ""},
        {"v=spf1 a:none.org -all", "fine", "none.org has no address"},
        {"v=spf1 a:four.org -all", "fine", ""},
        {"v=spf1 mx:six.org -all", "fine", "no mail exchanger"},
        {"v=spf1 mx:mx.org -all", "fine", ""},
        {"v=spf1 mx:many.org -all", "permerror", "many.org has more than 10 mail exchangers"},
        {"v=spf1 include:soft.org -all", "fine", ""},
        {"v=spf1 include:soft.org. -all", "fine", ""},
        {"v=spf1 include:none.org -all", "permerror", "none.org has no SPF record"},
        {"v=spf1 redirect=none.org", "permerror", "none.org has no SPF record"},
        {"v=spf1 include:two.org -all", "permerror", "more than one SPF record"},
        {"v=spf1 include:wrong.org -all", "permerror", "record of wrong.org: not an IPv4 address"},
        {"v=spf1 include:outer.org -all", "permerror", "(include:wrong.org in the record of outer.org)"},
        {"v=spf1 include:new.org -all", "permerror", "leads back to new.org"},
        {"v=spf1 include:loop.org -all", "permerror", "leads back to new.org"},
        {"v=spf1 a:slow.org -all", "temperror", "DNS timeout for slow.org A"},
        {"v=spf1 a:x..org -all", "fine", "names no domain"},
        {"v=spf1 a:none1.org a:none2.org a:none3.org -all", "permerror",
         "none1.org|none2.org|none3.org|3 terms are void lookups for IPv4|3 terms are void lookups for IPv6"},
        {"v=spf1 a:four.org a:four.org/24 a:four.org/25 -all", "fine", "3 terms are void lookups for IPv6"},
        {"v=spf1 include:five.org include:five.org ~all", "permerror", "12 DNS-querying terms|a duplicate term"},
    };
    struct record_check check;

    for (size_t i = 0; i < COUNT(rows); i++) {
        run(*state, rows[i].record, "new.org", &check);
        expect(rows[i].record, &check, rows[i].wanted);
        if (strcmp(record_check_status(&check), rows[i].status) != 0)
            fail_msg("%s: %s", rows[i].record, record_check_status(&check));
        assert_false(check.failed);
        record_check_free(&check);
    }
}

/* What was meant stands with what is wrong. */
static void test_meant(void **state)
{
    static const struct {
        const char *record, *meant; /* of the first finding */
    } rows[] = {
        {"v=spf1 include:soft.org, -all", "include:soft.org"},
        {"v=spf1 ip4:1 -all", NULL},
        {"v=spf1; -all", "v=spf1 -all"},
        {"v=spf1 ip4=192.0.2.1 -all", "ip4:192.0.2.1"},
        {"v=spf1 -ip4:192.0.2.77/24 -all", "-ip4:192.0.2.0/24"},
        {"v=spf1 a:https://six.org/x.c -all", "a:six.org"},
        {"v=spf1 ptr -all", NULL},
    };
    struct record_check check;

    for (size_t i = 0; i < COUNT(rows); i++) {
        run(*state, rows[i].record, "new.org", &check);
        assert_true(check.count > 0);
        assert_int_equal(check.findings[0].meant != NULL, rows[i].meant != NULL);
        if (rows[i].meant)
            assert_string_equal(check.findings[0].meant, rows[i].meant);
        record_check_free(&check);
    }
}

static void test_costs(void **state)
{
    static const struct {
        const char *record;
        unsigned dns_terms, v4, v6;
        bool is_partial;
    } rows[] = {
        {"v=spf1 -all a:six.org", 0, 0, 0, false},
        {"v=spf1 mx:mx.org a:four.org exists:none.org -all", 3, 1, 2, false},
        {"v=spf1 exists:%{i}.org -all", 1, 0, 0, true},
        {"v=spf1 ptr -all", 1, 0, 0, true},
        {"v=spf1 include:soft.org include:next.org -all", 4, 0, 1, false},
        {"v=spf1 redirect=next.org", 3, 0, 1, false},
        {"v=spf1 include:five.org -all", 6, 0, 0, false},
        {"v=spf1 a:slow.org -all", 1, 0, 0, true},
    };
    struct record_check check;

    for (size_t i = 0; i < COUNT(rows); i++) {
        run(*state, rows[i].record, "new.org", &check);
        if (check.dns_terms != rows[i].dns_terms || check.void_lookups_v4 != rows[i].v4 ||
            check.void_lookups_v6 != rows[i].v6 || check.is_partial != rows[i].is_partial || !check.costs_known)
            fail_msg("%s: %u %u %u", rows[i].record, check.dns_terms, check.void_lookups_v4, check.void_lookups_v6);
        record_check_free(&check);
    }
}

/* Mistakes and terms are shown where they stand. */
static void test_places(void **state)
{
    struct record_check check;

    run(*state, "v=spf1 mx:mx.org ip4:1 -all", "new.org", &check);
    assert_int_equal(check.count, 1);
    assert_true(check.findings[0].has_place);
    assert_int_equal(check.findings[0].offset, 21);
    assert_non_null(check.findings[0].hint);
    assert_false(check.costs_known);
    record_check_free(&check);
    run(*state, "v=spf1 mx:mx.org include:outer.org -all", "new.org", &check);
    assert_int_equal(check.count, 1);
    assert_int_equal(check.findings[0].offset, 17);
    assert_int_equal(check.findings[0].len, strlen("include:outer.org"));
    assert_null(check.findings[0].hint);
    record_check_free(&check);
}

static void test_sizes(void **state)
{
    char record[600] = "v=spf1";
    struct record_check check;

    for (unsigned i = 0; strlen(record) < 260; i++)
        (void)snprintf(record + strlen(record), sizeof(record) - strlen(record), " ip4:192.0.2.%u", i);
    (void)snprintf(record + strlen(record), sizeof(record) - strlen(record), " -all");
    run(*state, record, "new.org", &check);
    expect(record, &check, "publish it as 2 strings");
    record_check_free(&check);
    for (unsigned i = 0; strlen(record) < 500; i++)
        (void)snprintf(record + 6 + strlen(record + 6), sizeof(record) - strlen(record), " ip4:10.0.2.%u", i);
    run(*state, record, "new.org", &check);
    assert_true(record_check_has(&check, FINDING_WARNING));
    assert_true(strstr(check.findings[check.count - 1].text, "above 512") != NULL);
    record_check_free(&check);
    run(*state, "v=spf1 -all", "old.org", &check);
    expect("old.org", &check, "old.org publishes this now, and may have one record only: v=spf1 mx ~all");
    assert_int_equal(check.findings[0].level, FINDING_NOTE);
    record_check_free(&check);
    run(*state, "v=spf1 -all", "last.org", &check); /* wherever it stands among others */
    expect("last.org", &check, "last.org publishes this now, and may have one record only: v=spf1 mx ~all");
    record_check_free(&check);
}

/* A check that has no memory for something says so, or has found everything. */
static void test_no_memory(void **state)
{
    struct record_check check;

    for (unsigned n = 1, happened = 1; happened; n++) {
        alloc_fail_at(n);
        run(*state, "v=spf1 include:outer.org a:none.org ptr", "new.org", &check);
        happened = alloc_fail_happened();
        alloc_fail_at(0);
        if (!happened)
            expect("new.org", &check, "wrong.org|none.org|should not|nothing is said");
        else
            assert_true(check.failed || check.is_partial || check.count > 0);
        record_check_free(&check);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_findings, open_zone, close_zone),
        cmocka_unit_test_setup_teardown(test_meant, open_zone, close_zone),
        cmocka_unit_test_setup_teardown(test_costs, open_zone, close_zone),
        cmocka_unit_test_setup_teardown(test_places, open_zone, close_zone),
        cmocka_unit_test_setup_teardown(test_sizes, open_zone, close_zone),
        cmocka_unit_test_setup_teardown(test_no_memory, open_zone, close_zone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
