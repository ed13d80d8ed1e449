/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One set of answers has one outcome: whatever the order in which they arrive, with and without lookahead, and where
 * some names are silent or fail. Random zones, the same in each run. And what lookahead may ask at most. */
#include "spf/spf_check.h"

#include "base/log.h"
#include "base/stats.h"
#include "base/strbuf.h"
#include "unit/spf/script_dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { ZONES = 3000, ORDERS = 3, TIMEOUT_MS = 2000 };

struct bed {
    struct script_dns script;
    struct spf_checker *checker;
    unsigned told;
    struct spf_outcome outcome;
};

static void open_bed(struct bed *bed, bool has_lookahead)
{
    struct spf_checker_config config = {.timeout_ms = TIMEOUT_MS, .has_lookahead = has_lookahead};

    script_dns_open(&bed->script);
    config.dns = &bed->script.dns;
    config.clock = &bed->script.clock;
    bed->checker = spf_checker_create(&config);
    assert_non_null(bed->checker);
}

static void close_bed(struct bed *bed)
{
    spf_checker_release(bed->checker);
}

static void take(void *context, const struct spf_outcome *outcome)
{
    struct bed *bed = context;

    bed->told++;
    bed->outcome = *outcome;
}

static void start(struct bed *bed, const char *client, const char *domain)
{
    struct spf_request request = {
        .helo = "mail.example.org", .local = "user", .domain = domain, .receiver = "mx.example.net"};

    assert_true(addr_parse(client, &request.client));
    bed->told = 0;
    memset(&bed->outcome, 0, sizeof(bed->outcome));
    spf_check_start(bed->checker, &request, take, bed);
}

/* Answers in an order that `random` gives, then lets the time pass, until there is an outcome. */
static void run_to_end(struct bed *bed, unsigned (*random)(void *context, unsigned below), void *context)
{
    while (bed->told == 0) {
        size_t waiting = script_dns_waiting(&bed->script);

        if (waiting > 0)
            script_dns_answer(&bed->script, random ? random(context, (unsigned)waiting) : 0);
        else
            script_dns_expire(&bed->script);
    }
    assert_int_equal(bed->told, 1);
    script_dns_answer_all(&bed->script); /* what is late */
    script_dns_expire(&bed->script);
    script_dns_reset(&bed->script);
}

/* ---- Random zones ---- */

/* SplitMix64. */
static unsigned draw(uint64_t *state, unsigned below)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15U;

    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return (unsigned)((x ^ (x >> 31U)) % below);
}

static unsigned draw_any(void *context, unsigned below)
{
    return draw(context, below);
}

static const char *const hosts[] = {"client.org", "client.org",  "other1.org", "other2.org",   "void1.org",
                                    "void2.org",  "silent1.org", "fail1.org",  "void3.org",    "other3.org",
                                    "many.x.org", "%{p}.p.org",  "%{i}.i.org", "client.d1.org"};
static const char *const exchangers[] = {"m0.org",    "m1.org",      "m2.org",   "m3.org",
                                         "void4.org", "silentm.org", "failm.org"};
static const char *const policies[] = {"d0.org",      "d1.org",    "d2.org",    "d3.org",   "d4.org",
                                       "silentd.org", "faild.org", "void5.org", "%{d1}.org"};

#define PICK(state, list) ((list)[draw(state, COUNT(list))])

static void add_term(uint64_t *state, struct strbuf *record)
{
    static const char *const qualifiers[] = {"", "", "", "-", "~", "?"};

    strbuf_addf(record, " %s", PICK(state, qualifiers));
    switch (draw(state, 8)) {
    case 0:
        strbuf_addf(record, "ip4:192.0.2.%u", draw(state, 12));
        break;
    case 1:
    case 2:
        strbuf_addf(record, "a:%s", PICK(state, hosts));
        break;
    case 3:
    case 4:
        strbuf_addf(record, "mx:%s", PICK(state, exchangers));
        break;
    case 5:
        strbuf_addf(record, draw(state, 2) ? "ptr:%s" : "ptr", PICK(state, policies));
        break;
    case 6:
        strbuf_addf(record, "exists:%s", PICK(state, hosts));
        break;
    default:
        strbuf_addf(record, "include:%s", PICK(state, policies));
    }
}

