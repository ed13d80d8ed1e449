/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The front of the room: requests of every shape, the texts of outcomes, caching, deadlines, and no memory. */
#include "unit/spf/zone_checks.h"

#include "base/log.h"
#include "base/stats.h"
#include "spf/host_address.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int open_plain(void **state)
{
    static struct zone_checks checks;

    zone_checks_open(&checks, false);
    *state = &checks;
    return 0;
}

static int open_cached(void **state)
{
    static struct zone_checks checks;

    zone_checks_open(&checks, true);
    *state = &checks;
    return 0;
}

static int close_zone(void **state)
{
    zone_checks_close(*state);
    return 0;
}

static void test_domains(void **state)
{
    static const char *const invalid[] = {
        "",
        ".",
        "org",
        "org.",
        "a..org",
        ".a.org",
        "a.org..",
        "[192.0.2.1]",
        "a b.org",
        "a\t.org",
        "\xc3\xa9.org",
        "x@y.org",
        "a,b.org",
        "a\x7f.org",
        "\\046.org",
        "\"a\".org",
        "A123456789012345678901234567890123456789012345678901234567890123.org",
    };
    struct zone_checks *checks = *state;
    char name[300];

    zone_checks_add(checks, "a.org", "TXT", "v=spf1 -all");
    zone_checks_add(checks, "_x.a-b.org", "TXT", "v=spf1 -all");
    for (size_t i = 0; i < COUNT(invalid); i++)
        assert_int_equal(zone_checks_expect(checks, "192.0.2.1", invalid[i], RESULT_NONE), 0);
    zone_checks_expect(checks, "192.0.2.1", "A.org.", RESULT_FAIL);
    zone_checks_expect(checks, "192.0.2.1", "_x.a-b.org", RESULT_FAIL);
    for (size_t i = 0; i < sizeof(name) - 1; i++)
        name[i] = (char)(i % 2 ? '.' : 'a');
    name[253] = '\0'; /* 127 labels: the longest name there is */
    zone_checks_add(checks, name, "TXT", "v=spf1 -all");
    zone_checks_expect(checks, "192.0.2.1", name, RESULT_FAIL);
    name[253] = 'b';
    name[254] = '\0';
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", name, RESULT_NONE), 0);
}

static void test_clients(void **state)
{
    static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1};
    struct zone_checks *checks = *state;
    struct spf_request request = zone_checks_request("", "a.org");
    struct spf_outcome outcome;

    zone_checks_add(checks, "a.org", "TXT", "v=spf1 ip4:192.0.2.1 -all");
    assert_int_equal(zone_checks_expect(checks, "", "a.org", RESULT_NONE), 0);
    request.client = addr_from_v6(mapped);
    spf_check(checks->checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_PASS);
    zone_checks_expect(checks, "127.0.0.1", "a.org", RESULT_FAIL); /* libspf2 passes it by itself */
    zone_checks_expect(checks, "::1", "a.org", RESULT_FAIL);
}

static void test_hosts(void **state)
{
    static const struct {
        const char *name, *client;
        enum tristate has_address;
    } cases[] = {
        {"h.org", "10.0.0.1", TRISTATE_YES},
        {"h.org", "10.0.0.2", TRISTATE_YES},
        {"H.org.", "10.0.0.1", TRISTATE_YES},
        {"h.org", "10.0.0.3", TRISTATE_NO},
        {"h.org", "2001:db8::1", TRISTATE_YES},
        {"h.org", "2001:db8::2", TRISTATE_NO},
        {"h.org", "", TRISTATE_NO},
        {"x.org", "10.0.0.1", TRISTATE_NO},
        {"", "10.0.0.1", TRISTATE_NO},
        {"a..h.org", "10.0.0.1", TRISTATE_NO},
        {"t.org", "10.0.0.1", TRISTATE_UNKNOWN},
    };
    static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1};
    struct zone_checks *checks = *state;
    struct addr client = addr_from_v6(mapped);
    int64_t deadline_ms = spf_checker_deadline_ms(checks->checker);
    char too_long[300];

    zone_checks_add(checks, "h.org", "A", "10.0.0.1");
    zone_checks_add(checks, "h.org", "A", "10.0.0.2");
    zone_checks_add(checks, "h.org", "AAAA", "2001:db8::1");
    zone_checks_add(checks, "t.org", "TIMEOUT", "");
    assert_int_equal(host_has_address(spf_checker_dns(checks->checker), "h.org", &client, deadline_ms), TRISTATE_YES);
    memset(too_long, 'a', sizeof(too_long) - 1);
    too_long[sizeof(too_long) - 1] = '\0';
    assert_int_equal(host_has_address(spf_checker_dns(checks->checker), too_long, &client, deadline_ms), TRISTATE_NO);
    for (size_t i = 0; i < COUNT(cases); i++) {
        client = zone_checks_request(cases[i].client, "").client;
        if (host_has_address(spf_checker_dns(checks->checker), cases[i].name, &client, deadline_ms) !=
            (enum tristate)cases[i].has_address)
            fail_msg("%s and %s", cases[i].name, cases[i].client);
    }
}

