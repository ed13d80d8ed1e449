/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stock libspf2 gets wrong and the walk must not: sizes, limits, redirects, includes, hostile records. */
#include "unit/spf/zone_checks.h"

#include "base/stats.h"
#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int open_zone(void **state)
{
    static struct zone_checks checks;

    zone_checks_open(&checks, false);
    *state = &checks;
    return 0;
}

static int close_zone(void **state)
{
    zone_checks_close(*state);
    return 0;
}

static void add_text(struct zone_checks *checks, const char *name, struct strbuf *text)
{
    assert_false(text->failed);
    zone_checks_add(checks, name, "TXT", text->text);
    strbuf_free(text);
}

static void test_many_networks(void **state)
{
    struct zone_checks *checks = *state;
    struct strbuf v4 = STRBUF_INIT, v6 = STRBUF_INIT;

    strbuf_add(&v4, "v=spf1");
    for (unsigned i = 0; i < 4500; i++)
        strbuf_addf(&v4, " ip4:10.%u.%u.1", i / 250, i % 250);
    strbuf_add(&v4, " -all");
    assert_true(v4.len > 60000);
    strbuf_add(&v6, "v=spf1");
    for (unsigned i = 0; i < 450; i++)
        strbuf_addf(&v6, " ip6:2001:db8:%x::/48", i);
    strbuf_add(&v6, " ~all");
    add_text(checks, "v4.org", &v4);
    add_text(checks, "v6.org", &v6);
    zone_checks_expect(checks, "10.0.0.1", "v4.org", RESULT_PASS);
    zone_checks_expect(checks, "10.0.64.1", "v4.org", RESULT_PASS);  /* the 65th */
    zone_checks_expect(checks, "10.5.249.1", "v4.org", RESULT_PASS); /* the 1,500th */
    zone_checks_expect(checks, "10.17.249.1", "v4.org", RESULT_PASS);
    zone_checks_expect(checks, "10.18.0.1", "v4.org", RESULT_FAIL);
    zone_checks_expect(checks, "2001:db8::1", "v4.org", RESULT_FAIL);
    zone_checks_expect(checks, "2001:db8:19::1", "v6.org", RESULT_PASS); /* the 26th */
    zone_checks_expect(checks, "2001:db8:1c1::1", "v6.org", RESULT_PASS);
    zone_checks_expect(checks, "2001:db8:1c2::1", "v6.org", RESULT_SOFTFAIL);
}

