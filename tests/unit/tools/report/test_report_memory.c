/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report without memory: each allocation fails in turn, and what is missing is said. */
#include "support/alloc_fail.h"
#include "tools/report/message_join.h"
#include "tools/report/read_line.h"
#include "tools/report/report_sheets.h"
#include "tools/report/write_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLIENT "ip=192.0.2.1, fqdn=mx.example.org, helo=mx.example.org, from="
#define OTHER  "ip=198.51.100.7, fqdn=out.forwarder.example, helo=out.forwarder.example, from="

static const char *const lines[] = {
    "Nov 28 08:00:00 mx smf-spf[1]: SPF pass: " CLIENT "<a@example.org>, reason=ip4:192.0.2.1, verdict=accepted, id=A1",
    "Nov 28 08:00:01 mx smf-spf[1]: SPF fail: " OTHER "<b@example.org>, reason=-all, verdict=refused, reply=550 5.7.23",
    "Nov 28 08:00:02 mx smf-spf[1]: SPF fail: " OTHER "<b@example.com>, reason=-all, verdict=refused, reply=550 5.7.23",
    "Nov 28 08:00:03 mx smf-spf[1]: SPF softfail: " OTHER "<b@example.net>, reason=~all, verdict=tagged, id=A2",
    "Nov 28 08:00:04 mx smf-spf[1]: SPF temperror: " CLIENT
    "<c@slow.example>, reason=DNS timeout for slow.example TXT, "
    "verdict=accepted, id=A3",
    "Nov 28 08:00:05 mx smf-spf[1]: SPF permerror: " CLIENT "<d@bad.example>, reason=bad.example has more than one SPF "
    "record, verdict=accepted, id=A4",
    "Nov 28 08:00:06 mx smf-spf[1]: SPF skipped (whitelisted sender): " CLIENT
    "<e@white.example>, verdict=exempt, id=A5",
    "Nov 28 08:00:07 mx smf-spf[1]: SPF none: " CLIENT "<own@own.example>, verdict=accepted, id=A6",
    "Nov 20 08:00:07 mx smf-spf[1]: SPF none: " CLIENT "<g@grey.example>, verdict=deferred, to=<u@own.example>, "
    "why=greylisted, reply=451 4.7.1, greylist=new, greylist-wait=60",
    "Nov 28 08:00:07 mx smf-spf[1]: SPF none: " CLIENT "<g@came.example>, verdict=accepted, "
    "greylist-to=<u@own.example>, greylist=came-back, greylist-waited=73, recipients=1",
    "{\"time\":\"2026-11-28T08:00:08Z\",\"level\":\"info\",\"event\":\"message\",\"id\":\"A7\",\"client\":\"192.0.2."
    "9\","
    "\"name\":\"h.example\",\"helo\":\"h.example\",\"mail_from\":\"f@example.org\",\"checks\":[{\"identity\":"
    "\"mailfrom\","
    "\"domain\":\"example.org\",\"result\":\"fail\",\"reason\":\"-all\"}],\"verdict\":\"refused\",\"why\":\"result\","
    "\"code\":\"550\",\"enhanced\":\"5.7.23\"}",
};

static struct text_list own;
static const struct config *now, *then;

static void count(void *context, const struct log_entry *message)
{
    summary_add(context, message);
}

/* False if there is no join. */
static bool read_lines(struct summary *summary)
{
    struct message_join *join = message_join_create(count, summary);
    struct log_time time = {.now_s = 1796000000};
    struct log_entry entry;

    for (size_t i = 0; join != NULL && i < sizeof lines / sizeof *lines; i++) {
        read_line(&time, lines[i], strlen(lines[i]), &entry);
        summary->unread += entry.kind == ENTRY_UNREAD;
        if (entry.kind >= ENTRY_MESSAGE)
            message_join_add(join, &entry);
    }
    if (join != NULL)
        message_join_finish(join);
    return join != NULL;
}

/* Appends all three forms of the report. True if nothing says that something is missing. */
static bool write_all(const struct summary *summary, struct strbuf *out)
{
    struct sheets sheets = {.count = 0};
    const struct written_report report = {summary, &sheets, 0};
    bool whole;

    report_sheets(summary, 5, NULL, 0, &sheets);
    whole = !sheets.failed;
    for (size_t i = 0; i < sheets.count; i++)
        whole &= !sheets.items[i].failed;
    write_report_text(&report, out);
    write_report_json(&report, out);
    write_report_html(&report, out);
    sheets_free(&sheets);
    return whole && !out->failed;
}

/* The same from the lines on. */
static bool report(struct strbuf *out)
{
    const struct summary_options options = {
        .since_s = INT64_MIN, .until_s = INT64_MAX, .own = &own, .now = now, .then = then};
    struct summary summary;
    const bool whole = summary_begin(&summary, &options) && read_lines(&summary) && write_all(&summary, out) &&
                       summary_dropped(&summary) == 0 && summary.unread == 0 && !summary.failed;

    summary_free(&summary);
    return whole;
}

static int set_up(void **state)
{
    static const char before[] = "RefuseMailFrom fail\n", after[] = "RefuseMailFrom fail softfail\n";
    struct strbuf errors = STRBUF_INIT;

    (void)state;
    now = config_parse(before, sizeof before - 1, "now", &errors);
    then = config_parse(after, sizeof after - 1, "then", &errors);
    return now != NULL && then != NULL && text_list_add(&own, "own.example") ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    config_release(now);
    config_release(then);
    text_list_free(&own);
    return 0;
}

static void test_no_memory(void **state)
{
    struct strbuf reference = STRBUF_INIT;
    unsigned failures = 0;

    (void)state;
    assert_true(report(&reference));
    for (unsigned n = 1;; n++) {
        struct strbuf out = STRBUF_INIT;
        bool whole, failed;

        alloc_fail_at(n);
        whole = report(&out);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        if (whole && strcmp(strbuf_text(&out), strbuf_text(&reference)) != 0)
            fail_msg("allocation %u: something is missing, and nothing says so", n);
        strbuf_free(&out);
        if (!failed)
            break;
        failures++;
    }
    assert_true(failures > 50);
    strbuf_free(&reference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_memory)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
