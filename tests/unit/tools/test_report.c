/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports that cannot be complete, and texts that no terminal or JSON parser should see. */
#include "tools/report.h"
#include "tools/trace_text.h"

#include "dns/dns_zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

static const char zone[] = "a.example. TXT \"v=spf1 exists:%{l}.b.example mx redirect=b.example\"\n"
                           "a.example. MX 10 m.example.\nm.example. A 192.0.2.9\n"
                           "b.example. TXT \"v=spf1 -all exp=c.example\"\nc.example. TXT \"no \\255\"\n";

/* An evaluation with a trace, and all that a report tells of it. */
struct evaluated {
    struct spf_outcome outcome;
    struct spf_trace trace;
    struct record_check check;
    struct header_result result;
    struct report report;
};

static void evaluate(struct evaluated *evaluated)
{
    static const char record[] = "v=spf1 ip4:1 \xff -all";
    char error[200];
    struct dns *dns = dns_zone_parse(zone, strlen(zone), "zone", &clock_system, error, sizeof(error));
    struct spf_checker_config config = {.dns = dns, .clock = &clock_system, .timeout_ms = 5000};
    struct spf_checker *checker;
    struct spf_request request = {.client = {.family = ADDR_V4, .bytes = {192, 0, 2, 1}},
                                  .helo = "h\x01\xff",
                                  .local = "l\xc3\xa9\xff",
                                  .domain = "a.example",
                                  .receiver = "r",
                                  .trace = &evaluated->trace};

    *evaluated = (struct evaluated){0};
    assert_non_null(dns);
    record_check_run(&evaluated->check, record, strlen(record), "a.example", dns, INT64_MAX / 2);
    checker = spf_checker_create(&config);
    assert_non_null(checker);
    spf_check(checker, &request, &evaluated->outcome);
    spf_checker_release(checker);
    evaluated->result = (struct header_result){.result = evaluated->outcome.result,
                                               .mechanism = evaluated->outcome.mechanism,
                                               .problem = evaluated->outcome.problem,
                                               .client = request.client,
                                               .sender = "l\xc3\xa9\xff@a.example",
                                               .domain = "a.example",
                                               .helo = request.helo,
                                               .receiver = "r"};
    evaluated->report = (struct report){.record = record,
                                        .record_len = strlen(record),
                                        .record_domain = "a.example",
                                        .check = &evaluated->check,
                                        .outcome = &evaluated->outcome,
                                        .result = &evaluated->result,
                                        .authserv_id = "r",
                                        .trace = &evaluated->trace};
}

static void forget(struct evaluated *evaluated)
{
    trace_free(&evaluated->trace);
    record_check_free(&evaluated->check);
}

static void test_octets(void **state)
{
    struct evaluated evaluated;
    struct strbuf text = STRBUF_INIT, json = STRBUF_INIT;

    (void)state;
    evaluate(&evaluated);
    report_text(&evaluated.report, &text);
    report_json(&evaluated.report, &json);
    assert_false(text.failed || json.failed);
    for (size_t i = 0; i < text.len; i++)
        assert_true((text.text[i] >= ' ' && text.text[i] <= '~') || text.text[i] == '\n' || text.text[i] == '\t');
    assert_non_null(strstr(json.text, "\"helo\": \"h\\u0001\\\\xff\""));
    assert_non_null(strstr(json.text, "\"sender\": \"l\xc3\xa9\\\\xff@a.example\""));
    assert_non_null(strstr(json.text, "\"no \\\\xff\""));
    assert_non_null(strstr(json.text, "\"record\": \"v=spf1 ip4:1 \\\\xff -all\""));
    assert_null(strchr(json.text, '\xff'));
    strbuf_free(&text);
    strbuf_free(&json);
    forget(&evaluated);
}

/* A report is whole, or says that it failed. */
static void test_no_memory(void **state)
{
    void (*const reports[])(const struct report *, struct strbuf *) = {report_text, report_json};
    struct evaluated evaluated;

    (void)state;
    evaluate(&evaluated);
    for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
        struct strbuf whole = STRBUF_INIT;

        reports[i](&evaluated.report, &whole);
        for (unsigned n = 1, happened = 1; happened; n++) {
            struct strbuf out = STRBUF_INIT;

            alloc_fail_at(n);
            reports[i](&evaluated.report, &out);
            happened = alloc_fail_happened();
            alloc_fail_at(0);
            if (!out.failed)
                assert_string_equal(strbuf_text(&out), strbuf_text(&whole));
            assert_true(out.failed || !happened);
            strbuf_free(&out);
        }
        strbuf_free(&whole);
    }
    forget(&evaluated);
}

/* The caret stands below its octet, also in a record of which only a part is shown. */
static void test_caret(void **state)
{
    char record[400];

    (void)state;
    memset(record, 'a', sizeof(record));
    for (size_t offset = 0; offset <= sizeof(record); offset += 7) {
        struct strbuf out = STRBUF_INIT;
        char *line, *caret;

        memset(record, 'a', sizeof(record));
        if (offset < sizeof(record))
            record[offset] = '!';
        trace_text_error(&out, 4, record, sizeof(record), offset, "wrong", NULL, "right");
        line = out.text;
        caret = strchr(out.text, '\n') + 1;
        assert_in_range(caret - line, 4, 100);
        if (offset < sizeof(record))
            assert_int_equal(strchr(caret, '^') - caret, strchr(line, '!') - line);
        strbuf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_octets),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_caret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