static void make_record(uint64_t *state, struct strbuf *record)
{
    static const char *const ends[] = {" -all", " ~all", " ?all", " -all exp=why.org", "", " redirect=", " redirect="};
    const char *end = PICK(state, ends);

    strbuf_add(record, "v=spf1");
    for (unsigned terms = draw(state, 5); terms > 0; terms--)
        add_term(state, record);
    strbuf_addf(record, "%s%s", end, strstr(end, "redirect") ? PICK(state, policies) : "");
}

/* Fills two zones with the same entries. */
static void add_both(struct bed beds[2], const char *name, const char *type, const char *data)
{
    for (unsigned i = 0; i < 2; i++)
        script_dns_add(&beds[i].script, name, type, data);
}

static void fill(struct bed beds[2], uint64_t *state)
{
    static const char *const own[] = {"d0.org", "d1.org", "d2.org", "d3.org", "d4.org"};
    static const char *const lists[] = {"m0.org", "m1.org", "m2.org", "m3.org"};
    static const char *const names[] = {"client.org",  "client.d1.org", "other1.org",
                                        "silentp.org", "fail1.org",     "void1.org"};
    static const char *const reverse[] = {"1.2.0.192.in-addr.arpa",
                                          "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"};

    add_both(beds, "client.org", "A", "192.0.2.1");
    add_both(beds, "client.org", "AAAA", "2001:db8::1");
    add_both(beds, "client.d1.org", "A", "192.0.2.1");
    add_both(beds, "other1.org", "A", "192.0.2.2");
    add_both(beds, "other2.org", "A", "192.0.2.3");
    add_both(beds, "other2.org", "AAAA", "2001:db8::2");
    add_both(beds, "other3.org", "AAAA", "2001:db8::3");
    add_both(beds, "fail1.org", "TIMEOUT", "");
    add_both(beds, "failm.org", "TIMEOUT", "");
    add_both(beds, "faild.org", "TIMEOUT", "");
    add_both(beds, "client.org.p.org", "A", "192.0.2.1");
    add_both(beds, "why.org", "TXT", "because of %{p}");
    for (unsigned i = 0; i < COUNT(own); i++) {
        struct strbuf record = STRBUF_INIT;

        make_record(state, &record);
        add_both(beds, own[i], "TXT", strbuf_text(&record));
        strbuf_free(&record);
    }
    for (unsigned i = 0; i < COUNT(lists); i++)
        for (unsigned n = draw(state, 16) == 0 ? 11 : draw(state, 5); n > 0; n--)
            add_both(beds, lists[i], "MX", PICK(state, hosts));
    for (unsigned i = 0; i < COUNT(reverse); i++) {
        unsigned kind = draw(state, 4);

        if (kind == 0)
            add_both(beds, reverse[i], "TIMEOUT", "");
        if (kind == 1)
            beds[0].script.silent_name = beds[1].script.silent_name = reverse[i];
        for (unsigned n = kind > 1 ? draw(state, 5) : 0; n > 0; n--)
            add_both(beds, reverse[i], "PTR", PICK(state, names));
    }
}

static void compare(unsigned number, const struct spf_outcome *first, const struct spf_outcome *other)
{
    if (first->result == other->result && strcmp(first->mechanism, other->mechanism) == 0 &&
        strcmp(first->problem, other->problem) == 0 && strcmp(first->explanation, other->explanation) == 0)
        return;
    fail_msg("zone %u: %s (%s%s, \"%s\"), then %s (%s%s, \"%s\")", number, result_name(first->result), first->mechanism,
             first->problem, first->explanation, result_name(other->result), other->mechanism, other->problem,
             other->explanation);
}