/* One lookup in the result cache, however many entries it took, or none where nothing is asked. */
static void expect_source(struct zone_checks *checks, const char *client, const char *domain, enum stats_counter source)
{
    static const enum stats_counter sources[] = {STATS_CACHED, STATS_JOINED, STATS_EVALUATED};
    uint64_t before[COUNT(sources)];

    for (size_t n = 0; n < COUNT(sources); n++)
        before[n] = stats_get(sources[n]);
    (void)zone_checks_ask(checks, client, domain);
    for (size_t n = 0; n < COUNT(sources); n++)
        if (stats_get(sources[n]) - before[n] != (sources[n] == source))
            fail_msg("%s: %s was counted %d times", domain, stats_name(sources[n]),
                     (int)(stats_get(sources[n]) - before[n]));
}

static void test_counts_each_lookup_once(void **state)
{
    static const struct zone_entry zone[] = {
        {"plain.org", "TXT", "v=spf1 ip4:192.0.2.1 -all"},
        {"varies.org", "TXT", "v=spf1 exists:%{l}.ok.org -all"},
        {"slow.org", "TIMEOUT", ""},
    };
    struct zone_checks *checks = *state;

    zone_checks_add_all(checks, zone, COUNT(zone));
    for (size_t n = 0; n < 2; n++) {
        expect_source(checks, "192.0.2.1", zone[n].name, STATS_EVALUATED);
        expect_source(checks, "192.0.2.1", zone[n].name, STATS_CACHED);
        expect_source(checks, "192.0.2.1", zone[n].name, STATS_CACHED);
        expect_source(checks, "192.0.2.2", zone[n].name, STATS_EVALUATED);
    }
    expect_source(checks, "192.0.2.1", "slow.org", STATS_EVALUATED); /* is not cached */
    expect_source(checks, "192.0.2.1", "slow.org", STATS_EVALUATED);
    expect_source(checks, "192.0.2.1", "localhost", STATS_COUNT); /* can have no policy */
}

/* Only a pass permits, and nobody's results are counted. */
static void test_permits(void **state)
{
    struct zone_checks *checks = *state;
    struct spf_request request = zone_checks_request("192.0.2.1", "a.org");
    uint64_t passes = stats_get(STATS_PASS), cached = stats_get(STATS_CACHED);

    zone_checks_add(checks, "a.org", "TXT", "v=spf1 ip4:192.0.2.1 ~ip4:192.0.2.2 ?ip4:192.0.2.3 -all");
    assert_int_equal(spf_permits(checks->checker, &request), TRISTATE_YES);
    assert_int_equal(spf_permits(checks->checker, &request), TRISTATE_YES);
    assert_int_equal(stats_get(STATS_PASS), passes);
    assert_int_equal(stats_get(STATS_CACHED), cached + 1);
    for (unsigned last = 2; last < 5; last++) {
        request.client.bytes[3] = (uint8_t)last;
        assert_int_equal(spf_permits(checks->checker, &request), TRISTATE_NO);
    }
    zone_checks_add(checks, "slow.org", "TIMEOUT", "");
    request = zone_checks_request("192.0.2.1", "slow.org");
    assert_int_equal(spf_permits(checks->checker, &request), TRISTATE_UNKNOWN);
    request = zone_checks_request("192.0.2.1", "none.org");
    assert_int_equal(spf_permits(checks->checker, &request), TRISTATE_NO);
}

