/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a trace as a tree: a record, below it its terms, and below each term its DNS queries and the record it led to.
 */
#include "tools/trace_text.h"

#include "base/printable.h"
#include "spf/limits.h"
#include "spf/record_advice.h"
#include "spf/record_hint.h"

#include <inttypes.h>
#include <string.h>

enum {
    STEP = 4,              /* columns of one level */
    TERM_COLUMNS_MAX = 36, /* after which the outcome of each term is aligned */
    NAME_SHOWN_MAX = 253,
    TEXT_SHOWN_MAX = 1000,
    ERROR_BEFORE = 50, /* octets of a record that are shown on either side of a error */
    ERROR_AFTER = 26,
};

void trace_text_add(struct strbuf *out, const char *text, size_t len, size_t max)
{
    for (size_t i = 0; i < len && i < max; i++)
        strbuf_add_char(out, printable_char(text[i]));
    if (len > max)
        strbuf_add(out, "...");
}

static void add_shown_name(struct strbuf *out, const char *name)
{
    trace_text_add(out, name, strlen(name), NAME_SHOWN_MAX);
}

static void add_columns(struct strbuf *out, size_t columns)
{
    while (columns-- > 0)
        strbuf_add_char(out, ' ');
}

void trace_text_error(struct strbuf *out, unsigned indent, const char *text, size_t len, size_t offset,
                      const char *reason, const char *meant, const char *hint)
{
    static const char dots[] = "...";
    size_t begin = offset > ERROR_BEFORE ? offset - ERROR_BEFORE : 0;
    size_t end = len > offset + ERROR_AFTER ? offset + ERROR_AFTER : len;
    size_t caret = indent + (offset - begin) + (begin > 0 ? strlen(dots) : 0);

    add_columns(out, indent);
    strbuf_add(out, begin > 0 ? dots : "");
    trace_text_add(out, text + begin, end - begin, end - begin);
    strbuf_add(out, end < len ? dots : "");
    strbuf_add_char(out, '\n');
    add_columns(out, caret);
    strbuf_addf(out, "^ %s, at octet %zu\n", reason, offset + 1);
    if (!meant && !hint)
        return;
    add_columns(out, caret + 2);
    strbuf_add(out, meant ? "did you mean: " : "expected: ");
    trace_text_add(out, meant ? meant : hint, strlen(meant ? meant : hint), TEXT_SHOWN_MAX);
    strbuf_add_char(out, '\n');
}

static void add_answer_record(struct strbuf *out, enum dns_type type, const struct dns_record *record)
{
    char text[ADDR_TEXT_SIZE];

    if (type == DNS_A || type == DNS_AAAA)
        strbuf_add(out, addr_format(&record->addr, text));
    if (type == DNS_MX)
        strbuf_addf(out, "%u ", record->preference);
    if (type == DNS_MX || type == DNS_PTR)
        add_shown_name(out, record->name[0] != '\0' ? record->name : ".");
    if (type == DNS_TXT) {
        strbuf_add_char(out, '"');
        trace_text_add(out, record->text, record->text_len, TEXT_SHOWN_MAX);
        strbuf_add_char(out, '"');
    }
}

/* What the limits say of an answer (RFC 7208 4.6.4). */
static void add_answer_limits(struct strbuf *out, const struct trace_query *query)
{
    if (query->type == DNS_MX && query->answer->count > 0)
        strbuf_addf(out, ", %zu of %d mail exchangers", query->answer->count, LIMIT_MX_NAMES);
    if (query->type == DNS_PTR && query->answer->count > 0)
        strbuf_addf(out, ", %zu of %d names", query->answer->count, LIMIT_CLIENT_NAMES);
    if (query->void_lookups > 0)
        strbuf_addf(out, ", void lookup %u of %d", query->void_lookups, LIMIT_VOID_LOOKUPS);
}

static const char *no_records(const struct trace_query *query)
{
    switch (query->answer->status) {
    case DNS_NODATA:
        return "the name has no record of this type";
    case DNS_NXDOMAIN:
        return "there is no such name (NXDOMAIN)";
    case DNS_TIMEOUT:
        return query->source == TRACE_LATE ? "not queried: the time was over" : "no reply in time";
    default:
        return "the name servers failed to answer (SERVFAIL or the like)";
    }
}