static void test_random_zones(void **state)
{
    static struct bed beds[2]; /* without lookahead, and with it */
    unsigned seen[RESULT_COUNT] = {0};

    (void)state;
    for (unsigned number = 0; number < ZONES; number++) {
        uint64_t random = number;
        const char *client = number % 3 == 0 ? "2001:db8::1" : "192.0.2.1";
        struct spf_outcome first;

        for (unsigned i = 0; i < 2; i++)
            open_bed(&beds[i], i == 1);
        fill(beds, &random);
        start(&beds[0], client, "d0.org");
        run_to_end(&beds[0], NULL, NULL);
        first = beds[0].outcome;
        seen[first.result]++;
        for (unsigned i = 0; i < 2 * ORDERS; i++) {
            start(&beds[i % 2], client, "d0.org");
            run_to_end(&beds[i % 2], draw_any, &random);
            compare(number, &first, &beds[i % 2].outcome);
        }
        for (unsigned i = 0; i < 2; i++)
            close_bed(&beds[i]);
    }
    for (unsigned result = RESULT_NEUTRAL; result < RESULT_COUNT; result++)
        assert_true(seen[result] > ZONES / 100);
    assert_int_equal(stats_get(STATS_SPF_DISAGREEMENTS), 0);
}

/* ---- Silence ---- */

/* The reason names the name that was silent, and what is known is used whatever the time. */
static void test_silence(void **state)
{
    static const struct {
        const char *name, *type, *data;
    } zone[] = {
        {"one.org", "TXT", "v=spf1 a:h1.org include:silent.org -all"},
        {"two.org", "TXT", "v=spf1 a:h1.org mx:m.org exists:silent.org a:h2.org -all"},
        {"h1.org", "A", "10.0.0.1"},
        {"h2.org", "A", "192.0.2.1"},
        {"m.org", "MX", "h1.org"},
        {"mx.org", "TXT", "v=spf1 mx -all"},
        {"mx.org", "MX", "silent.org"},
        {"mx.org", "MX", "h2.org"},
        {"mx2.org", "TXT", "v=spf1 mx -all"},
        {"mx2.org", "MX", "h1.org"},
        {"mx2.org", "MX", "silent.org"},
        {"why.org", "TXT", "v=spf1 a:h1.org -all exp=silent.org"},
    };
    static const struct {
        const char *domain;
        enum spf_result result;
        const char *problem;
    } rows[] = {
        {"one.org", RESULT_TEMPERROR, "DNS timeout for silent.org TXT, at include:silent.org of one.org"},
        {"two.org", RESULT_TEMPERROR, "DNS timeout for silent.org A, at exists:silent.org of two.org"},
        {"mx.org", RESULT_PASS, ""},
        {"mx2.org", RESULT_TEMPERROR, "DNS timeout for silent.org A, at mx of mx2.org"},
        {"why.org", RESULT_FAIL, ""},
        {"silent.org", RESULT_TEMPERROR, "DNS timeout for silent.org TXT"},
    };

    (void)state;
    for (unsigned i = 0; i < 2 * COUNT(rows); i++) {
        static struct bed bed;

        open_bed(&bed, i % 2 == 1);
        for (size_t k = 0; k < COUNT(zone); k++)
            script_dns_add(&bed.script, zone[k].name, zone[k].type, zone[k].data);
        start(&bed, "192.0.2.1", rows[i / 2].domain);
        run_to_end(&bed, NULL, NULL);
        assert_string_equal(result_name(bed.outcome.result), result_name(rows[i / 2].result));
        assert_string_equal(bed.outcome.problem, rows[i / 2].problem);
        close_bed(&bed);
    }
}

/* A chain of includes each of which takes 0.9 s: the one that is under way at the deadline is named. */
static void test_late_chain(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        static struct bed bed;

        open_bed(&bed, i == 1);
        script_dns_add(&bed.script, "c0.org", "TXT", "v=spf1 include:c1.org -all");
        script_dns_add(&bed.script, "c1.org", "TXT", "v=spf1 include:c2.org -all");
        script_dns_add(&bed.script, "c2.org", "TXT", "v=spf1 include:c3.org -all");
        script_dns_add(&bed.script, "c3.org", "TXT", "v=spf1 -all");
        start(&bed, "192.0.2.1", "c0.org");
        for (unsigned answered = 0; answered < 2; answered++) {
            bed.script.now_ms += 900;
            script_dns_answer(&bed.script, 0);
        }
        assert_int_equal(bed.told, 0);
        script_dns_expire(&bed.script);
        assert_int_equal(bed.outcome.result, RESULT_TEMPERROR);
        assert_string_equal(bed.outcome.problem, "DNS timeout for c2.org TXT, at include:c2.org of c1.org");
        close_bed(&bed);
    }
}