static void test_texts(void **state)
{
    static const struct zone_entry zone[] = {
        {"a.org", "TXT", "v=spf1 ip4:192.0.2.1 A:h.org/24 ip4:192.0.2.2 -a:x.org -include:b.org ?aLL"},
        {"h.org", "A", "10.0.0.1"},
        {"x.org", "A", "10.1.0.1"},
        {"b.org", "TXT", "v=spf1 ip4:192.0.2.3 -all"},
        {"d.org", "TXT", "v=spf1 a:h.org"},
        {"r.org", "TXT", "v=spf1 a:h.org redirect=a.org"},
        {"rrr.org", "TXT", "v=spf1 redirect=d.org"},
        {"rto.org", "TXT", "v=spf1 redirect=to.org"},
        {"in.org", "TXT", "v=spf1 include:bad.org -all"},
        {"nowhere.org", "TXT", "v=spf1 include:%{d1}"},
        {"ten.org", "TXT", "v=spf1 include:ten.org"},
        {"void.org", "TXT", "v=spf1 a:v1.org a:v2.org exists:v3.org"},
        {"bad.org", "TXT", "v=spf1 a foo:\x01%n\xff bar"},
        {"lost.org", "TXT", "v=spf1 a:slow.org -all"},
        {"slow.org", "TIMEOUT", ""},
        {"to.org", "TXT", "v=spf1 include:none.org -all"},
    };
    static const struct {
        const char *client, *domain;
        enum spf_result result;
        const char *mechanism, *problem;
    } rows[] = {
        {"192.0.2.1", "a.org", RESULT_PASS, "ip4:192.0.2.1", ""},
        {"10.0.0.7", "a.org", RESULT_PASS, "A:h.org/24", ""},
        {"192.0.2.2", "a.org", RESULT_PASS, "ip4:192.0.2.2", ""},
        {"10.1.0.1", "a.org", RESULT_FAIL, "-a:x.org", ""},
        {"192.0.2.3", "a.org", RESULT_FAIL, "-include:b.org", ""},
        {"192.0.2.4", "a.org", RESULT_NEUTRAL, "?aLL", ""},
        {"192.0.2.4", "d.org", RESULT_NEUTRAL, "default", ""},
        {"10.0.0.1", "d.org", RESULT_PASS, "a:h.org", ""},
        {"192.0.2.4", "r.org", RESULT_NEUTRAL, "?aLL of a.org", ""},
        {"192.0.2.3", "r.org", RESULT_FAIL, "-include:b.org of a.org", ""},
        {"192.0.2.4", "rrr.org", RESULT_NEUTRAL, "default of d.org", ""},
        {"192.0.2.1", "rto.org", RESULT_PERMERROR, "", "none.org has no SPF record, at include:none.org of to.org"},
        {"192.0.2.1", "in.org", RESULT_PERMERROR, "",
         "record of bad.org: an unknown mechanism at octet 10: foo:?%n? bar, at include:bad.org of in.org"},
        {"192.0.2.1", "nowhere.org", RESULT_PERMERROR, "", "invalid target name, at include:%{d1} of nowhere.org"},
        {"192.0.2.1", "ten.org", RESULT_PERMERROR, "",
         "too many DNS lookups (limit 10), as a record leads back to itself, at include:ten.org of ten.org"},
        {"192.0.2.1", "void.org", RESULT_PERMERROR, "", "more than 2 void lookups, at exists:v3.org of void.org"},
        {"192.0.2.1", "bad.org", RESULT_PERMERROR, "",
         "record of bad.org: an unknown mechanism at octet 10: foo:?%n? bar"},
        {"192.0.2.1", "lost.org", RESULT_TEMPERROR, "", "DNS timeout for slow.org A, at a:slow.org of lost.org"},
        {"192.0.2.1", "to.org", RESULT_PERMERROR, "", "none.org has no SPF record, at include:none.org of to.org"},
        {"192.0.2.1", "none.org", RESULT_NONE, "", ""},
    };
    struct zone_checks *checks = *state;

    zone_checks_add_all(checks, zone, COUNT(zone));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spf_outcome outcome = zone_checks_ask(checks, rows[i].client, rows[i].domain);

        assert_int_equal(outcome.result, rows[i].result);
        assert_string_equal(outcome.mechanism, rows[i].mechanism);
        assert_string_equal(outcome.problem, rows[i].problem);
        assert_string_equal(outcome.explanation, "");
        assert_false(outcome.cached);
        assert_int_equal(outcome.ttl_s, rows[i].result == RESULT_TEMPERROR ? 0 : 300);
    }
}

/* A term longer than its room is shown cut. */
static void test_long_term(void **state)
{
    struct zone_checks *checks = *state;
    char text[SPF_TERM_SIZE + 100] = "v=spf1 exists:";
    struct spf_outcome outcome;

    memset(text + strlen(text), 'x', SPF_TERM_SIZE + 50);
    memcpy(text + SPF_TERM_SIZE, ".%{i}.ok.org", 12);
    text[SPF_TERM_SIZE + 12] = '\0';
    zone_checks_add(checks, "a.org", "TXT", text);
    zone_checks_add(checks, "192.0.2.1.ok.org", "A", "127.0.0.2");
    outcome = zone_checks_ask(checks, "192.0.2.1", "a.org");
    assert_int_equal(outcome.result, RESULT_PASS);
    assert_int_equal(strlen(outcome.mechanism), SPF_TERM_SIZE - 1);
    assert_memory_equal(outcome.mechanism, text + 7, SPF_TERM_SIZE - 1);
}