/* `DNS mx.example.org A: 192.0.2.1 (TTL 300 s, 2 ms)`. TXT records are listed only if `with_texts`. */
static void add_query(struct strbuf *out, unsigned indent, const struct trace_query *query, bool with_texts)
{
    const struct dns_answer *answer = query->answer;

    add_columns(out, indent);
    strbuf_add(out, "DNS ");
    add_shown_name(out, query->name);
    strbuf_addf(out, " %s: ", dns_type_name(query->type));
    if (answer->count == 0)
        strbuf_add(out, no_records(query));
    else if (query->type == DNS_TXT && !with_texts)
        strbuf_addf(out, "%zu record%s", answer->count, answer->count == 1 ? "" : "s");
    for (size_t i = 0; i < answer->count && (query->type != DNS_TXT || with_texts); i++) {
        strbuf_add(out, i > 0 ? ", " : "");
        add_answer_record(out, query->type, &answer->records[i]);
    }
    strbuf_addf(out, " (%sTTL %" PRIu32 " s, %" PRId64 " ms", query->source == TRACE_CACHED ? "from the cache, " : "",
                answer->ttl_s, query->took_ms);
    add_answer_limits(out, query);
    strbuf_add(out, ")\n");
}

static void add_record_tree(struct strbuf *out, unsigned indent, const struct trace_record *record,
                            const struct spf_trace *trace, enum spf_result end);

/* The lines below a term: its name where it had to be found out, its DNS queries, and its record. */
static void add_step(struct strbuf *out, unsigned indent, const struct trace_step *step, bool is_expanded,
                     const struct spf_trace *trace, enum spf_result end)
{
    if (step->name && is_expanded) {
        add_columns(out, indent);
        strbuf_add(out, "name: ");
        add_shown_name(out, step->name);
        strbuf_add(out, !step->queries && !step->client_names ? " (not queried)\n" : "\n");
    }
    for (const struct trace_query *query = step->queries; query; query = query->next)
        add_query(out, indent, query, step->record == NULL);
    if (step->client_names) {
        add_columns(out, indent);
        strbuf_add(out, "validated names of the client: ");
        add_shown_name(out, step->client_names);
        strbuf_add_char(out, '\n');
    }
    if (step->record)
        add_record_tree(out, indent, step->record, trace, end);
}

static const char *matched_word(char qualifier)
{
    switch (qualifier) {
    case '-':
        return "match: fail";
    case '~':
        return "match: softfail";
    case '?':
        return "match: neutral";
    default:
        return "match: pass";
    }
}

static void add_modifier_state(struct strbuf *out, const struct trace_term *term, const struct spf_trace *trace)
{
    if (term->kind == TERM_REDIRECT)
        strbuf_add(out, "not followed");
    else if (term->kind == TERM_OTHER)
        strbuf_add(out, "an unknown modifier: ignored");
    else
        strbuf_add(out, trace->explanation.name ? "names an explanation" : "names an explanation, which is not needed");
}

/* What became of a term. */
static void add_state(struct strbuf *out, const struct trace_term *term, const struct spf_trace *trace,
                      enum spf_result end)
{
    const struct trace_record *inner = term->step.record;

    switch (term->state) {
    case TRACE_NOT_REACHED:
        strbuf_add(out, "not reached");
        break;
    case TRACE_NO_MATCH:
        strbuf_add(out, "no match");
        if (inner && inner->has_result)
            strbuf_addf(out, ": the record below gives %s", result_name(inner->result));
        break;
    case TRACE_MATCH:
        if (term->kind == TERM_REDIRECT)
            strbuf_addf(out, "followed: %s", inner && inner->has_result ? result_name(inner->result) : "");
        else
            strbuf_add(out, matched_word(term->qualifier));
        break;
    case TRACE_STOPPED:
        strbuf_addf(out, "the evaluation ends here: %s", result_name(end));
        break;
    case TRACE_MODIFIER:
        add_modifier_state(out, term, trace);
        break;
    }
    if (term->step.dns_terms > 0)
        strbuf_addf(out, " (DNS lookup %u of %d)", term->step.dns_terms, LIMIT_DNS_TERMS);
    strbuf_add_char(out, '\n');
}

/* The columns that the terms of a record take. */
static size_t term_columns(const struct trace_record *record)
{
    size_t columns = 0;

    for (size_t i = 0; i < record->count; i++)
        if (record->terms[i].len > columns)
            columns = record->terms[i].len;
    return columns < TERM_COLUMNS_MAX ? columns : TERM_COLUMNS_MAX;
}

