/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes what `smf-spf query` makes of records and of the DNS: the check of a record, the trace of its evaluation, and
 * both as text and as JSON. Whatever they hold, a terminal is shown printable US-ASCII, the JSON is whole, and each
 * finding is about octets of the record.
 *
 * The first line is a record of a.org that is not published yet, with a 6 before it for an IPv6 client. The others are
 * a zone (octet_zone.h). */
#include "octet_zone.h"

#include "base/stats.h"
#include "dns/dns_overlay.h"
#include "tools/report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TIMEOUT_MS = 60000 };

static struct octet_zone zone;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                  void *context)
{
    (void)dns;
    (void)deadline_ms;
    done(context, octet_zone_answer(&zone, name, type));
}

static void destroy(struct dns *dns)
{
    (void)dns;
}

static int64_t no_time(void *context)
{
    (void)context;
    return 0;
}

static const struct clock stopped_clock = {.monotonic_ms = no_time, .unix_s = no_time};
static const struct dns_ops ops = {.query = query, .destroy = destroy};
static struct dns dns = {.ops = &ops, .clock = &stopped_clock};

static void check_findings(const struct record_check *check, size_t len)
{
    require(!check->failed);
    for (size_t i = 0; i < check->count; i++) {
        const struct finding *finding = &check->findings[i];

        require(finding->text != NULL);
        require(!finding->has_place || (finding->offset <= len && finding->len <= len - finding->offset));
        for (const char *c = finding->text; *c != '\0'; c++)
            require(*c >= ' ' && *c <= '~');
    }
}

static void check_written(const struct report *report)
{
    struct strbuf text = STRBUF_INIT, json = STRBUF_INIT;
    json_t *read;

    report_text(report, &text);
    for (const char *c = strbuf_text(&text); *c != '\0'; c++)
        require(*c == '\n' || (*c >= ' ' && *c <= '~') || (*c == '\t' && c[-1] == '\n')); /* the fields are folded */
    report_json(report, &json);
    read = json_loadb(strbuf_text(&json), json.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    require(!text.failed && !json.failed && json_is_object(read));
    json_decref(read);
    strbuf_free(&text);
    strbuf_free(&json);
}

/* Evaluates the record where it is published, and writes all of it down. */
static void evaluate(const char *record, size_t len, const struct record_check *check, const char *client)
{
    struct spf_checker_config config = {
        .dns = dns_overlay_create(&dns, "a.org", record, len), .clock = &stopped_clock, .timeout_ms = TIMEOUT_MS};
    struct spf_checker *checker = config.dns != NULL ? spf_checker_create(&config) : NULL;
    struct spf_trace trace = {.cached = false};
    struct spf_request request = {
        .local = "local", .helo = "h.org", .domain = "a.org", .receiver = "r.example", .trace = &trace};
    struct header_result result = {
        .sender = "local@a.org", .domain = "a.org", .helo = "h.org", .receiver = "r.example"};
    struct spf_outcome outcome;
    struct report report = {.record = record,
                            .record_len = len,
                            .record_domain = "a.org",
                            .check = check,
                            .outcome = &outcome,
                            .result = &result,
                            .authserv_id = "r.example",
                            .trace = &trace};

    require(checker != NULL && addr_parse(client, &request.client));
    spf_check(checker, &request, &outcome);
    require(stats_get(STATS_SPF_DISAGREEMENTS) == 0 && !trace.failed);
    result.result = outcome.result;
    result.mechanism = outcome.mechanism;
    result.problem = outcome.problem;
    result.client = request.client;
    check_written(&report);
    trace_free(&trace);
    spf_checker_release(checker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct octet_line first = octet_zone_read(&zone, data, size);
    struct record_check check = {.findings = NULL};
    char *record = strndup(first.text, first.len); /* as on a command line: up to a NUL */
    const bool is_v6 = record != NULL && record[0] == '6';

    require(record != NULL);
    record_check_run(&check, record + is_v6, strlen(record + is_v6), "a.org", &dns, TIMEOUT_MS);
    check_findings(&check, strlen(record + is_v6));
    evaluate(record + is_v6, strlen(record + is_v6), &check, is_v6 ? "2001:db8::1" : "192.0.2.1");
    record_check_free(&check);
    free(record);
    return 0;
}
