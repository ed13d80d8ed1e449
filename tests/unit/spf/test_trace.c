/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a trace tells of evaluations in a zone in memory, written as one line of text. */
#include "spf/trace.h"

#include "base/strbuf.h"
#include "unit/spf/zone_checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The lookup that failed, as `NAME TYPE`; "" where there is none. */
static void check_failed(const struct spf_trace *trace, const char *wanted)
{
    char shown[DNS_NAME_MAX + 16] = "";

    if (trace->failed_lookup.name[0] != '\0')
        snprintf(shown, sizeof(shown), "%s %s", trace->failed_lookup.name, dns_type_name(trace->failed_lookup.type));
    assert_string_equal(shown, wanted);
}

static int open_zone(void **state)
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

static void write_record(struct strbuf *out, const struct trace_record *record);

/* ` @3/10` the term's number, ` =name`, ` ?name TYPE count(void count)`, ` [names]`, and the record. */
static void write_step(struct strbuf *out, const struct trace_step *step)
{
    if (step->dns_terms > 0)
        strbuf_addf(out, " @%u", step->dns_terms);
    if (step->name)
        strbuf_addf(out, " =%s", step->name);
    for (const struct trace_query *query = step->queries; query; query = query->next) {
        strbuf_addf(out, " ?%s %s %zu", query->name, dns_type_name(query->type), query->answer->count);
        if (query->answer->status == DNS_TIMEOUT)
            strbuf_add(out, query->source == TRACE_LATE ? " late" : " timeout");
        if (query->void_lookups > 0)
            strbuf_addf(out, " void %u", query->void_lookups);
    }
    if (step->client_names)
        strbuf_addf(out, " [%s]", step->client_names);
    if (step->record)
        write_record(out, step->record);
}

static void write_record(struct strbuf *out, const struct trace_record *record)
{
    static const char *const states[] = {[TRACE_NOT_REACHED] = "-",
                                         [TRACE_NO_MATCH] = "no",
                                         [TRACE_MATCH] = "yes",
                                         [TRACE_STOPPED] = "stop",
                                         [TRACE_MODIFIER] = "modifier"};

    strbuf_addf(out, " {%s %s", record->domain, record->has_result ? result_name(record->result) : "unfinished");
    if (record->error)
        strbuf_addf(out, " %s at %zu", record->error, record->error_offset);
    for (size_t i = 0; i < record->count; i++) {
        strbuf_add(out, "; ");
        strbuf_add_mem(out, record->text + record->terms[i].offset, record->terms[i].len);
        strbuf_addf(out, " %s", states[record->terms[i].state]);
        write_step(out, &record->terms[i].step);
    }
    strbuf_add(out, "}");
}

static const struct zone_entry zone[] = {
    {"plain.org", "TXT", "v=spf1 ip4:10.0.0.0/8 ip4:192.0.2.1 -all"},
    {"end.org", "TXT", "v=spf1 ip4:10.0.0.1"},
    {"names.org", "TXT", "v=spf1 a:%{i}.h.org ?exists:%{l}.ok.org -all"},
    {"user.ok.org", "A", "127.0.0.2"},
    {"mx.org", "TXT", "v=spf1 mx -all"},
    {"mx.org", "MX", "m.org"},
    {"m.org", "A", "192.0.2.9"},
    {"include.org", "TXT", "v=spf1 include:soft.org include:pass.org -all"},
    {"soft.org", "TXT", "v=spf1 ~all"},
    {"pass.org", "TXT", "v=spf1 ip4:192.0.2.1 -all"},
    {"redirect.org", "TXT", "v=spf1 redirect=pass.org x=y ip4:10.0.0.1"},
    {"void.org", "TXT", "v=spf1 a:n1.org a:n2.org a:n3.org -all"},
    {"wrong.org", "TXT", "v=spf1 ip4:10.0.0 -all"},
    {"outer.org", "TXT", "v=spf1 include:wrong.org -all"},
    {"empty.org", "TXT", "v=spf1 include:none.org -all"},
    {"slow.org", "TXT", "v=spf1 a:time.org -all"},
    {"time.org", "TIMEOUT", ""},
    {"why.org", "TXT", "v=spf1 -all exp=%{d1}.e.org"},
    {"org.e.org", "TXT", "no"},
    {"ptr.org", "TXT", "v=spf1 ptr:x.org -all"},
    {"7.2.0.192.in-addr.arpa", "PTR", "h.x.org"},
    {"h.x.org", "A", "192.0.2.7"},
    {"8.2.0.192.in-addr.arpa", "PTR", "one.y.org"},
    {"8.2.0.192.in-addr.arpa", "PTR", "two.x.org"},
    {"one.y.org", "A", "192.0.2.8"},
    {"two.x.org", "A", "192.0.2.8"},
    {"label.org", "TXT", "v=spf1 a:%{i}..org -all"},
    {"loop.org", "TXT", "v=spf1 include:loop.org -all"},
};