static void test_senders(void **state)
{
    static const struct zone_entry zone[] = {
        {"a.org", "TXT", "v=spf1 exists:%{s}.%{h}.ok.org -all exp=e.org"},
        {"user@a.org.mail.example.org.ok.org", "A", "127.0.0.2"},
        {"postmaster@a.org.mail.example.org.ok.org", "A", "127.0.0.2"},
        {"e.org", "TXT", "%{s} %{L}"},
    };
    struct zone_checks *checks = *state;
    struct spf_request request = zone_checks_request("192.0.2.1", "a.org");
    struct spf_outcome outcome;

    zone_checks_add_all(checks, zone, COUNT(zone));
    spf_check(checks->checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_PASS);
    request.local = ""; /* RFC 7208 4.3 */
    spf_check(checks->checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_PASS);
    request.local = "us\xc3\xa9r"; /* RFC 8616 4 */
    zone_checks_add(checks, "us\xc3\xa9r@a.org.mail.example.org.ok.org", "A", "127.0.0.2");
    spf_check(checks->checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_FAIL);
    request.local = "a b%n\"";
    spf_check(checks->checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_FAIL);
    assert_string_equal(outcome.explanation, "a b%n\"@a.org a%20b%25n%22");
    request.local = "a\r\nX-Forged: yes\xff"; /* would not be printable: no explanation at all */
    spf_check(checks->checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_FAIL);
    assert_string_equal(outcome.explanation, "");
}

static void test_explanations(void **state)
{
    static const struct zone_entry zone[] = {
        {"ok.org", "TXT", "v=spf1 -all exp=%{d1}.exp.org"},
        {"org.exp.org", "TXT", "See http://%{d}/?i=%{i} (100%%)"},
        {"soft.org", "TXT", "v=spf1 ~all exp=org.exp.org"},
        {"redirect.org", "TXT", "v=spf1 redirect=ok.org exp=not.org"},
        {"not.org", "TXT", "never"},
        {"bare.org", "TXT", "v=spf1 redirect=noexp.org exp=not.org"},
        {"noexp.org", "TXT", "v=spf1 -all"},
        {"include.org", "TXT", "v=spf1 -include:pass.org -all exp=org.exp.org"},
        {"pass.org", "TXT", "v=spf1 +all exp=not.org"},
        {"none.org", "TXT", "v=spf1 -all exp=nothing.org"},
        {"two.org", "TXT", "v=spf1 -all exp=twice.org"},
        {"twice.org", "TXT", "one"},
        {"twice.org", "TXT", "two"},
        {"slow.org", "TXT", "v=spf1 -all exp=slower.org"},
        {"slower.org", "TIMEOUT", ""},
        {"high.org", "TXT", "v=spf1 -all exp=higher.org"},
        {"higher.org", "TXT", "caf\xc3\xa9"},
        {"lines.org", "TXT", "v=spf1 -all exp=line.org"},
        {"line.org", "TXT", "a\r\n250 ok"},
        {"macro.org", "TXT", "v=spf1 -all exp=macros.org"},
        {"macros.org", "TXT", "100% sure"},
        {"label.org", "TXT", "v=spf1 -all exp=%{l}..org"},
    };
    static const struct {
        const char *domain, *wanted;
    } rows[] = {
        {"ok.org", "See http://ok.org/?i=192.0.2.1 (100%)"},
        {"redirect.org", "See http://ok.org/?i=192.0.2.1 (100%)"},
        {"include.org", "See http://include.org/?i=192.0.2.1 (100%)"},
        {"bare.org", ""},
        {"none.org", ""},
        {"two.org", ""},
        {"slow.org", ""},
        {"high.org", ""},
        {"lines.org", ""},
        {"macro.org", ""},
        {"label.org", ""},
    };
    struct zone_checks *checks = *state;
    struct spf_outcome outcome;

    zone_checks_add_all(checks, zone, COUNT(zone));
    for (size_t i = 0; i < COUNT(rows); i++) {
        outcome = zone_checks_ask(checks, "192.0.2.1", rows[i].domain);
        assert_int_equal(outcome.result, RESULT_FAIL);
        assert_string_equal(outcome.explanation, rows[i].wanted);
    }
    outcome = zone_checks_ask(checks, "192.0.2.1", "soft.org");
    assert_int_equal(outcome.result, RESULT_SOFTFAIL);
    assert_string_equal(outcome.explanation, "");
}