/* RFC 7208 5.5: a reverse zone that is silent is no match, and keeps nothing else from being asked. */
static void test_silent_reverse_zone(void **state)
{
    static const struct {
        const char *silent, *domain;
        enum spf_result result;
        const char *problem;
    } rows[] = {
        {"1.2.0.192.in-addr.arpa", "ptr.org", RESULT_FAIL, ""},
        {"1.2.0.192.in-addr.arpa", "chain.org", RESULT_PASS, ""},
        {"1.2.0.192.in-addr.arpa", "name.org", RESULT_TEMPERROR,
         "DNS timeout for 1.2.0.192.in-addr.arpa PTR, at exists:%{p}.x.org of name.org"},
        {"1.2.0.192.in-addr.arpa", "odd.org", RESULT_FAIL, ""},
        {"1.2.0.192.in-addr.arpa", "twice.org", RESULT_FAIL, ""},
        {"host.org", "ptr.org", RESULT_FAIL, ""},
        {"host.org", "name.org", RESULT_TEMPERROR, "DNS timeout for host.org A, at exists:%{p}.x.org of name.org"},
    };

    (void)state;
    for (unsigned i = 0; i < 2 * COUNT(rows); i++) {
        static struct bed bed;

        open_bed(&bed, i % 2 == 1);
        bed.script.silent_name = rows[i / 2].silent;
        script_dns_add(&bed.script, "1.2.0.192.in-addr.arpa", "PTR", "host.org");
        script_dns_add(&bed.script, "ptr.org", "TXT", "v=spf1 a mx ptr -all");
        script_dns_add(&bed.script, "ptr.org", "A", "10.0.0.1");
        script_dns_add(&bed.script, "ptr.org", "MX", "ptr.org");
        script_dns_add(&bed.script, "chain.org", "TXT", "v=spf1 ptr include:c1.org -all");
        script_dns_add(&bed.script, "c1.org", "TXT", "v=spf1 ptr:c1.org include:c2.org -all");
        script_dns_add(&bed.script, "c2.org", "TXT", "v=spf1 a:ptr.org ip4:192.0.2.1 -all");
        script_dns_add(&bed.script, "odd.org", "TXT", "v=spf1 exists:%{p}..x.org a:ptr.org -all");
        script_dns_add(&bed.script, "twice.org", "TXT", "v=spf1 a:unknown.org exists:%{p}.org a:ptr.org -all");
        script_dns_add(&bed.script, "name.org", "TXT", "v=spf1 exists:%{p}.x.org -all");
        start(&bed, "192.0.2.1", rows[i / 2].domain);
        script_dns_answer_all(&bed.script);
        assert_int_equal(bed.told, 0);
        script_dns_expire(&bed.script);
        assert_int_equal(bed.told, 1);
        assert_string_equal(result_name(bed.outcome.result), result_name(rows[i / 2].result));
        assert_string_equal(bed.outcome.problem, rows[i / 2].problem);
        close_bed(&bed);
    }
}

/* ---- What lookahead asks ---- */

/* Ten mx terms with ten exchangers each that do not exist: no more are asked than by an evaluation that waits for each
 * answer, which ends at the third (RFC 7208 4.6.4). */
static void test_dead_exchangers(void **state)
{
    size_t asked[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        static struct bed bed;
        char record[200] = "v=spf1", name[32], host[32];

        open_bed(&bed, i == 1);
        for (unsigned term = 0; term < 10; term++) {
            snprintf(record + strlen(record), sizeof(record) - strlen(record), " mx:m%u.org", term);
            snprintf(name, sizeof(name), "m%u.org", term);
            for (unsigned n = 0; n < 10; n++) {
                snprintf(host, sizeof(host), "h%u.victim%u.org", n, term);
                script_dns_add(&bed.script, name, "MX", host);
            }
        }
        script_dns_add(&bed.script, "a.org", "TXT", record);
        start(&bed, "192.0.2.1", "a.org");
        while (bed.told == 0)
            script_dns_answer(&bed.script, script_dns_waiting(&bed.script) - 1); /* the last first */
        assert_int_equal(bed.outcome.result, RESULT_PERMERROR);
        asked[i] = bed.script.count;
        close_bed(&bed);
    }
    assert_int_equal(asked[0], 1 + 3 * 11);
    assert_int_equal(asked[1], asked[0]);
}