static void test_trees(void **state)
{
    static const struct {
        const char *client, *domain, *wanted, *explanation;
    } rows[] = {
        {"192.0.2.1", "plain.org", " ?plain.org TXT 1 {plain.org pass; ip4:10.0.0.0/8 no; ip4:192.0.2.1 yes; -all -}",
         ""},
        {"192.0.2.2", "end.org", " ?end.org TXT 1 {end.org neutral; ip4:10.0.0.1 no}", ""},
        {"192.0.2.3", "names.org",
         " ?names.org TXT 1 {names.org neutral; a:%{i}.h.org no @1 =192.0.2.3.h.org ?192.0.2.3.h.org A 0 void 1;"
         " ?exists:%{l}.ok.org yes @2 =user.ok.org ?user.ok.org A 1; -all -}",
         ""},
        {"192.0.2.9", "mx.org", " ?mx.org TXT 1 {mx.org pass; mx yes @1 =mx.org ?mx.org MX 1 ?m.org A 1; -all -}", ""},
        {"192.0.2.1", "include.org",
         " ?include.org TXT 1 {include.org pass; include:soft.org no @1 =soft.org ?soft.org TXT 1 {soft.org softfail;"
         " ~all yes}; include:pass.org yes @2 =pass.org ?pass.org TXT 1 {pass.org pass; ip4:192.0.2.1 yes; -all -};"
         " -all -}",
         ""},
        {"192.0.2.2", "redirect.org",
         " ?redirect.org TXT 1 {redirect.org fail; redirect=pass.org yes @1 =pass.org ?pass.org TXT 1 {pass.org fail;"
         " ip4:192.0.2.1 no; -all yes}; x=y modifier; ip4:10.0.0.1 no}",
         ""},
        {"192.0.2.1", "void.org",
         " ?void.org TXT 1 {void.org unfinished; a:n1.org no @1 =n1.org ?n1.org A 0 void 1; a:n2.org no @2 =n2.org"
         " ?n2.org A 0 void 2; a:n3.org stop @3 =n3.org ?n3.org A 0 void 3; -all -}",
         ""},
        {"192.0.2.1", "wrong.org", " ?wrong.org TXT 1 {wrong.org unfinished not an IPv4 address at 11}", ""},
        {"192.0.2.1", "outer.org",
         " ?outer.org TXT 1 {outer.org unfinished; include:wrong.org stop @1 =wrong.org ?wrong.org TXT 1 {wrong.org"
         " unfinished not an IPv4 address at 11}; -all -}",
         ""},
        {"192.0.2.1", "empty.org",
         " ?empty.org TXT 1 {empty.org unfinished; include:none.org stop @1 =none.org ?none.org TXT 0; -all -}", ""},
        {"192.0.2.1", "none.org", " ?none.org TXT 0", ""},
        {"192.0.2.1", "slow.org",
         " ?slow.org TXT 1 {slow.org unfinished; a:time.org stop @1 =time.org ?time.org A 0 timeout; -all -}", ""},
        {"192.0.2.1", "why.org", " ?why.org TXT 1 {why.org fail; -all yes; exp=%{d1}.e.org modifier}",
         " =org.e.org ?org.e.org TXT 1"},
        {"192.0.2.7", "ptr.org",
         " ?ptr.org TXT 1 {ptr.org pass; ptr:x.org yes @1 =x.org ?7.2.0.192.in-addr.arpa PTR 1 ?h.x.org A 1 [h.x.org];"
         " -all -}",
         ""},
        {"192.0.2.8", "ptr.org",
         " ?ptr.org TXT 1 {ptr.org pass; ptr:x.org yes @1 =x.org ?8.2.0.192.in-addr.arpa PTR 2 ?one.y.org A 1"
         " ?two.x.org A 1 [one.y.org, two.x.org]; -all -}",
         ""},
        {"192.0.2.1", "label.org", " ?label.org TXT 1 {label.org fail; a:%{i}..org no @1 =192.0.2.1..org; -all yes}",
         ""},
        {"192.0.2.1", "org", "", ""},
    };
    struct zone_checks *checks = *state;

    zone_checks_add_all(checks, zone, COUNT(zone));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spf_request request = zone_checks_request(rows[i].client, rows[i].domain);
        struct spf_trace trace = {0};
        struct spf_outcome outcome;
        struct strbuf tree = STRBUF_INIT, explanation = STRBUF_INIT;

        request.trace = &trace;
        spf_check(checks->checker, &request, &outcome);
        assert_false(trace.failed);
        check_failed(&trace, outcome.result == RESULT_TEMPERROR ? "time.org A" : "");
        write_step(&tree, &trace.root);
        write_step(&explanation, &trace.explanation);
        assert_string_equal(strbuf_text(&tree), rows[i].wanted);
        assert_string_equal(strbuf_text(&explanation), rows[i].explanation);
        strbuf_free(&tree);
        strbuf_free(&explanation);
        trace_free(&trace);
    }
}