static void test_long_explanation(void **state)
{
    struct zone_checks *checks = *state;
    char text[SPF_EXPLANATION_SIZE + 1];

    memset(text, 'x', sizeof(text));
    text[SPF_EXPLANATION_SIZE - 1] = '\0';
    zone_checks_add(checks, "fits.org", "TXT", text);
    text[SPF_EXPLANATION_SIZE - 1] = 'x';
    text[SPF_EXPLANATION_SIZE] = '\0';
    zone_checks_add(checks, "long.org", "TXT", text);
    zone_checks_add(checks, "a.org", "TXT", "v=spf1 -all exp=fits.org");
    zone_checks_add(checks, "b.org", "TXT", "v=spf1 -all exp=long.org");
    assert_int_equal(strlen(zone_checks_ask(checks, "192.0.2.1", "a.org").explanation), SPF_EXPLANATION_SIZE - 1);
    assert_string_equal(zone_checks_ask(checks, "192.0.2.1", "b.org").explanation, "");
}

static void test_best_guess(void **state)
{
    static const struct zone_entry zone[] = {
        {"a.org", "A", "192.0.2.200"},
        {"mx.org", "MX", "a.org"},
        {"other.org", "A", "10.0.0.1"},
        {"p.org", "A", "10.0.0.1"},
        {"7.2.0.10.in-addr.arpa", "PTR", "h.p.org"},
        {"h.p.org", "A", "10.0.2.7"},
        {"dead.org", "TIMEOUT", ""},
        {"own.org", "TXT", "v=spf1 -all"},
    };
    static const struct {
        const char *client, *domain;
        enum spf_result result;
        bool guessed;
        const char *mechanism;
    } rows[] = {
        {"192.0.2.1", "a.org", RESULT_PASS, true, "a/24"},    {"192.0.2.1", "mx.org", RESULT_PASS, true, "mx/24"},
        {"10.0.2.7", "p.org", RESULT_PASS, true, "ptr"},      {"192.0.2.1", "other.org", RESULT_NEUTRAL, true, "?all"},
        {"192.0.2.1", "own.org", RESULT_FAIL, false, "-all"}, {"192.0.2.1", "dead.org", RESULT_TEMPERROR, false, ""},
        {"192.0.2.1", "bad", RESULT_NONE, false, ""},         {"192.0.2.1", "nowhere.org", RESULT_NONE, false, ""},
    };
    struct zone_checks *checks = *state;

    zone_checks_add_all(checks, zone, COUNT(zone));
    zone_checks_expect(checks, "192.0.2.1", "a.org", RESULT_NONE);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spf_request request = zone_checks_request(rows[i].client, rows[i].domain);
        struct spf_outcome outcome;

        request.best_guess = true;
        spf_check(checks->checker, &request, &outcome);
        assert_int_equal(outcome.result, rows[i].result);
        assert_int_equal(outcome.guessed, rows[i].guessed);
        assert_string_equal(outcome.mechanism, rows[i].mechanism);
    }
}

/* A record that is `v=spf1 -all` and nothing else is told apart, also out of the cache. */
static void test_no_mail(void **state)
{
    static const struct zone_entry zone[] = {
        {"bare.org", "TXT", "v=spf1 -all"},
        {"case.org", "TXT", "V=SPF1 -ALL "},
        {"exp.org", "TXT", "v=spf1 -all exp=e.org"},
        {"a.org", "TXT", "v=spf1 a -all"},
        {"redirect.org", "TXT", "v=spf1 redirect=bare.org"},
        {"include.org", "TXT", "v=spf1 -include:x.org"},
        {"soft.org", "TXT", "v=spf1 ~all"},
        {"empty.org", "TXT", "v=spf1"},
        {"bad.org", "TXT", "v=spf1 -all -"},
    };
    struct zone_checks *checks = *state;

    zone_checks_add_all(checks, zone, COUNT(zone));
    for (size_t i = 0; i < COUNT(zone) * 2; i++) {
        struct spf_outcome outcome = zone_checks_ask(checks, "192.0.2.1", zone[i / 2].name);

        assert_int_equal(outcome.no_mail, i / 2 < 2);
        assert_true(outcome.cached == (i % 2 == 1));
    }
    assert_false(zone_checks_ask(checks, "192.0.2.1", "none.org").no_mail);
}

