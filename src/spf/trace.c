/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects what an evaluation tells into a tree, and finds out in the end which terms matched. */
#include "spf/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The step that things are noted for: before any term it is that of the domain. */
static struct trace_step *step_of(struct spf_trace *trace)
{
    return trace->step ? trace->step : &trace->root;
}

void trace_cached(struct spf_trace *trace)
{
    if (trace)
        trace->cached = true;
}

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

/* Hangs a record on the step whose questions found it. */
static void attach(struct spf_trace *trace, struct trace_record *record)
{
    struct trace_step *step = step_of(trace);

    if (!record) {
        trace->failed = true;
        return;
    }
    for (const struct trace_question *question = step->questions; question; question = question->next)
        record->ttl_s = question->answer->ttl_s;
    if (step->record)
        free_record(step->record);
    step->record = record;
}

void trace_record(struct spf_trace *trace, size_t frame, const char *domain, const struct record *record)
{
    struct trace_record *noted;

    if (!trace)
        return;
    noted = new_record(domain, record->text, record->len, record->count);
    for (size_t i = 0; noted && i < record->count; i++) {
        const struct term *term = &record->terms[i];

        noted->terms[i] = (struct trace_term){.kind = term->kind,
                                              .qualifier = term->qualifier,
                                              .offset = (size_t)(term->text - record->text),
                                              .len = term->len};
    }
    attach(trace, noted);
    trace->records[frame] = noted;
}

void trace_wrong_record(struct spf_trace *trace, const char *domain, const char *text, size_t len,
                        const struct record_error *error)
{
    struct trace_record *noted;

    if (!trace)
        return;
    noted = new_record(domain, text, len, 0);
    if (noted) {
        noted->error = error->reason;
        noted->error_offset = error->offset;
    }
    attach(trace, noted);
}

void trace_reach(struct spf_trace *trace, size_t frame, size_t term)
{
    struct trace_record *record = trace ? trace->records[frame] : NULL;

    if (!record)
        return;
    record->reached = term;
    trace->current = record;
    trace->step = &record->terms[term].step; /* there is one more than the record has */
}

void trace_explain(struct spf_trace *trace)
{
    if (trace)
        trace->step = &trace->explanation;
}

void trace_name(struct spf_trace *trace, const char *name)
{
    struct trace_step *step;

    if (!trace)
        return;
    step = step_of(trace);
    free(step->name);
    step->name = strdup(name);
    trace->failed |= !step->name;
}

void trace_dns_term(struct spf_trace *trace, unsigned count)
{
    if (trace)
        step_of(trace)->dns_terms = count;
}

void trace_question(struct spf_trace *trace, const char *name, enum dns_type type, const struct dns_answer *answer,
                    enum trace_source source, int64_t took_ms)
{
    struct trace_question *question, **end;

    if (!trace)
        return;
    trace->questions += source == TRACE_ASKED;
    trace->took_ms += took_ms;
    question = calloc(1, sizeof(*question));
    if (!question) {
        trace->failed = true;
        return;
    }
    *question = (struct trace_question){
        .type = type, .answer = dns_answer_acquire(answer), .source = source, .took_ms = took_ms};
    snprintf(question->name, sizeof(question->name), "%s", name);
    for (end = &step_of(trace)->questions; *end; end = &(*end)->next)
        ;
    *end = question;
}

void trace_void(struct spf_trace *trace, unsigned count)
{
    struct trace_question *last = trace ? step_of(trace)->questions : NULL;

    while (last && last->next)
        last = last->next;
    if (last)
        last->void_lookups = count;
}

void trace_client_name(struct spf_trace *trace, const char *name)
{
    struct strbuf names = STRBUF_INIT;
    struct trace_step *step;

    if (!trace)
        return;
    step = step_of(trace);
    if (step->client_names)
        strbuf_addf(&names, "%s, ", step->client_names);
    strbuf_add(&names, name);
    free(step->client_names);
    step->client_names = strbuf_take(&names);
    trace->failed |= !step->client_names;
    strbuf_free(&names);
}

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

/* True if `inner` is `record`, or was reached through the last term of it. */
static bool leads_to(const struct trace_record *record, const struct trace_record *inner)
{
    while (record && record != inner)
        record = record->terms[record->reached].step.record;
    return record != NULL;
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

void trace_finish(struct spf_trace *trace, bool stopped, const struct limits *limits)
{
    if (!trace)
        return;
    trace->limits = *limits;
    for (size_t frame = LIMIT_DNS_TERMS + 1; frame-- > 0;) { /* a record is found before those that it leads to */
        struct trace_record *record = trace->records[frame];
        bool stopped_here = stopped && record && leads_to(record, trace->current);

        for (size_t i = 0; record && i < record->count; i++)
            record->terms[i].state = state_of(record, i, stopped_here);
        if (record && !stopped_here)
            set_result(record);
    }
}

const struct trace_record *trace_next(const struct trace_record *record)
{
    return record->error || record->reached >= record->count ? NULL : record->terms[record->reached].step.record;
}

static void free_step(struct trace_step *step)
{
    while (step->questions) {
        struct trace_question *next = step->questions->next;

        dns_answer_release(step->questions->answer);
        free(step->questions);
        step->questions = next;
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