/* The way to the decision, the sums, and a limit. */
static void test_way(void **state)
{
    struct zone_checks *checks = *state;
    struct spf_request request = zone_checks_request("192.0.2.2", "redirect.org");
    struct spf_trace trace = {0};
    struct spf_outcome outcome;
    const struct trace_record *record;

    zone_checks_add_all(checks, zone, COUNT(zone));
    request.trace = &trace;
    spf_check(checks->checker, &request, &outcome);
    record = trace.root.record;
    assert_string_equal(record->domain, "redirect.org");
    assert_int_equal(record->ttl_s, 300);
    record = trace_next(record);
    assert_string_equal(record->domain, "pass.org");
    assert_null(trace_next(record));
    assert_int_equal(trace.queries, 2);
    assert_int_equal(trace.limits.dns_terms, 1);
    trace_free(&trace);

    request.domain = "loop.org";
    spf_check(checks->checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_PERMERROR);
    assert_int_equal(trace.limits.dns_terms, LIMIT_DNS_TERMS + 1);
    assert_int_equal(trace.queries, 1); /* the same lookup each time */
    record = trace.root.record;
    for (int depth = 0; depth < LIMIT_DNS_TERMS; depth++)
        record = trace_next(record);
    assert_int_equal(record->terms[0].state, TRACE_STOPPED);
    assert_null(trace_next(record));
    trace_free(&trace);
}

static void test_cache(void **state)
{
    struct zone_checks *checks = *state;
    struct spf_request request = zone_checks_request("192.0.2.2", "plain.org");
    struct spf_trace trace = {0};
    struct spf_outcome outcome;

    zone_checks_add_all(checks, zone, COUNT(zone));
    request.trace = &trace;
    spf_check(checks->checker, &request, &outcome);
    assert_false(trace.cached);
    assert_non_null(trace.root.record);
    trace_free(&trace);
    spf_check(checks->checker, &request, &outcome);
    assert_true(trace.cached);
    assert_null(trace.root.record);
    trace_free(&trace);
}

/* Past the deadline nothing is asked, and the trace says so. */
static void test_late(void **state)
{
    struct zone_checks *checks = *state;
    struct spf_request request = zone_checks_request("192.0.2.2", "plain.org");
    struct spf_trace trace = {0};
    struct spf_outcome outcome;

    request.trace = &trace;
    request.deadline_ms = checks->now_ms;
    spf_check(checks->checker, &request, &outcome);
    assert_int_equal(outcome.result, RESULT_TEMPERROR);
    assert_int_equal(trace.root.queries->source, TRACE_LATE);
    assert_int_equal(trace.root.queries->answer->status, DNS_TIMEOUT);
    assert_int_equal(trace.queries, 0);
    check_failed(&trace, "plain.org TXT");
    trace_free(&trace);
}

/* A trace that does not say that something is missing is whole, also where there was no memory for it. */
static void test_no_memory(void **state)
{
    static const char whole[] = " ?ptr.org TXT 1 {ptr.org pass; ptr:x.org yes @1 =x.org ?7.2.0.192.in-addr.arpa PTR 1"
                                " ?h.x.org A 1 [h.x.org]; -all -}";
    struct zone_checks *checks = *state;
    unsigned failed = 0;

    zone_checks_add_all(checks, zone, COUNT(zone));
    for (unsigned n = 1, happened = 1; happened; n++) {
        struct spf_request request = zone_checks_request("192.0.2.7", "ptr.org");
        struct spf_trace trace = {0};
        struct spf_outcome outcome;
        struct strbuf tree = STRBUF_INIT;

        request.trace = &trace;
        alloc_fail_at(n);
        spf_check(checks->checker, &request, &outcome);
        happened = alloc_fail_happened();
        alloc_fail_at(0);
        write_step(&tree, &trace.root);
        failed += trace.failed;
        if (!trace.failed && outcome.result == RESULT_PASS)
            assert_string_equal(strbuf_text(&tree), whole);
        else
            assert_true(happened);
        strbuf_free(&tree);
        trace_free(&trace);
    }
    assert_true(failed > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trees, open_zone, close_zone),
        cmocka_unit_test_setup_teardown(test_way, open_zone, close_zone),
        cmocka_unit_test_setup_teardown(test_cache, open_cached, close_zone),
        cmocka_unit_test_setup_teardown(test_late, open_zone, close_zone),
        cmocka_unit_test_setup_teardown(test_no_memory, open_zone, close_zone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
