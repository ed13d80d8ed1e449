/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes down what a walk did as a tree. */
#include "spf/trace.h"

#include "spf/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void trace_cached(struct spf_trace *trace)
{
    if (trace)
        trace->cached = true;
}

/* ---- Lookups ---- */

/* Appends a lookup to a step; one that is not there any more. Returns it, NULL if there is none or out of memory. */
static struct trace_query *add_lookup(struct spf_trace *trace, struct trace_step *step, struct lookup *lookup)
{
    struct trace_query *query, **end = &step->queries;

    if (!lookup || !lookup->answer)
        return NULL;
    query = calloc(1, sizeof(*query));
    if (!query) {
        trace->failed = true;
        return NULL;
    }
    query->type = lookup->type;
    query->answer = dns_answer_acquire(lookup->answer);
    if (lookup->is_cached || lookup->is_traced)
        query->source = TRACE_CACHED;
    else
        query->source = lookup->is_sent ? TRACE_ASKED : TRACE_LATE;
    if (!lookup->is_traced)
        query->took_ms = lookup->answered_ms - lookup->sent_ms;
    lookup->is_traced = true;
    snprintf(query->name, sizeof(query->name), "%s", lookup->name);
    while (*end)
        end = &(*end)->next;
    *end = query;
    return query;
}

static bool is_void(const struct trace_query *query)
{
    return query->answer->status == DNS_NODATA || query->answer->status == DNS_NXDOMAIN;
}

/* The lookups for the client's names, which are told of once. */
static void add_client_lookups(struct spf_trace *trace, struct trace_step *step, struct client_names *names)
{
    if (!names->ptr || names->ptr->is_traced)
        return;
    add_lookup(trace, step, names->ptr);
    for (size_t i = 0; i < LIMIT_CLIENT_NAMES; i++)
        add_lookup(trace, step, names->hosts[i]);
}

/* The validated names of the client, with ", " between them. */
static void add_client_names(struct spf_trace *trace, struct trace_step *step, const struct client_names *names)
{
    struct strbuf text = STRBUF_INIT;

    for (size_t i = 0; i < names->count; i++)
        strbuf_addf(&text, "%s%s", i > 0 ? ", " : "", names->validated[i]);
    step->client_names = names->count > 0 ? strbuf_take(&text) : NULL;
    trace->failed |= text.failed || (names->count > 0 && !step->client_names);
    strbuf_free(&text);
}

static void add_name(struct spf_trace *trace, struct trace_step *step, const char *name)
{
    step->name = name ? strdup(name) : NULL;
    trace->failed |= name && !step->name;
}

/* ---- Records ---- */

/* A record with a copy of its text; NULL if out of memory. */
static struct trace_record *new_record(const char *domain, const char *text, size_t len, size_t count)
{
    struct trace_record *record = calloc(1, sizeof(*record));

    if (!record)
        return NULL;
    record->text = calloc(len + 1, 1);
    record->terms = calloc(count + 1, sizeof(*record->terms));
    if (!record->text || !record->terms) {
        free(record->text);
        free(record->terms);
        free(record);
        return NULL;
    }
    snprintf(record->domain, sizeof(record->domain), "%s", domain);
    memcpy(record->text, text, len);
    record->len = len;
    record->count = count;
    return record;
}

static void free_record(struct trace_record *record);

static bool is_modifier(enum term_kind kind)
{
    return kind == TERM_REDIRECT || kind == TERM_EXP || kind == TERM_OTHER;
}

/* What check_host() gave for a record whose last term decided (RFC 7208 4.6.2, 4.7, 6.1). */
static void set_result(struct trace_record *record)
{
    const struct trace_term *term = &record->terms[record->reached];
    const struct trace_record *next = term->step.record;

    record->has_result = true;
    if (record->reached == record->count)
        record->result = RESULT_NEUTRAL;
    else if (term->kind != TERM_REDIRECT)
        record->result = term->qualifier == '-'   ? RESULT_FAIL
                         : term->qualifier == '~' ? RESULT_SOFTFAIL
                         : term->qualifier == '?' ? RESULT_NEUTRAL
                                                  : RESULT_PASS;
    else if (next && next->has_result)
        record->result = next->result;
    else
        record->has_result = false;
}

