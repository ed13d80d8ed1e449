/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes reports for people. */
#include "mail/header.h"
#include "spf/limits.h"
#include "tools/report.h"
#include "tools/trace_text.h"

#include <string.h>

enum { TERM_SHOWN_MAX = 200 };

static void add_line(struct strbuf *out, const char *key, const char *text)
{
    strbuf_addf(out, "%s: ", key);
    trace_text_add(out, text, strlen(text), strlen(text));
    strbuf_add_char(out, '\n');
}

static void add_field(struct strbuf *out, const char *name, struct strbuf *value)
{
    strbuf_addf(out, "%s: %s\n", name, strbuf_text(value));
    out->failed |= value->failed;
    strbuf_free(value);
}

static void add_reason(struct strbuf *out, const struct spf_outcome *outcome, const char *domain)
{
    if (outcome->problem[0] != '\0') {
        add_line(out, "reason", outcome->problem);
    } else if (outcome->mechanism[0] != '\0') {
        add_line(out, "reason", outcome->mechanism);
    } else {
        strbuf_add(out, "reason: ");
        trace_text_add(out, domain, strlen(domain), DNS_NAME_MAX);
        strbuf_add(out, domain[0] != '\0' ? " publishes no SPF record\n" : "there is no domain\n");
    }
}

/* What LeaveToDMARC makes of the result. */
static void add_dmarc(struct strbuf *out, const struct dmarc_discovery *dmarc)
{
    strbuf_add(out, "dmarc: ");
    switch (dmarc->is_published) {
    case TRISTATE_YES:
        trace_text_add(out, dmarc->name, strlen(dmarc->name), DNS_NAME_MAX);
        strbuf_add(out, " publishes a record: not refused, but left to the DMARC filter\n");
        break;
    case TRISTATE_UNKNOWN:
        strbuf_addf(out, "unknown, DNS %s for ", dns_status_name(dmarc->status));
        trace_text_add(out, dmarc->name, strlen(dmarc->name), sizeof(dmarc->name));
        strbuf_add(out, " TXT: not refused, but left to the DMARC filter\n");
        break;
    case TRISTATE_NO:
        strbuf_add(out, "no record of the domain or its organizational domain\n");
        break;
    }
}

static void add_greylist_decision(struct strbuf *out, const struct query_greylist *greylist)
{
    const struct greylist_decision *decision = &greylist->decision;

    strbuf_add(out, greylist_reason_name(decision->reason));
    if (decision->defers)
        strbuf_addf(out, " (would be deferred %u s)", (unsigned)decision->wait_s);
    else if (decision->reason == GREYLIST_CAME_BACK)
        strbuf_addf(out, " (would be let through after %u s)", (unsigned)decision->waited_s);
    else
        strbuf_add(out, " (would be let through)");
    if (greylist->problem.len > 0) {
        strbuf_addf(out, ", if this is a first contact; %s: ", greylist->store);
        trace_text_add(out, strbuf_text(&greylist->problem), greylist->problem.len, greylist->problem.len);
    }
}

static void add_greylist(struct strbuf *out, const struct query_greylist *greylist)
{
    strbuf_add(out, "greylist: ");
    if (greylist->exemption != NULL)
        strbuf_addf(out, "no: %s", greylist->exemption);
    else
        add_greylist_decision(out, greylist);
    strbuf_add_char(out, '\n');
}

static void add_result(struct strbuf *out, const struct report *report)
{
    const struct spf_outcome *outcome = report->outcome;
    struct strbuf results = STRBUF_INIT, received = STRBUF_INIT;

    strbuf_addf(out, "result: %s%s\n", result_name(outcome->result), outcome->guessed ? " (best guess)" : "");
    add_reason(out, outcome, report->result->domain);
    if (outcome->explanation[0] != '\0')
        add_line(out, "explanation", outcome->explanation);
    if (report->dmarc)
        add_dmarc(out, report->dmarc);
    if (report->greylist)
        add_greylist(out, report->greylist);
    header_authentication_results(report->authserv_id, report->result, &results);
    header_received_spf(report->result, &received);
    add_field(out, "Authentication-Results", &results);
    add_field(out, "Received-SPF", &received);
}

static const char *level_word(enum finding_level level)
{
    switch (level) {
    case FINDING_ERROR:
        return "error";
    case FINDING_UNKNOWN:
        return "unknown";
    case FINDING_WARNING:
        return "warning";
    case FINDING_NOTE:
        break;
    }
    return "note";
}

static void add_finding(struct strbuf *out, const struct report *report, const struct finding *finding)
{
    if (finding->hint) {
        trace_text_error(out, 0, report->record, report->record_len, finding->offset, finding->text, finding->meant,
                         finding->hint);
        return;
    }
    strbuf_addf(out, "%s: ", level_word(finding->level));
    if (finding->has_place) {
        trace_text_add(out, report->record + finding->offset, finding->len, TERM_SHOWN_MAX);
        strbuf_add(out, ": ");
    }
    strbuf_addf(out, "%s\n", finding->text);
    if (finding->meant)
        add_line(out, "         did you mean", finding->meant);
}

static void add_check(struct strbuf *out, const struct report *report)
{
    const struct record_check *check = report->check;

    strbuf_addf(out, "record: %s\n", record_check_status(check));
    for (int level = FINDING_ERROR; level <= FINDING_NOTE; level++)
        for (size_t i = 0; i < check->count; i++)
            if (check->findings[i].level == (enum finding_level)level)
                add_finding(out, report, &check->findings[i]);
    if (check->failed)
        strbuf_add(out, "out of memory: parts of this are missing\n");
    if (check->costs_known)
        strbuf_addf(
            out, "cost: %s%u of %d DNS lookups; void lookups: %u of %d for IPv4 clients, %u of %d for IPv6 clients\n",
            check->is_partial ? "at least " : "", check->dns_terms, LIMIT_DNS_TERMS, check->void_lookups_v4,
            LIMIT_VOID_LOOKUPS, check->void_lookups_v6, LIMIT_VOID_LOOKUPS);
}

static void add_servers(struct strbuf *out, const struct report *report)
{
    for (size_t i = 0; i < report->server_count; i++)
        strbuf_addf(out, "name server %s: %s\n", report->servers[i].server, report->servers[i].state);
}

void report_text(const struct report *report, struct strbuf *out)
{
    if (report->check)
        add_check(out, report);
    if (report->check && report->result)
        strbuf_add_char(out, '\n');
    if (report->result)
        add_result(out, report);
    if (report->result && report->trace) {
        strbuf_add_char(out, '\n');
        trace_text(out, report->trace, report->outcome->result);
    }
    add_servers(out, report);
}