static void test_cached(void **state)
{
    static const struct zone_entry zone[] = {
        {"a.org", "TXT", "v=spf1 ip4:192.0.2.1 -all exp=e.org"},
        {"e.org", "TXT", "go away"},
        {"l.org", "TXT", "v=spf1 exists:%{l}.ok.org -all"},
        {"user.ok.org", "A", "127.0.0.2"},
        {"x.org", "TXT", "v=spf1 -all exp=x-exp.org"},
        {"x-exp.org", "TXT", "not %{l}"},
        {"t.org", "TXT", "v=spf1 -all exp=t-exp.org"},
        {"t-exp.org", "TXT", "at %{t}"},
        {"slow.org", "TIMEOUT", ""},
    };
    struct zone_checks *checks = *state;
    uint64_t cached = stats_get(STATS_CACHED);
    struct spf_request request = zone_checks_request("192.0.2.1", "l.org");
    struct spf_outcome outcome;

    zone_checks_add_all(checks, zone, COUNT(zone));
    assert_int_equal(zone_checks_expect(checks, "192.0.2.2", "a.org", RESULT_FAIL), 2);
    assert_int_equal(zone_checks_expect(checks, "192.0.2.2", "A.ORG.", RESULT_FAIL), 0);
    assert_string_equal(zone_checks_ask(checks, "192.0.2.2", "a.org").explanation, "go away");
    assert_true(zone_checks_ask(checks, "192.0.2.2", "a.org").cached);
    assert_int_equal(stats_get(STATS_CACHED), cached + 3);
    /* a macro in a term */
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "l.org", RESULT_PASS), 2);
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "l.org", RESULT_PASS), 0);
    request.local = "USER2";
    spf_check(checks->checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_FAIL);
    assert_false(outcome.cached);
    /* a macro in the explanation only */
    assert_string_equal(zone_checks_ask(checks, "192.0.2.1", "x.org").explanation, "not user");
    request.domain = "x.org";
    spf_check(checks->checker, &request, &outcome);
    assert_string_equal(outcome.explanation, "not USER2");
    /* never kept */
    zone_checks_expect(checks, "192.0.2.1", "t.org", RESULT_FAIL);
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "t.org", RESULT_FAIL), 2);
    zone_checks_expect(checks, "192.0.2.1", "slow.org", RESULT_TEMPERROR);
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "slow.org", RESULT_TEMPERROR), 1);
    /* none, for its negative TTL */
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "no.org", RESULT_NONE), 1);
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "no.org", RESULT_NONE), 0);
    checks->now_ms += 300 * 1000;
    suite_dns_set_ttl(checks->zone, 0);
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "no.org", RESULT_NONE), 1);
    assert_int_equal(zone_checks_expect(checks, "192.0.2.1", "no.org", RESULT_NONE), 1);
    assert_int_equal(zone_checks_expect(checks, "192.0.2.2", "a.org", RESULT_FAIL), 2);
}

/* A DNS that lets time pass with each request. */
struct slow_dns {
    struct dns dns;
    int64_t now_ms;
};

static int64_t slow_now(void *context)
{
    return ((struct slow_dns *)context)->now_ms;
}

static void slow_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                       void *context)
{
    struct dns_builder *builder = dns_builder_create(type);

    assert_true(((struct slow_dns *)dns)->now_ms < deadline_ms);
    ((struct slow_dns *)dns)->now_ms += 400;
    if (type == DNS_TXT)
        dns_builder_add_text(builder, "v=spf1 a:a.org a:b.org a:c.org +all", 35);
    else
        dns_builder_add_addr(builder, &(struct addr){.family = ADDR_V4, .bytes = {10}});
    (void)name;
    done(context, dns_builder_finish(builder, DNS_OK, 60));
}

static void slow_destroy(struct dns *dns)
{
    (void)dns;
}

static void test_deadline(void **state)
{
    static const struct dns_ops ops = {.query = slow_query, .destroy = slow_destroy};
    struct slow_dns slow = {.now_ms = 50};
    struct clock clock = {slow_now, slow_now, &slow};
    struct spf_checker_config config = {.dns = &slow.dns, .clock = &clock, .timeout_ms = 1000};
    struct spf_request request = zone_checks_request("192.0.2.1", "d.org");
    struct spf_checker *checker;
    struct spf_outcome outcome;

    (void)state;
    slow.dns = (struct dns){.ops = &ops, .clock = &clock};
    checker = spf_checker_create(&config);
    spf_check(checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_TEMPERROR);
    assert_string_equal(outcome.problem, "DNS timeout for c.org A, at a:c.org of d.org");
    assert_int_equal(slow.now_ms, 50 + 3 * 400);

    /* A deadline of the request's own, for two that share one. */
    request.deadline_ms = spf_checker_deadline_ms(checker);
    assert_int_equal(request.deadline_ms, slow.now_ms + 1000);
    slow.now_ms += 700;
    spf_check(checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_TEMPERROR);
    assert_int_equal(slow.now_ms, 50 + 3 * 400 + 700 + 400);
    spf_checker_release(checker);
}