/* What became of term i, where the record's last term matched or (`stopped`) could not be evaluated. */
static enum trace_state state_of(const struct trace_record *record, size_t i, bool stopped)
{
    bool redirected = record->reached < record->count && record->terms[record->reached].kind == TERM_REDIRECT;

    if (i == record->reached)
        return stopped ? TRACE_STOPPED : TRACE_MATCH;
    if (is_modifier(record->terms[i].kind))
        return TRACE_MODIFIER;
    return i < record->reached || redirected ? TRACE_NO_MATCH
                                             : TRACE_NOT_REACHED; /* RFC 7208 6.1: a redirect is last */
}

static struct trace_record *record_of_frame(const struct walk_frame *frame)
{
    const struct record *record = &frame->policy->record;
    struct trace_record *noted = new_record(frame->domain, record->text, record->len, record->count);

    if (!noted)
        return NULL;
    noted->ttl_s = frame->lookup->answer->ttl_s;
    for (size_t i = 0; i < record->count; i++) {
        const struct term *term = &record->terms[i];

        noted->terms[i] = (struct trace_term){.kind = term->kind,
                                              .qualifier = term->qualifier,
                                              .offset = (size_t)(term->text - record->text),
                                              .len = term->len};
    }
    return noted;
}

/* A record that is wrong. */
static struct trace_record *record_of_error(const struct lookup *lookup)
{
    const struct policy *policy = lookup->policy;
    struct trace_record *noted = new_record(lookup->name, policy->source->text, policy->source->text_len, 0);

    if (!noted)
        return NULL;
    noted->ttl_s = lookup->answer->ttl_s;
    noted->error = policy->error.reason;
    noted->error_offset = policy->error.offset;
    return noted;
}

/* The record that a TXT lookup led to, if it is wrong. */
static void add_wrong_record(struct spf_trace *trace, struct trace_step *step, const struct lookup *lookup)
{
    if (!lookup || !lookup->policy || lookup->policy->status != POLICY_SYNTAX)
        return;
    step->record = record_of_error(lookup);
    trace->failed |= !step->record;
}

/* Tells what a step of the walk did. */
static void add_step(struct spf_trace *trace, struct trace_step *step, struct walk *walk,
                     const struct walk_visit *visit)
{
    struct step *from = &walk->frames[visit->frame].policy->steps[visit->step];
    struct trace_query *query;

    if (!from->term || !term_asks_dns(from->term))
        return;
    step->dns_terms = visit->dns_terms;
    if (visit->dns_terms > LIMIT_DNS_TERMS)
        return;
    add_name(trace, step, from->name);
    if (from->term->kind == TERM_PTR || (from->macros_used & MACRO_USED_NAME))
        add_client_lookups(trace, step, &walk->names);
    if (from->term->kind == TERM_PTR)
        add_client_names(trace, step, &walk->names);
    add_lookup(trace, step, from->lookup);
    for (size_t i = 0; i < LIMIT_MX_NAMES; i++)
        add_lookup(trace, step, from->hosts[i]);
    for (query = step->queries; query && visit->void_lookups > 0; query = query->next) {
        if (is_void(query)) {
            query->void_lookups = visit->void_lookups;
            break;
        }
    }
    if (visit->outcome == VISIT_STOPPED)
        add_wrong_record(trace, step, from->lookup);
}

/* Tells what became of the terms of a record, when those that it led to are told. */
static void finish_record(const struct walk *walk, const struct walk_frame *frame, struct trace_record *record)
{
    const struct walk_visit *last = &walk->visits[frame->reached];
    const struct term *term = frame->policy->steps[last->step].term;
    bool stopped = last->outcome == VISIT_STOPPED;

    record->reached = term ? (size_t)(term - frame->policy->record.terms) : record->count;
    for (size_t i = 0; i < record->count; i++)
        record->terms[i].state = state_of(record, i, stopped);
    if (!stopped)
        set_result(record);
}

