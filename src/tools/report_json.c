/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes reports as JSON. */
#include "tools/report.h"

#include "base/log_json.h"
#include "base/utf8.h"
#include "mail/header.h"
#include "spf/limits.h"
#include "spf/record_advice.h"
#include "spf/record_hint.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A text from outside as a JSON string; octets that are not UTF-8 become \xNN. NULL if out of memory. */
static json_t *text_value(const char *octets, size_t len)
{
    struct strbuf utf8 = STRBUF_INIT;
    json_t *string = NULL;
    size_t step;

    for (size_t i = 0; i < len; i += step) {
        step = utf8_char_len(octets + i, len - i);
        if (step > 0)
            strbuf_add_mem(&utf8, octets + i, step);
        else
            strbuf_addf(&utf8, "\\x%02x", (unsigned)(unsigned char)octets[i]);
        step += step == 0;
    }
    if (!utf8.failed)
        string = json_stringn(strbuf_text(&utf8), utf8.len);
    strbuf_free(&utf8);
    return string;
}

static json_t *name_value(const char *value)
{
    return text_value(value, strlen(value));
}

/* Sets a member, and takes its value over. Out of memory, now or for the value, shows in *failed. */
static void set_member(json_t *object, const char *key, json_t *value, bool *failed)
{
    *failed |= json_object_set_new(object, key, value) != 0;
}

static void append_value(json_t *array, json_t *value, bool *failed)
{
    *failed |= json_array_append_new(array, value) != 0;
}

static json_t *number_value(size_t value)
{
    return json_integer((json_int_t)value);
}

/* A text that is left out where it is empty. */
static void set_text(json_t *object, const char *key, const char *value, bool *failed)
{
    if (value[0] != '\0')
        set_member(object, key, name_value(value), failed);
}

/* A record of an answer, as in a zone file. */
static json_t *answer_record(enum dns_type type, const struct dns_record *record)
{
    char address[ADDR_TEXT_SIZE];
    struct strbuf exchanger = STRBUF_INIT;
    json_t *string;

    switch (type) {
    case DNS_A:
    case DNS_AAAA:
        return name_value(addr_format(&record->addr, address));
    case DNS_PTR:
        return name_value(record->name);
    case DNS_TXT:
        return text_value(record->text, record->text_len);
    case DNS_MX:
        break;
    }
    strbuf_addf(&exchanger, "%u %s", record->preference, record->name);
    string = exchanger.failed ? NULL : name_value(exchanger.text);
    strbuf_free(&exchanger);
    return string;
}

static json_t *query_object(const struct trace_query *query, bool *failed)
{
    const struct dns_answer *answer = query->answer;
    static const char *const sources[] = {
        [TRACE_ASKED] = "asked", [TRACE_CACHED] = "cache", [TRACE_LATE] = "not asked: too late"};
    json_t *object = json_object(), *records = json_array();

    set_member(object, "name", name_value(query->name), failed);
    set_member(object, "type", json_string(dns_type_name(query->type)), failed);
    set_member(object, "source", json_string(sources[query->source]), failed);
    set_member(object, "status", json_string(dns_status_name(answer->status)), failed);
    set_member(object, "ttl_s", number_value(answer->ttl_s), failed);
    set_member(object, "took_ms", json_integer(query->took_ms), failed);
    if (query->void_lookups > 0)
        set_member(object, "void_lookup", number_value(query->void_lookups), failed);
    for (size_t i = 0; i < answer->count; i++)
        append_value(records, answer_record(query->type, &answer->records[i]), failed);
    set_member(object, "records", records, failed);
    return object;
}

static json_t *record_object(const struct trace_record *record, bool *failed);

/* Sets what a step did. */
static void set_step(json_t *object, const struct trace_step *step, bool *failed)
{
    json_t *queries = json_array();

    if (step->name)
        set_member(object, "name", name_value(step->name), failed);
    if (step->dns_terms > 0)
        set_member(object, "dns_term", number_value(step->dns_terms), failed);
    for (const struct trace_query *query = step->queries; query; query = query->next)
        append_value(queries, query_object(query, failed), failed);
    set_member(object, "questions", queries, failed);
    if (step->client_names)
        set_member(object, "client_names", name_value(step->client_names), failed);
    if (step->record)
        set_member(object, "record", record_object(step->record, failed), failed);
}

static json_t *term_object(const struct trace_record *record, const struct trace_term *term, bool *failed)
{
    static const char *const states[] = {[TRACE_NOT_REACHED] = "not reached",
                                         [TRACE_NO_MATCH] = "no match",
                                         [TRACE_MATCH] = "match",
                                         [TRACE_STOPPED] = "stopped",
                                         [TRACE_MODIFIER] = "modifier"};
    json_t *object = json_object();

    set_member(object, "term", text_value(record->text + term->offset, term->len), failed);
    set_member(object, "offset", number_value(term->offset), failed);
    set_member(object, "state", json_string(states[term->state]), failed);
    set_step(object, &term->step, failed);
    return object;
}