static void test_zero_lengths(void **state)
{
    static const struct zone_entry zone[] = {
        {"v4.org", "TXT", "v=spf1 ip4:1.2.3.4/0 -all"},
        {"v6.org", "TXT", "v=spf1 ip6:::/0 -all"},
        {"a.org", "TXT", "v=spf1 a/0 -all"},
        {"a.org", "A", "10.0.0.1"},
        {"a6.org", "TXT", "v=spf1 a//0 -all"},
        {"a6.org", "AAAA", "2001:db8::5"},
        {"no.org", "TXT", "v=spf1 a/0 -all"},
        {"mx.org", "TXT", "v=spf1 mx/0 -all"},
        {"mx.org", "MX", "a.org"},
    };
    struct zone_checks *checks = *state;

    zone_checks_add_all(checks, zone, COUNT(zone));
    zone_checks_expect(checks, "192.0.2.1", "v4.org", RESULT_PASS);
    zone_checks_expect(checks, "1.0.2.1", "v4.org", RESULT_PASS);
    zone_checks_expect(checks, "2001:db8::1", "v4.org", RESULT_FAIL);
    zone_checks_expect(checks, "2001:db8::1", "v6.org", RESULT_PASS);
    zone_checks_expect(checks, "fe80::1", "v6.org", RESULT_PASS);
    zone_checks_expect(checks, "192.0.2.1", "v6.org", RESULT_FAIL);
    zone_checks_expect(checks, "::ffff:192.0.2.1", "v4.org", RESULT_PASS);
    zone_checks_expect(checks, "192.0.2.1", "a.org", RESULT_PASS);
    zone_checks_expect(checks, "2001:db8::1", "a.org", RESULT_FAIL);
    zone_checks_expect(checks, "2001:db9::1", "a6.org", RESULT_PASS);
    zone_checks_expect(checks, "192.0.2.1", "no.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "mx.org", RESULT_PASS);
}

static void test_redirect(void **state)
{
    static const struct zone_entry zone[] = {
        {"all.org", "TXT", "v=spf1 redirect=pass.org -all"},
        {"first.org", "TXT", "v=spf1 redirect=pass.org ?ip4:10.0.0.1"},
        {"pass.org", "TXT", "v=spf1 +all"},
        {"none.org", "TXT", "v=spf1 redirect=nothing.org"},
        {"single.org", "TXT", "v=spf1 redirect=%{d1}"},
        {"chain.org", "TXT", "v=spf1 redirect=first.org"},
        {"self.org", "TXT", "v=spf1 redirect=self.org"},
        {"dead.org", "TXT", "v=spf1 redirect=dead.example"},
        {"dead.example", "TIMEOUT", ""},
        {"two.org", "TXT", "v=spf1 -all"},
        {"two.org", "TXT", "v=spf1 +all"},
        {"to-two.org", "TXT", "v=spf1 redirect=two.org"},
    };
    struct zone_checks *checks = *state;

    zone_checks_add_all(checks, zone, COUNT(zone));
    zone_checks_expect(checks, "192.0.2.1", "all.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "first.org", RESULT_PASS);
    zone_checks_expect(checks, "10.0.0.1", "first.org", RESULT_NEUTRAL);
    zone_checks_expect(checks, "10.0.0.1", "chain.org", RESULT_NEUTRAL);
    zone_checks_expect(checks, "192.0.2.1", "none.org", RESULT_PERMERROR);
    zone_checks_expect(checks, "192.0.2.1", "single.org", RESULT_PERMERROR);
    zone_checks_expect(checks, "192.0.2.1", "dead.org", RESULT_TEMPERROR);
    zone_checks_expect(checks, "192.0.2.1", "two.org", RESULT_PERMERROR);
    zone_checks_expect(checks, "192.0.2.1", "to-two.org", RESULT_PERMERROR);
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "self.org", RESULT_PERMERROR), 1);
    assert_string_equal(zone_checks_ask(checks, "192.0.2.1", "chain.org").mechanism, "+all of pass.org");
}

static void test_include(void **state)
{
    static const struct zone_entry zone[] = {
        {"pass.org", "TXT", "v=spf1 include:plus.org -all"},
        {"plus.org", "TXT", "v=spf1 ip4:192.0.2.0/24 -all"},
        {"minus.org", "TXT", "v=spf1 -include:plus.org ?all"},
        {"none.org", "TXT", "v=spf1 include:nothing.org +all"},
        {"bad.org", "TXT", "v=spf1 include:broken.org +all"},
        {"broken.org", "TXT", "v=spf1 foo"},
        {"temp.org", "TXT", "v=spf1 include:dead.org +all"},
        {"dead.org", "TIMEOUT", ""},
        {"grow.org", "TXT", "v=spf1 include:%{d}.%{d} +all"},
        {"neutral.org", "TXT", "v=spf1 include:empty.org -all"},
        {"empty.org", "TXT", "v=spf1"},
        {"soft.org", "TXT", "v=spf1 include:tilde.org -all"},
        {"tilde.org", "TXT", "v=spf1 ~all"},
    };
    struct zone_checks *checks = *state;
    struct strbuf name = STRBUF_INIT;

    zone_checks_add_all(checks, zone, COUNT(zone));
    zone_checks_expect(checks, "192.0.2.1", "pass.org", RESULT_PASS);
    zone_checks_expect(checks, "192.0.3.1", "pass.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "minus.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.3.1", "minus.org", RESULT_NEUTRAL);
    zone_checks_expect(checks, "192.0.2.1", "none.org", RESULT_PERMERROR);
    zone_checks_expect(checks, "192.0.2.1", "bad.org", RESULT_PERMERROR);
    zone_checks_expect(checks, "192.0.2.1", "temp.org", RESULT_TEMPERROR);
    zone_checks_expect(checks, "192.0.2.1", "neutral.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "soft.org", RESULT_FAIL);
    /* a domain that includes one twice as long: at the limit of 253 octets it is cut, and asked for once more at most
     */
    strbuf_add(&name, "grow.org");
    for (int i = 0; i < 5; i++) {
        char *text = strdup(strbuf_text(&name));

        strbuf_addf(&name, ".%s", text);
        free(text);
        zone_checks_add(checks, name.text, "TXT", "v=spf1 include:%{d}.%{d} +all");
    }
    strbuf_free(&name);
    assert_in_range(zone_checks_expect(checks, "192.0.2.1", "grow.org", RESULT_PERMERROR), 2, 11);
}

static void test_ten_levels(void **state)
{
    struct zone_checks *checks = *state;
    char name[32], text[64];

    for (int level = 0; level <= 11; level++) {
        snprintf(name, sizeof(name), "l%d.org", level);
        snprintf(text, sizeof(text), level < 11 ? "v=spf1 include:l%d.org -all" : "v=spf1 ip4:192.0.2.0/24 -all",
                 level + 1);
        zone_checks_add(checks, name, "TXT", text);
    }
    zone_checks_expect(checks, "192.0.2.1", "l1.org", RESULT_PASS); /* ten includes */
    zone_checks_expect(checks, "192.0.3.1", "l1.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "l0.org", RESULT_PERMERROR); /* eleven */
}

/* Ten terms may be asked, the eleventh is an error, however they are spread over records. */
static void test_term_limit(void **state)
{
    struct zone_checks *checks = *state;
    struct strbuf ten = STRBUF_INIT, eleven = STRBUF_INIT;

    strbuf_add(&ten, "v=spf1");
    for (int i = 0; i < 10; i++)
        strbuf_addf(&ten, " a:h%d.org/8", i);
    strbuf_addf(&eleven, "%s mx:h0.org -all", ten.text);
    strbuf_add(&ten, " -all");
    add_text(checks, "ten.org", &ten);
    add_text(checks, "eleven.org", &eleven);
    for (int i = 0; i < 10; i++) {
        char name[32];

        snprintf(name, sizeof(name), "h%d.org", i);
        zone_checks_add(checks, name, "A", "10.0.0.1");
    }
    zone_checks_add(checks, "over.org", "TXT", "v=spf1 include:ten.org +all");
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "ten.org", RESULT_FAIL), 11);
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "eleven.org", RESULT_PERMERROR), 11);
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "over.org", RESULT_PERMERROR), 11);
    assert_int_equal(zone_checks_expect(checks, "10.0.0.2", "over.org", RESULT_PASS), 3);
}