static void add_term(struct strbuf *out, unsigned indent, const struct trace_record *record,
                     const struct trace_term *term, const struct spf_trace *trace, enum spf_result end)
{
    const char *text = record->text + term->offset;
    size_t columns = term_columns(record);

    add_columns(out, indent);
    trace_text_add(out, text, term->len, TEXT_SHOWN_MAX);
    add_columns(out, (columns > term->len ? columns - term->len : 0) + 2);
    add_state(out, term, trace, end);
    add_step(out, indent + STEP, &term->step, memchr(text, '%', term->len) != NULL, trace, end);
    if (term->kind == TERM_PTR && term->state == TRACE_NO_MATCH && !term->step.client_names) {
        add_columns(out, indent + STEP);
        strbuf_add(out, "the client has no validated name\n");
    }
}

static void add_record_error(struct strbuf *out, unsigned indent, const struct trace_record *record)
{
    const struct record_error error = {.offset = record->error_offset, .reason = record->error};
    struct record_advice advice;

    record_advise(record->text, record->len, &error, &advice);
    trace_text_error(out, indent, record->text, record->len, advice.offset, advice.reason,
                     advice.meant.len > 0 ? strbuf_text(&advice.meant) : NULL,
                     record_hint(record->text, record->len, record->error_offset));
    strbuf_free(&advice.meant);
}

static void add_record_tree(struct strbuf *out, unsigned indent, const struct trace_record *record,
                            const struct spf_trace *trace, enum spf_result end)
{
    if (record->error) {
        add_record_error(out, indent, record);
        return;
    }
    add_columns(out, indent);
    strbuf_add(out, "record of ");
    add_shown_name(out, record->domain);
    strbuf_add(out, ": ");
    trace_text_add(out, record->text, record->len, TEXT_SHOWN_MAX);
    strbuf_add_char(out, '\n');
    for (size_t i = 0; i < record->count; i++)
        add_term(out, indent + STEP, record, &record->terms[i], trace, end);
    if (record->has_result && record->reached == record->count) {
        add_columns(out, indent + STEP);
        strbuf_add(out, "end of the record: no term matched, which gives neutral\n"); /* RFC 7208 4.7 */
    }
}

/* The terms on the way to the decision, one below the other. */
static void add_way(struct strbuf *out, const struct spf_trace *trace, bool stopped)
{
    const char *label = stopped ? "ended at: " : "decided by: ";

    for (const struct trace_record *record = trace->root.record; record && !record->error;
         record = trace_next(record)) {
        strbuf_add(out, label);
        if (record->reached < record->count)
            trace_text_add(out, record->text + record->terms[record->reached].offset,
                           record->terms[record->reached].len, TEXT_SHOWN_MAX);
        else
            strbuf_add(out, "the end");
        strbuf_add(out, " of the record of ");
        add_shown_name(out, record->domain);
        strbuf_add_char(out, '\n');
        label = stopped ? "          " : "            ";
    }
}

static void add_cost(struct strbuf *out, const struct spf_trace *trace)
{
    strbuf_addf(out, "cost: %u of %d DNS lookups, %u of %d void lookups, %u quer%s, %" PRId64 " ms\n",
                trace->limits.dns_terms, LIMIT_DNS_TERMS, trace->limits.void_lookups, LIMIT_VOID_LOOKUPS,
                trace->queries, trace->queries == 1 ? "y" : "ies", trace->took_ms);
}

void trace_text(struct strbuf *out, const struct spf_trace *trace, enum spf_result result)
{
    if (trace->cached) {
        strbuf_add(out, "from the result cache: nothing was evaluated\n");
        return;
    }
    if (!trace->root.queries)
        strbuf_add(out, "no DNS queries: this domain cannot have a policy (RFC 7208 4.3)\n");
    add_step(out, 0, &trace->root, false, trace, result);
    if (trace->explanation.name) {
        strbuf_add(out, "explanation:\n");
        add_step(out, STEP, &trace->explanation, true, trace, result);
    }
    add_way(out, trace, result == RESULT_TEMPERROR || result == RESULT_PERMERROR);
    add_cost(out, trace);
    if (trace->failed)
        strbuf_add(out, "out of memory: parts of this are missing\n");
}