/* A syntax error. */
static json_t *error_object(const char *record, size_t len, size_t offset, const char *reason, bool *failed)
{
    const struct record_error error = {.offset = offset, .reason = reason};
    json_t *object = json_object();
    struct record_advice advice;

    record_advise(record, len, &error, &advice);
    set_member(object, "offset", number_value(offset), failed);
    set_member(object, "reason", json_string(reason), failed);
    set_member(object, "hint", json_string(record_hint(record, len, offset)), failed);
    if (advice.meant.len > 0)
        set_member(object, "meant", name_value(strbuf_text(&advice.meant)), failed);
    *failed |= advice.meant.failed;
    strbuf_free(&advice.meant);
    return object;
}

static json_t *record_object(const struct trace_record *record, bool *failed)
{
    json_t *object = json_object(), *terms = json_array();

    set_member(object, "domain", name_value(record->domain), failed);
    set_member(object, "text", text_value(record->text, record->len), failed);
    set_member(object, "ttl_s", number_value(record->ttl_s), failed);
    if (record->error)
        set_member(object, "error",
                   error_object(record->text, record->len, record->error_offset, record->error, failed), failed);
    if (record->has_result)
        set_member(object, "result", json_string(result_name(record->result)), failed);
    for (size_t i = 0; i < record->count; i++)
        append_value(terms, term_object(record, &record->terms[i], failed), failed);
    set_member(object, "terms", terms, failed);
    return object;
}

/* The terms on the way to the decision; "default" at the end of a record (RFC 7208 4.7). */
static json_t *way_array(const struct spf_trace *trace, bool *failed)
{
    json_t *way = json_array();

    for (const struct trace_record *record = trace->root.record; record && !record->error;
         record = trace_next(record)) {
        const struct trace_term *term = &record->terms[record->reached];
        json_t *object = json_object();

        set_member(object, "domain", name_value(record->domain), failed);
        set_member(object, "term",
                   record->reached < record->count ? text_value(record->text + term->offset, term->len)
                                                   : json_string("default"),
                   failed);
        append_value(way, object, failed);
    }
    return way;
}

static json_t *trace_object(const struct spf_trace *trace, bool *failed)
{
    json_t *object = json_object(), *explanation = json_object();

    set_member(object, "cached", json_boolean(trace->cached), failed);
    set_member(object, "decided_by", way_array(trace, failed), failed);
    set_member(object, "dns_terms", number_value(trace->limits.dns_terms), failed);
    set_member(object, "dns_terms_limit", number_value(LIMIT_DNS_TERMS), failed);
    set_member(object, "void_lookups", number_value(trace->limits.void_lookups), failed);
    set_member(object, "void_lookups_limit", number_value(LIMIT_VOID_LOOKUPS), failed);
    set_member(object, "asked", number_value(trace->queries), failed);
    set_member(object, "took_ms", json_integer(trace->took_ms), failed);
    set_step(object, &trace->root, failed);
    set_step(explanation, &trace->explanation, failed);
    set_member(object, "explanation", explanation, failed);
    *failed |= trace->failed;
    return object;
}

/* Sets the value of a field, without the newlines of its folds (RFC 5322 2.2.3). */
static void set_field(json_t *object, const char *key, struct strbuf *value, bool *failed)
{
    struct strbuf unfolded = STRBUF_INIT;

    for (const char *octet = strbuf_text(value); *octet != '\0'; octet++) {
        if (*octet == '\t')
            strbuf_add_char(&unfolded, ' ');
        else if (*octet != '\n')
            strbuf_add_char(&unfolded, *octet);
    }
    *failed |= value->failed || unfolded.failed;
    set_member(object, key, name_value(strbuf_text(&unfolded)), failed);
    strbuf_free(&unfolded);
    strbuf_free(value);
}

static json_t *fields_object(const struct report *report, bool *failed)
{
    struct strbuf results = STRBUF_INIT, received = STRBUF_INIT;
    json_t *object = json_object();

    header_authentication_results(report->authserv_id, report->result, &results);
    header_received_spf(report->result, &received);
    set_field(object, "Authentication-Results", &results, failed);
    set_field(object, "Received-SPF", &received, failed);
    return object;
}

/* What LeaveToDMARC goes by. */
static json_t *dmarc_object(const struct dmarc_discovery *dmarc, bool *failed)
{
    static const char *const words[] = {[TRISTATE_NO] = "no", [TRISTATE_YES] = "yes", [TRISTATE_UNKNOWN] = "unknown"};
    json_t *object = json_object();

    set_member(object, "published", json_string(words[dmarc->is_published]), failed);
    if (dmarc->is_published == TRISTATE_YES)
        set_member(object, "domain", name_value(dmarc->name), failed);
    if (dmarc->is_published == TRISTATE_UNKNOWN) {
        set_member(object, "name", name_value(dmarc->name), failed);
        set_member(object, "status", json_string(dns_status_name(dmarc->status)), failed);
    }
    return object;
}