/* A DNS whose thread is stuck: it answers at its end. */
struct stuck_dns {
    struct dns dns;
    dns_callback done;
    void *context;
};

static void stuck_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                        void *context)
{
    struct stuck_dns *stuck = (struct stuck_dns *)dns;

    (void)name;
    (void)type;
    (void)deadline_ms;
    stuck->done = done;
    stuck->context = context;
}

static void stuck_destroy(struct dns *dns)
{
    struct stuck_dns *stuck = (struct stuck_dns *)dns;

    stuck->done(stuck->context, dns_answer_empty(DNS_TIMEOUT, 0));
}

/* How long a thread was to wait, and that it does not. Other tests have several threads. */
static atomic_bool waits_are_over;
static _Atomic int64_t longest_ms;

struct timespec __real_clock_moment_after(int64_t delay_ms);
struct timespec __wrap_clock_moment_after(int64_t delay_ms);

struct timespec __wrap_clock_moment_after(int64_t delay_ms)
{
    if (delay_ms > longest_ms)
        longest_ms = delay_ms;
    return __real_clock_moment_after(waits_are_over ? 0 : delay_ms);
}

/* The MTA's process is held no longer than the deadline and a moment, whatever the DNS does. */
static void test_stuck_dns(void **state)
{
    static const struct dns_ops ops = {.query = stuck_query, .destroy = stuck_destroy};
    struct stuck_dns stuck = {.dns = {.ops = &ops, .clock = &clock_system}};
    struct spf_checker_config config = {.dns = &stuck.dns, .clock = &clock_system, .timeout_ms = 1000};
    struct spf_request request = zone_checks_request("192.0.2.1", "d.org");
    struct spf_checker *checker = spf_checker_create(&config);
    struct spf_outcome outcome;

    (void)state;
    waits_are_over = true;
    longest_ms = 0;
    spf_check(checker, &request, &outcome);
    waits_are_over = false;
    assert_int_equal(outcome.result, RESULT_TEMPERROR);
    assert_string_equal(outcome.problem, "no outcome by the deadline");
    assert_true(outcome.is_shed);
    assert_in_range(longest_ms, 1500, 2500);
    spf_checker_release(checker);
}

/* Whichever allocation fails: the right answer or temperror, and nothing is lost. */
static void test_out_of_memory(void **state)
{
    static const struct zone_entry zone[] = {
        {"a.org", "TXT", "v=spf1 a:h%{i}.org/24 mx exists:%{l}.%{h}.no.org include:%{d2}"},
        {"i.a.org", "TXT", "v=spf1 include:a.org -all"},
        {"r.org", "TXT", "v=spf1 ip4:192.0.2.0/24 a:h.org -all exp=e.org"},
        {"e.org", "TXT", "no %{s} at %{d}"},
        {"a.org", "MX", "h.org"},
        {"h.org", "A", "10.0.0.1"},
        {"p.org", "TXT", "v=spf1 mx:a.org include:r.org +all"},
        {"x.org", "TXT", "v=spf1 a:h.org redirect=r.org"},
        {"n.org", "TXT", "v=spf1 ptr:host.org exists:%{p}.no.org -all"},
        {"7.2.0.10.in-addr.arpa", "PTR", "mx.host.org"},
        {"mx.host.org", "A", "10.0.2.7"},
    };
    static const struct {
        const char *client, *domain;
        enum spf_result result;
    } rows[] = {
        {"192.0.2.1", "x.org", RESULT_PASS},       {"192.0.3.1", "x.org", RESULT_FAIL},
        {"10.0.0.1", "p.org", RESULT_PASS},        {"192.0.2.1", "p.org", RESULT_PASS},
        {"192.0.2.1", "a.org", RESULT_PERMERROR},  {"192.0.2.1", "i.a.org", RESULT_PERMERROR},
        {"192.0.2.1", "nothing.org", RESULT_NONE}, {"10.0.2.7", "n.org", RESULT_PASS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool happened = true;

        for (unsigned n = 1; happened; n++) {
            struct zone_checks checks;
            struct spf_outcome outcome;

            assert_true(n < 1000);
            zone_checks_open(&checks, true);
            zone_checks_add_all(&checks, zone, COUNT(zone));
            alloc_fail_at(n);
            outcome = zone_checks_ask(&checks, rows[i].client, rows[i].domain);
            happened = alloc_fail_happened();
            alloc_fail_at(0);
            if (outcome.result != rows[i].result && (!happened || outcome.result != RESULT_TEMPERROR))
                fail_msg("%s, allocation %u: %s", rows[i].domain, n, result_name(outcome.result));
            zone_checks_expect(&checks, rows[i].client, rows[i].domain, rows[i].result);
            zone_checks_close(&checks);
        }
    }
}

static void test_create_out_of_memory(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        struct spf_checker_config config = {.clock = &clock_system, .cache_octets = 1 << 16, .result_ttl_s = 60};
        struct spf_checker *checker;

        config.dns = suite_dns_create(&clock_system);
        alloc_fail_at(n);
        checker = spf_checker_create(&config);
        if (!alloc_fail_happened()) {
            alloc_fail_at(0);
            assert_ptr_equal(spf_checker_acquire(checker), checker);
            spf_checker_release(checker);
            assert_int_equal(spf_checker_cache_stats(checker).entries, 0);
            spf_checker_release(checker);
            return;
        }
        assert_null(checker);
    }
}