/* Includes ten wide and five deep cost stock libspf2 211,111 questions. */
static void test_fan_out(void **state)
{
    struct zone_checks *checks = *state;

    for (int level = 0; level < 6; level++) {
        struct strbuf text = STRBUF_INIT;
        char name[32];

        snprintf(name, sizeof(name), "f%d.org", level);
        strbuf_add(&text, "v=spf1");
        for (int i = 0; i < 10; i++)
            strbuf_addf(&text, level < 5 ? " include:f%d.org" : " exists:x%d.h.org", level < 5 ? level + 1 : i);
        add_text(checks, name, &text);
    }
    assert_in_range(zone_checks_expect(checks, "192.0.2.1", "f0.org", RESULT_PERMERROR), 2, 11);
}

/* The most that a record may cost: ten mx terms with ten names each, the names of the client, and the explanation. */
static void test_worst_cost(void **state)
{
    struct zone_checks *checks = *state;
    struct strbuf text = STRBUF_INIT;
    char name[32];

    strbuf_add(&text, "v=spf1 ptr:elsewhere.org");
    for (int i = 0; i < 9; i++)
        strbuf_addf(&text, " mx:m%d.org", i);
    strbuf_add(&text, " -all exp=%{p}.e.org");
    add_text(checks, "worst.org", &text);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "h%d.org", i);
        zone_checks_add(checks, name, "A", "10.0.0.1");
        if (i < 90) {
            char owner[32];

            snprintf(owner, sizeof(owner), "m%d.org", i / 10);
            zone_checks_add(checks, owner, "MX", name);
        }
        snprintf(name, sizeof(name), "p%d.org", i);
        zone_checks_add(checks, name, "A", "10.0.0.1");
        zone_checks_add(checks, "1.2.0.192.in-addr.arpa", "PTR", name);
    }
    /* the record, 9 times an MX and its 10 names, a PTR and 10 of its names, the explanation */
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "worst.org", RESULT_FAIL), 1 + 9 * 11 + 11 + 1);
}