/* What greylisting would do. */
static json_t *greylist_object(const struct query_greylist *greylist, bool *failed)
{
    const struct greylist_decision *decision = &greylist->decision;
    json_t *object = json_object();

    set_member(object, "applies", json_boolean(greylist->exemption == NULL), failed);
    if (greylist->exemption != NULL) {
        set_member(object, "exemption", json_string(greylist->exemption), failed);
        return object;
    }
    set_member(object, "key", name_value(greylist->subject.entry), failed);
    set_member(object, "answer", json_string(greylist_reason_name(decision->reason)), failed);
    set_member(object, "deferred", json_boolean(decision->defers), failed);
    if (decision->defers)
        set_member(object, "wait_s", number_value(decision->wait_s), failed);
    if (greylist->problem.len > 0)
        set_member(object, "problem", name_value(strbuf_text(&greylist->problem)), failed);
    return object;
}

static void set_result_members(json_t *object, const struct report *report, bool *failed)
{
    const struct header_result *result = report->result;
    const struct spf_outcome *outcome = report->outcome;
    char client[ADDR_TEXT_SIZE];

    set_member(object, "identity", json_string(result->is_helo ? "helo" : "mailfrom"), failed);
    set_member(object, "client_ip", name_value(addr_format(&result->client, client)), failed);
    set_member(object, "helo", name_value(result->helo), failed);
    set_member(object, "sender", name_value(result->sender), failed);
    set_member(object, "domain", name_value(result->domain), failed);
    set_member(object, "receiver", name_value(result->receiver), failed);
    set_member(object, "result", json_string(result_name(outcome->result)), failed);
    set_member(object, "best_guess", json_boolean(outcome->guessed), failed);
    set_member(object, "ttl_s", number_value(outcome->ttl_s), failed);
    set_text(object, "mechanism", outcome->mechanism, failed);
    set_text(object, "problem", outcome->problem, failed);
    set_text(object, "explanation", outcome->explanation, failed);
    if (report->dmarc)
        set_member(object, "dmarc", dmarc_object(report->dmarc, failed), failed);
    if (report->greylist)
        set_member(object, "greylist", greylist_object(report->greylist, failed), failed);
    set_member(object, "fields", fields_object(report, failed), failed);
    if (report->trace)
        set_member(object, "trace", trace_object(report->trace, failed), failed);
}

static json_t *finding_object(const struct report *report, const struct finding *finding, bool *failed)
{
    static const char *const levels[] = {[FINDING_ERROR] = "error",
                                         [FINDING_UNKNOWN] = "unknown",
                                         [FINDING_WARNING] = "warning",
                                         [FINDING_NOTE] = "note"};
    json_t *object = json_object();

    set_member(object, "level", json_string(levels[finding->level]), failed);
    set_member(object, "text", name_value(finding->text), failed);
    if (finding->has_place)
        set_member(object, "offset", number_value(finding->offset), failed);
    if (finding->hint)
        set_member(object, "hint", json_string(finding->hint), failed);
    else if (finding->has_place)
        set_member(object, "term", text_value(report->record + finding->offset, finding->len), failed);
    if (finding->meant)
        set_member(object, "meant", name_value(finding->meant), failed);
    return object;
}

static json_t *check_object(const struct report *report, bool *failed)
{
    const struct record_check *check = report->check;
    json_t *object = json_object(), *findings = json_array();

    set_member(object, "domain", name_value(report->record_domain), failed);
    set_member(object, "record", text_value(report->record, report->record_len), failed);
    set_member(object, "status", json_string(record_check_status(check)), failed);
    for (size_t i = 0; i < check->count; i++)
        append_value(findings, finding_object(report, &check->findings[i], failed), failed);
    set_member(object, "findings", findings, failed);
    if (check->costs_known) {
        set_member(object, "dns_terms", number_value(check->dns_terms), failed);
        set_member(object, "void_lookups_ipv4", number_value(check->void_lookups_v4), failed);
        set_member(object, "void_lookups_ipv6", number_value(check->void_lookups_v6), failed);
        set_member(object, "costs_at_least", json_boolean(check->is_partial), failed);
    }
    *failed |= check->failed;
    return object;
}

static json_t *servers_array(const struct report *report, bool *failed)
{
    json_t *array = json_array();

    for (size_t i = 0; i < report->server_count; i++) {
        json_t *object = json_object();

        set_member(object, "server", name_value(report->servers[i].server), failed);
        set_member(object, "answers", json_boolean(report->servers[i].answers), failed);
        set_member(object, "state", name_value(report->servers[i].state), failed);
        append_value(array, object, failed);
    }
    return array;
}

void report_json(const struct report *report, struct strbuf *out)
{
    json_t *object = json_object();
    bool failed = false;
    char *written;

    if (report->check)
        set_member(object, "check", check_object(report, &failed), &failed);
    if (report->result)
        set_result_members(object, report, &failed);
    if (report->server_count > 0)
        set_member(object, "name_servers", servers_array(report, &failed), &failed);
    written = failed ? NULL : json_dumps(object, JSON_INDENT(2));
    if (written) {
        log_json_foreign(out, written);
        strbuf_add_char(out, '\n');
    } else {
        out->failed = true;
    }
    free(written);
    json_decref(object);
}