/* When there is an outcome, nobody waits for what is under way, and nothing more is asked. */
static void test_nothing_after_the_end(void **state)
{
    static struct bed bed;
    size_t asked;

    (void)state;
    open_bed(&bed, true);
    script_dns_add(&bed.script, "a.org", "TXT", "v=spf1 a:h.org include:b.org mx:m.org ptr -all");
    script_dns_add(&bed.script, "h.org", "A", "192.0.2.1");
    script_dns_add(&bed.script, "b.org", "TXT", "v=spf1 include:c.org a:d.org -all");
    script_dns_add(&bed.script, "m.org", "MX", "x.org");
    script_dns_add(&bed.script, "1.2.0.192.in-addr.arpa", "PTR", "y.org");
    start(&bed, "192.0.2.1", "a.org");
    script_dns_answer(&bed.script, 0); /* the record */
    script_dns_answer(&bed.script, 0); /* h.org */
    assert_int_equal(bed.told, 1);
    assert_int_equal(bed.outcome.result, RESULT_PASS);
    asked = bed.script.count;
    assert_int_equal(asked, 5);
    assert_int_equal(bed.script.cancelled, asked - 2);
    assert_int_equal(script_dns_waiting(&bed.script), 0);
    script_dns_answer_all(&bed.script);
    assert_int_equal(bed.script.count, asked);
    close_bed(&bed);
}

/* Without lookahead each lookup waits for the one before; but nothing waits for a reverse zone. */
static void test_without_lookahead(void **state)
{
    static struct bed bed;

    (void)state;
    open_bed(&bed, false);
    script_dns_add(&bed.script, "a.org", "TXT", "v=spf1 a:h.org ptr include:b.org a:d.org -all");
    script_dns_add(&bed.script, "b.org", "TXT", "v=spf1 ?all");
    start(&bed, "192.0.2.1", "a.org");
    script_dns_answer(&bed.script, 0);
    assert_int_equal(bed.script.count, 2); /* h.org */
    script_dns_answer(&bed.script, 0);
    assert_int_equal(bed.script.count, 4); /* the client's names, b.org */
    script_dns_answer(&bed.script, 1);
    assert_int_equal(bed.script.count, 5); /* d.org */
    script_dns_answer_all(&bed.script);
    assert_int_equal(bed.told, 1);
    close_bed(&bed);
}

/* Those who ask the same share one evaluation; a thread that waits is none of theirs. */
static void test_shared(void **state)
{
    static struct bed bed;
    uint64_t joined = stats_get(STATS_JOINED);

    (void)state;
    open_bed(&bed, true);
    script_dns_add(&bed.script, "a.org", "TXT", "v=spf1 a:h.org -all");
    for (unsigned i = 0; i < 3; i++)
        start(&bed, "192.0.2.1", "a.org");
    assert_int_equal(bed.script.count, 1);
    script_dns_answer_all(&bed.script);
    assert_int_equal(bed.told, 3);
    assert_int_equal(bed.script.count, 2);
    assert_int_equal(stats_get(STATS_JOINED), joined + 2);
    close_bed(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_zones),      cmocka_unit_test(test_silence),
        cmocka_unit_test(test_late_chain),        cmocka_unit_test(test_silent_reverse_zone),
        cmocka_unit_test(test_dead_exchangers),   cmocka_unit_test(test_nothing_after_the_end),
        cmocka_unit_test(test_without_lookahead), cmocka_unit_test(test_shared),
    };
    const struct log_config silent = {.syslog_facility = -1, .ident = "test"};

    log_open(&silent);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