static void test_void_lookups(void **state)
{
    static const struct zone_entry zone[] = {
        {"two.org", "TXT", "v=spf1 a:no1.org exists:no2.org -all"},
        {"three.org", "TXT", "v=spf1 a:no1.org exists:no2.org mx:no3.org +all"},
        {"late.org", "TXT", "v=spf1 a:no1.org exists:no2.org ip4:192.0.2.1 mx:no3.org -all"},
        {"split.org", "TXT", "v=spf1 include:two.org ptr -all"},
        {"names.org", "TXT", "v=spf1 mx -all"},
        {"names.org", "MX", "no1.org"},
        {"names.org", "MX", "no2.org"},
        {"names.org", "MX", "no3.org"},
        {"terms.org", "TXT", "v=spf1 mx:names.org mx:names.org a:no4.org -all"},
        {"match.org", "TXT", "v=spf1 mx:one.org mx:one.org mx:one.org ip4:192.0.2.1 -all"},
        {"one.org", "MX", "no1.org"},
        {"one.org", "MX", "host.org"},
        {"host.org", "A", "192.0.2.1"},
        {"null.org", "TXT", "v=spf1 mx a:no1.org a:no2.org -all"},
        {"null.org", "MX", ""},
        {"bad.org", "TXT", "v=spf1 a:no1.org a:no2.org a:%{l}..x.org exists:%{l}..%{o} -all"},
        {"bad.org", "A", "10.0.0.1"},
        {"exp.org", "TXT", "v=spf1 a:no1.org a:no2.org -all exp=no3.org"},
        {"p.org", "TXT", "v=spf1 a:no1.org a:no2.org exists:%{p}.yes.org -all"},
        {"unknown.yes.org", "A", "127.0.0.2"},
    };
    struct zone_checks *checks = *state;

    zone_checks_add_all(checks, zone, COUNT(zone));
    zone_checks_expect(checks, "192.0.2.1", "two.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "three.org", RESULT_PERMERROR);
    zone_checks_expect(checks, "192.0.2.1", "late.org", RESULT_PASS);
    zone_checks_expect(checks, "192.0.2.1", "split.org", RESULT_PERMERROR);
    zone_checks_expect(checks, "192.0.2.1", "names.org", RESULT_FAIL); /* the limit is on terms (RFC 7208 4.6.4) */
    zone_checks_expect(checks, "192.0.2.1", "terms.org", RESULT_PERMERROR);
    zone_checks_expect(checks, "192.0.2.1", "match.org", RESULT_PASS);
    zone_checks_expect(checks, "192.0.2.1", "null.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "bad.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "exp.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "p.org", RESULT_PASS);
}

static void test_mx_limit(void **state)
{
    struct zone_checks *checks = *state;
    char name[32], addr[32];

    zone_checks_add(checks, "ten.org", "TXT", "v=spf1 mx -all");
    zone_checks_add(checks, "eleven.org", "TXT", "v=spf1 mx +all");
    for (int i = 1; i <= 11; i++) {
        snprintf(name, sizeof(name), "h%d.org", i);
        snprintf(addr, sizeof(addr), "10.0.0.%d", i);
        zone_checks_add(checks, name, "A", addr);
        if (i <= 10)
            zone_checks_add(checks, "ten.org", "MX", name);
        zone_checks_add(checks, "eleven.org", "MX", name);
    }
    zone_checks_expect(checks, "10.0.0.10", "ten.org", RESULT_PASS);
    zone_checks_expect(checks, "10.0.0.99", "ten.org", RESULT_FAIL);
    zone_checks_expect(checks, "10.0.0.1", "eleven.org", RESULT_PERMERROR); /* wherever the client's stands */
    zone_checks_expect(checks, "10.0.0.11", "eleven.org", RESULT_PERMERROR);
}

/* Gives a name so many addresses, none of which is a client's. */
static void add_addresses(struct zone_checks *checks, const char *name, unsigned count)
{
    char addr[32];

    for (unsigned i = 0; i < count; i++) {
        snprintf(addr, sizeof(addr), "172.16.%u.%u", i / 250, i % 250 + 1);
        zone_checks_add(checks, name, "A", addr);
    }
}

/* Ten hosts in the records of `owner`, h0.org to h9.org, whose addresses are 320 kB. */
static void add_large_hosts(struct zone_checks *checks, const char *owner, const char *type)
{
    char name[32];

    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "h%d.org", i);
        zone_checks_add(checks, owner, type, name);
        add_addresses(checks, name, 2000);
    }
}