/* The step of a visit in its record; NULL if there was no memory for it, or this is the record's end. */
static struct trace_step *step_of(const struct walk *walk, const struct walk_visit *visit, struct trace_record *record)
{
    const struct policy *policy = walk->frames[visit->frame].policy;
    const struct term *term = policy->steps[visit->step].term;

    return record && term ? &record->terms[term - policy->record.terms].step : NULL;
}

/* Tells of a visit, and hangs the record on it that it led to. */
static void add_visit(struct spf_trace *trace, struct walk *walk, const struct walk_visit *visit,
                      struct trace_record *records[WALK_FRAMES])
{
    struct trace_step *step = step_of(walk, visit, records[visit->frame]);
    struct trace_record *opened = visit->opened > 0 ? records[visit->opened] : NULL;

    if (step) {
        add_step(trace, step, walk, visit);
        if (opened)
            step->record = opened;
    } else if (opened) {
        free_record(opened);
        records[visit->opened] = NULL;
    }
}

static void add_frames(struct spf_trace *trace, struct walk *walk)
{
    struct trace_record *records[WALK_FRAMES] = {NULL};

    for (size_t i = 0; i < walk->frame_count; i++) {
        records[i] = record_of_frame(&walk->frames[i]);
        trace->failed |= !records[i];
    }
    trace->root.record = records[0];
    for (size_t i = 0; i < walk->visit_count; i++)
        add_visit(trace, walk, &walk->visits[i], records);
    for (size_t i = walk->frame_count; i-- > 0;) /* a record is found before those that it leads to */
        if (records[i])
            finish_record(walk, &walk->frames[i], records[i]);
}

static void add_explanation(struct spf_trace *trace, struct walk *walk)
{
    struct step *exp = &walk->explanation;

    if (!exp->name)
        return;
    add_name(trace, &trace->explanation, exp->name);
    if (exp->macros_used & MACRO_USED_NAME)
        add_client_lookups(trace, &trace->explanation, &walk->names);
    add_lookup(trace, &trace->explanation, exp->lookup);
}

/* What all lookups cost, those too that turned out not to be needed. */
static void add_cost(struct spf_trace *trace, const struct walk *walk)
{
    int64_t begin_ms = INT64_MAX, end_ms = 0;

    trace->limits = walk->limits;
    for (const struct lookup *lookup = walk->lookups.first; lookup; lookup = lookup->next) {
        if (!lookup->is_sent)
            continue;
        trace->queries += !lookup->is_cached;
        if (lookup->sent_ms < begin_ms)
            begin_ms = lookup->sent_ms;
        if (lookup->answer && lookup->answered_ms > end_ms)
            end_ms = lookup->answered_ms;
    }
    trace->took_ms = end_ms > begin_ms ? end_ms - begin_ms : 0;
}

void trace_of(struct spf_trace *trace, struct walk *walk)
{
    if (!trace)
        return;
    add_lookup(trace, &trace->root, walk->root);
    add_wrong_record(trace, &trace->root, walk->root);
    if (walk->frame_count > 0)
        add_frames(trace, walk);
    add_explanation(trace, walk);
    trace->failed_lookup = lookup_key(walk->failed);
    add_cost(trace, walk);
}

const struct trace_record *trace_next(const struct trace_record *record)
{
    return record->error || record->reached >= record->count ? NULL : record->terms[record->reached].step.record;
}

static void free_step(struct trace_step *step)
{
    while (step->queries) {
        struct trace_query *next = step->queries->next;

        dns_answer_release(step->queries->answer);
        free(step->queries);
        step->queries = next;
    }
    free(step->name);
    free(step->client_names);
    if (step->record)
        free_record(step->record);
}

/* Records lie within each other as deep as a limit allows (RFC 7208 4.6.4). */
static void free_record(struct trace_record *record)
{
    for (size_t i = 0; i <= record->count; i++)
        free_step(&record->terms[i].step);
    free(record->terms);
    free(record->text);
    free(record);
}

void trace_free(struct spf_trace *trace)
{
    free_step(&trace->root);
    free_step(&trace->explanation);
    *trace = (struct spf_trace){0};
}