/* Asks the same few things over and over; counts what came out wrong. */
static void *ask_often(void *context)
{
    static const struct {
        const char *client, *domain;
        enum spf_result result;
    } rows[] = {
        {"10.0.0.1", "a.org", RESULT_PASS},      {"192.0.2.1", "a.org", RESULT_FAIL},
        {"192.0.2.1", "b.org", RESULT_PASS},     {"10.0.0.2", "b.org", RESULT_FAIL},
        {"10.0.0.2", "c.org", RESULT_PERMERROR}, {"10.0.0.2", "d.org", RESULT_NONE},
        {"10.0.0.1", "e.org", RESULT_TEMPERROR},
    };
    struct zone_checks *checks = context;
    uintptr_t wrong = 0;

    for (size_t i = 0; i < 700; i++) {
        size_t row = i % COUNT(rows);
        struct spf_outcome outcome = zone_checks_ask(checks, rows[row].client, rows[row].domain);

        wrong += outcome.result != rows[row].result;
        if (outcome.result == RESULT_FAIL)
            wrong += strcmp(outcome.explanation, "not user") != 0;
    }
    return (void *)wrong;
}

static void test_threads(void **state)
{
    static const struct zone_entry zone[] = {
        {"a.org", "TXT", "v=spf1 a:h.org/32 mx:m.org -all exp=x.org"},
        {"b.org", "TXT", "v=spf1 include:i.org exists:%{l}.%{h}.no.org -all exp=x.org"},
        {"c.org", "TXT", "v=spf1 a:%{d} include:c.org"},
        {"c.org", "A", "10.9.9.9"},
        {"e.org", "TIMEOUT", ""},
        {"i.org", "TXT", "v=spf1 ip4:192.0.2.0/24"},
        {"h.org", "A", "10.0.0.1"},
        {"m.org", "MX", "h.org"},
        {"x.org", "TXT", "not %{l}"},
    };
    struct zone_checks *checks = *state;
    pthread_t threads[6];

    zone_checks_add_all(checks, zone, COUNT(zone));
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, checks), 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *wrong;

        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

#define IN_ZONE(test) cmocka_unit_test_setup_teardown(test, open_plain, close_zone)

static unsigned returns; /* of free memory to the system */

void __wrap_allocator_return_free(void);
void __wrap_allocator_return_free(void)
{
    returns++;
}

/* The last reference's end frees the caches, and what is free then is not kept. */
static void test_returns_memory(void **state)
{
    struct zone_checks *checks = *state;
    const unsigned before = returns;

    spf_checker_release(spf_checker_acquire(checks->checker));
    assert_int_equal(returns, before);
    spf_checker_release(NULL);
    assert_int_equal(returns, before);
    zone_checks_close(checks);
    assert_int_equal(returns, before + 1);
    zone_checks_open(checks, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ZONE(test_domains),
        IN_ZONE(test_clients),
        IN_ZONE(test_hosts),
        cmocka_unit_test_setup_teardown(test_counts_each_lookup_once, open_cached, close_zone),
        cmocka_unit_test_setup_teardown(test_permits, open_cached, close_zone),
        cmocka_unit_test_setup_teardown(test_returns_memory, open_cached, close_zone),
        IN_ZONE(test_texts),
        IN_ZONE(test_long_term),
        IN_ZONE(test_senders),
        IN_ZONE(test_explanations),
        IN_ZONE(test_long_explanation),
        IN_ZONE(test_best_guess),
        cmocka_unit_test_setup_teardown(test_no_mail, open_cached, close_zone),
        cmocka_unit_test_setup_teardown(test_cached, open_cached, close_zone),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_stuck_dns),
        cmocka_unit_test_setup_teardown(test_threads, open_plain, close_zone),
        cmocka_unit_test_setup_teardown(test_threads, open_cached, close_zone),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_create_out_of_memory),
    };

    const struct log_config silent = {.syslog_facility = -1, .ident = "test"};

    log_open(&silent);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