/* Answers of 60 kB each: four are below the bound, five are not, and the next term that asks the DNS ends it. */
static void test_large_records(void **state)
{
    static const struct zone_entry zone[] = {
        {"four.org", "TXT", "v=spf1 include:i1.org include:i2.org include:i3.org include:i4.org a:no.org -all"},
        {"five.org", "TXT",
         "v=spf1 include:i1.org include:i2.org include:i3.org include:i4.org include:i5.org a:host.org -all"},
        {"end.org", "TXT", "v=spf1 include:i1.org include:i2.org include:i3.org include:i4.org include:i5.org -all"},
        {"host.org", "A", "192.0.2.1"},
    };
    struct zone_checks *checks = *state;
    char name[32];

    zone_checks_add_all(checks, zone, COUNT(zone));
    for (int i = 1; i <= 5; i++) {
        struct strbuf text = STRBUF_INIT;

        snprintf(name, sizeof(name), "i%d.org", i);
        zone_checks_add(checks, name, "TXT", "v=spf1 ?all");
        for (int j = 0; j < 6000; j++)
            strbuf_add(&text, "0123456789");
        add_text(checks, name, &text);
    }
    zone_checks_expect(checks, "192.0.2.1", "four.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "five.org", RESULT_PERMERROR);
    zone_checks_expect(checks, "192.0.2.1", "end.org", RESULT_FAIL);
}

/* One exchanger that matches is enough, wherever it stands and however much the others have. */
static void test_large_exchangers(void **state)
{
    struct zone_checks *checks = *state;

    zone_checks_add(checks, "own.org", "TXT", "v=spf1 mx a:host.org -all");
    zone_checks_add(checks, "host.org", "A", "192.0.2.1");
    add_large_hosts(checks, "own.org", "MX");
    zone_checks_expect(checks, "192.0.2.1", "own.org", RESULT_PERMERROR);
    for (int i = 0; i < 10; i++) {
        char name[32], client[32];

        snprintf(name, sizeof(name), "h%d.org", i);
        snprintf(client, sizeof(client), "10.0.0.%d", i);
        zone_checks_add(checks, name, "A", client);
        zone_checks_expect(checks, client, "own.org", RESULT_PASS);
    }
}

/* What a client's reverse zone leads to may be as large as it likes: that is no error of the record. */
static void test_large_client_names(void **state)
{
    struct zone_checks *checks = *state;

    zone_checks_add(checks, "own.org", "TXT", "v=spf1 ptr a:host.org -all");
    zone_checks_add(checks, "host.org", "A", "192.0.2.2");
    add_large_hosts(checks, "1.2.0.192.in-addr.arpa", "PTR");
    zone_checks_expect(checks, "192.0.2.1", "own.org", RESULT_FAIL);
}

static void test_ptr(void **state)
{
    static const struct zone_entry zone[] = {
        {"1.2.0.192.in-addr.arpa", "PTR", "forged.org"},
        {"1.2.0.192.in-addr.arpa", "PTR", "dead.org"},
        {"1.2.0.192.in-addr.arpa", "PTR", "MX.Good.ORG"},
        {"forged.org", "A", "10.0.0.1"},
        {"dead.org", "TIMEOUT", ""},
        {"mx.good.org", "A", "192.0.2.1"},
        {"good.org", "TXT", "v=spf1 ptr -all"},
        {"ood.org", "TXT", "v=spf1 ptr -all"},
        {"forged.org", "TXT", "v=spf1 ptr -all"},
        {"other.org", "TXT", "v=spf1 ptr:mx.good.org -all"},
        {"below.org", "TXT", "v=spf1 ptr:a.mx.good.org -all"},
        {"2.2.0.192.in-addr.arpa", "TIMEOUT", ""},
    };
    struct zone_checks *checks = *state;

    zone_checks_add_all(checks, zone, COUNT(zone));
    zone_checks_expect(checks, "192.0.2.1", "good.org", RESULT_PASS);
    zone_checks_expect(checks, "192.0.2.1", "ood.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "forged.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "other.org", RESULT_PASS);
    zone_checks_expect(checks, "192.0.2.1", "below.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.2", "good.org", RESULT_FAIL); /* RFC 7208 5.5: an error is no match */
}

static void test_macros(void **state)
{
    static const struct zone_entry zone[] = {
        {"mail.x.org", "TXT", "v=spf1 exists:%{d2}.ok.org exists:%{l1r-}.%{H}.ok.org -all"},
        {"x.org.ok.org", "A", "127.0.0.2"},
        {"v6.org", "TXT", "v=spf1 exists:%{ir}.%{v}.ok.org -all"},
        {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.ok.org", "A", "127.0.0.2"},
        {"include.org", "TXT", "v=spf1 include:inner.org -all"},
        {"inner.org", "TXT", "v=spf1 exists:%{d}.%{o}.ok.org"},
        {"inner.org.include.org.ok.org", "A", "127.0.0.2"},
    };
    struct zone_checks *checks = *state;

    zone_checks_add_all(checks, zone, COUNT(zone));
    zone_checks_expect(checks, "192.0.2.1", "mail.x.org", RESULT_PASS); /* libspf2 asks for .org.ok.org or worse */
    zone_checks_expect(checks, "2001:db8::1", "v6.org", RESULT_PASS);
    zone_checks_expect(checks, "2001:db8::2", "v6.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "include.org", RESULT_PASS);
}

static void test_hostile_octets(void **state)
{
    struct zone_checks *checks = *state;
    static const char nul[] = "v=spf1 +all\0 -all", inner[] = "v=spf1 a:x\0y.org +all", high[] = "v=spf1 +all \xe9";

    assert_true(suite_dns_add(checks->zone, "nul.org", "TXT", 0, nul, sizeof(nul) - 1));
    assert_true(suite_dns_add(checks->zone, "inner.org", "TXT", 0, inner, sizeof(inner) - 1));
    assert_true(suite_dns_add(checks->zone, "high.org", "TXT", 0, high, sizeof(high) - 1));
    zone_checks_expect(checks, "192.0.2.1", "nul.org", RESULT_PERMERROR);
    zone_checks_expect(checks, "192.0.2.1", "inner.org", RESULT_PERMERROR);
    zone_checks_expect(checks, "192.0.2.1", "high.org", RESULT_PERMERROR);
}

/* The shape of CVE-2023-42118: libspf2 writes past its buffer for such a text, at exp or in a term. */
static void test_overflow(void **state)
{
    struct zone_checks *checks = *state;
    struct strbuf explanation = STRBUF_INIT, record = STRBUF_INIT;

    for (int i = 0; i < 43; i++)
        strbuf_add(&explanation, "%{d}x");
    assert_int_equal(explanation.len, 215);
    strbuf_add(&record, "v=spf1 exists:");
    for (int i = 0; i < 2000; i++)
        strbuf_add(&record, "%{i}x.");
    strbuf_add(&record, "example.org -all exp=exp.org");
    add_text(checks, "exp.org", &explanation);
    add_text(checks, "d.org", &record);
    zone_checks_expect(checks, "192.0.2.1", "d.org", RESULT_FAIL);
    assert_int_equal(strlen(zone_checks_ask(checks, "192.0.2.1", "d.org").explanation), 43 * 6);
}

static void test_record_choice(void **state)
{
    static const struct zone_entry zone[] = {
        {"one.org", "TXT", "some \xc3\xa9 text"}, {"one.org", "TXT", "v=spf1 -all"},
        {"one.org", "TXT", "v=spf10 +all"},       {"twice.org", "TXT", "v=spf1 -all"},
        {"twice.org", "TXT", "some text"},        {"twice.org", "TXT", "v=spf1 -all"},
        {"case.org", "TXT", "v=spf1 -all"},       {"case.org", "TXT", "v=spf1 -ALL"},
        {"none.org", "TXT", "v=spf2 -all"},       {"a.org", "A", "192.0.2.1"},
        {"alias.org", "CNAME", "one.org"},        {"slow.org", "TIMEOUT", ""},
    };
    struct zone_checks *checks = *state;

    zone_checks_add_all(checks, zone, COUNT(zone));
    zone_checks_expect(checks, "192.0.2.1", "one.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "alias.org", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "twice.org", RESULT_FAIL); /* one record, word for word */
    zone_checks_expect(checks, "192.0.2.1", "case.org", RESULT_PERMERROR);
    zone_checks_expect(checks, "192.0.2.1", "none.org", RESULT_NONE);
    zone_checks_expect(checks, "192.0.2.1", "a.org", RESULT_NONE);
    zone_checks_expect(checks, "192.0.2.1", "nothing.org", RESULT_NONE);
    zone_checks_expect(checks, "192.0.2.1", "slow.org", RESULT_TEMPERROR);
}

/* One set of records, one result: wherever the host stands that matches, and whatever the others are. */
static void test_mx_orders(void **state)
{
    enum { HOSTS = 4 };
    static const char *const hosts[HOSTS] = {"v4a.org", "v6.org", "v4b.org", "dead.org"};

    (void)state;
    for (unsigned first = 0; first < HOSTS; first++) {
        struct zone_checks checks;

        zone_checks_open(&checks, false);
        zone_checks_add(&checks, "mx.org", "TXT", "v=spf1 mx -all");
        for (unsigned i = 0; i < HOSTS; i++)
            zone_checks_add(&checks, "mx.org", "MX", hosts[(first + i) % HOSTS]);
        zone_checks_add(&checks, "v4a.org", "A", "10.0.0.1");
        zone_checks_add(&checks, "v4b.org", "A", "10.0.0.2");
        zone_checks_add(&checks, "v6.org", "AAAA", "2001:db8::1");
        zone_checks_expect(&checks, "2001:db8::1", "mx.org", RESULT_PASS);
        zone_checks_expect(&checks, "2001:db8::2", "mx.org", RESULT_FAIL);
        zone_checks_add(&checks, "dead.org", "TIMEOUT", "");
        zone_checks_expect(&checks, "2001:db8::1", "mx.org", RESULT_PASS);
        zone_checks_expect(&checks, "2001:db8::2", "mx.org", RESULT_TEMPERROR);
        zone_checks_close(&checks);
    }
}

/* A local part beyond US-ASCII matches nothing, and the evaluation goes on (RFC 8616 4). */
static void test_foreign_local_part(void **state)
{
    static const struct {
        const char *record;
        enum spf_result result;
        const char *mechanism;
    } rows[] = {
        {"v=spf1 include:%{l}.pass.org ~all", RESULT_SOFTFAIL, "~all"},
        {"v=spf1 a:%{s}.pass.org mx:%{l}.pass.org ptr:%{l}.org exists:%{l}.pass.org ~all", RESULT_SOFTFAIL, "~all"},
        {"v=spf1 redirect=%{l}.pass.org", RESULT_NEUTRAL, "default"},
        {"v=spf1 include:plain.org -all", RESULT_PASS, "include:plain.org"},
        {"v=spf1 include:%{l1r}.none.org ip4:192.0.2.1 -all", RESULT_PASS, "ip4:192.0.2.1"},
        {"v=spf1 -all exp=%{l}.exp.org", RESULT_FAIL, "-all"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zone_checks checks;
        struct spf_request request = zone_checks_request("192.0.2.1", "own.org");
        struct spf_outcome outcome;

        zone_checks_open(&checks, false);
        zone_checks_add(&checks, "own.org", "TXT", rows[i].record);
        zone_checks_add(&checks, "j\xc3\xb6rg.pass.org", "TXT", "v=spf1 +all");
        zone_checks_add(&checks, "j\xc3\xb6rg.exp.org", "TXT", "not to be found");
        zone_checks_add(&checks, "plain.org", "TXT", "v=spf1 include:%{l}.pass.org ip4:192.0.2.1 ?all");
        request.local = "j\xc3\xb6rg";
        spf_check(checks.checker, &request, &outcome);
        assert_string_equal(result_name(outcome.result), result_name(rows[i].result));
        assert_string_equal(outcome.mechanism, rows[i].mechanism);
        assert_string_equal(outcome.explanation, "");
        zone_checks_close(&checks);
    }
    assert_int_equal(stats_get(STATS_SPF_DISAGREEMENTS), 0);
}

#define IN_ZONE(test) cmocka_unit_test_setup_teardown(test, open_zone, close_zone)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ZONE(test_many_networks),
        IN_ZONE(test_zero_lengths),
        IN_ZONE(test_redirect),
        IN_ZONE(test_include),
        IN_ZONE(test_ten_levels),
        IN_ZONE(test_term_limit),
        IN_ZONE(test_fan_out),
        IN_ZONE(test_worst_cost),
        IN_ZONE(test_void_lookups),
        IN_ZONE(test_mx_limit),
        IN_ZONE(test_large_records),
        IN_ZONE(test_large_exchangers),
        IN_ZONE(test_large_client_names),
        IN_ZONE(test_ptr),
        IN_ZONE(test_macros),
        IN_ZONE(test_hostile_octets),
        IN_ZONE(test_overflow),
        IN_ZONE(test_record_choice),
        cmocka_unit_test(test_mx_orders),
        cmocka_unit_test(test_foreign_local_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
