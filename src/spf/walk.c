/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the records of an evaluation in the order of RFC 7208. */
#include "spf/walk.h"

#include "base/printable.h"
#include "spf/domain.h"
#include "spf/walk_term.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    NO_FRAME = WALK_FRAMES,
    SHOWN_MAX = 60, /* octets of a record that a problem shows */
};

void walk_init(struct walk *walk, const struct spf_request *request, int64_t now_s, bool has_lookahead, void *owner)
{
    *walk = (struct walk){
        .request = request,
        .values = {.local = request->local,
                   .sender = request->domain,
                   .helo = request->helo,
                   .receiver = request->receiver,
                   .client = request->client,
                   .now_s = now_s},
        .reader = {.client = request->client, .terms_max = LIMIT_DNS_TERMS, .keeps_terms = request->trace != NULL},
    };
    lookups_init(&walk->lookups, has_lookahead, owner);
}

void walk_free(struct walk *walk)
{
    free(walk->explanation.name);
    lookups_free(&walk->lookups);
}

void walk_begin_survey(struct walk *walk, const struct dns_answer *record)
{
    walk->reader.is_survey = walk->reader.keeps_terms = true;
    walk->reader.terms_max = SURVEY_TERMS;
    lookups_begin(&walk->lookups);
    if (lookups_want(&walk->lookups, &walk->root, walk->request->domain, DNS_TXT))
        lookups_answer(&walk->lookups, walk->root, record);
    else
        dns_answer_release(record);
}

void walk_fault(struct walk *walk, const char *what)
{
    walk->is_stopped = walk->is_fault = true;
    walk->result = RESULT_TEMPERROR;
    walk->failed = NULL;
    snprintf(walk->problem, sizeof(walk->problem), "%s", what);
}

bool walk_is_shed(const struct walk *walk)
{
    return walk->is_fault || (walk->failed && walk->failed->answer->is_fault);
}

static result_set walk_record(struct walk *walk, const struct walk_place *from, struct lookup *lookup);

/* True if a step leads to a record that led to it. */
static bool leads_back(const struct walk_place *at)
{
    const char *name = at->step->name;

    while (at && strcasecmp(at->domain, name) != 0)
        at = at->from;
    return at != NULL;
}

/* include, redirect: the results that the record it leads to may have. */
static result_set walk_target(struct walk *walk, const struct walk_place *at)
{
    struct step *step = at->step;
    struct lookup *lookup;

    if (walk->reader.is_survey && leads_back(at)) {
        term_stop(walk, at, WALK_STOP_LOOP, "leads back to %s, whose record is being evaluated", step->name);
        return 0;
    }
    if (!domain_can_have_policy(step->name)) { /* RFC 7208 4.3: none, and so 5.2, 6.1: a permanent error */
        term_stop(walk, at, WALK_STOP_TARGET, "invalid target name");
        return 0;
    }
    lookup = lookups_want(&walk->lookups, &step->lookup, step->name, DNS_TXT);
    if (walk_has_answer(walk, lookup))
        return walk_record(walk, at, lookup);
    term_missing(walk);
    walk->lookups.is_certain = false;
    return RESULT_BIT(RESULT_PASS) | RESULT_BIT(RESULT_NEUTRAL);
}

/* RFC 7208 5.2: only a pass matches. */
static unsigned walk_include(struct walk *walk, const struct walk_place *at)
{
    result_set results = walk_target(walk, at);

    if (walk->reader.is_survey)
        return CAN_MISS;
    return (results & RESULT_BIT(RESULT_PASS) ? CAN_MATCH : 0U) | (results & ~RESULT_BIT(RESULT_PASS) ? CAN_MISS : 0U);
}

/* True for a term that a survey cannot follow. */
static bool is_varying(const struct term *term)
{
    return term->kind == TERM_PTR || (term->domain && memchr(term->domain, '%', term->domain_len));
}

/* True if a record on the way here was reached by way of itself. */
static bool is_in_loop(const struct walk_place *at)
{
    for (; at; at = at->from)
        for (const struct walk_place *before = at->from; before; before = before->from)
            if (strcasecmp(at->domain, before->domain) == 0)
                return true;
    return false;
}

/* A term that asks the DNS, a redirect with *redirected. RFC 7208 4.6.4: at most 10, over all records. */
static unsigned walk_term(struct walk *walk, const struct walk_place *at, result_set *redirected)
{
    struct step *step = at->step;

    if (walk->reader.is_survey && walk->limits.dns_terms == walk->reader.terms_max)
        return 0;
    walk->limits.dns_terms++;
    if (at->visit)
        at->visit->dns_terms = walk->limits.dns_terms;
    if (walk->limits.dns_terms > walk->reader.terms_max && is_in_loop(at))
        return term_stop(walk, at, WALK_STOP_LOOP, "too many DNS lookups (limit %d), as a record leads back to itself",
                         LIMIT_DNS_TERMS);
    if (walk->limits.dns_terms > walk->reader.terms_max)
        return term_stop(walk, at, WALK_STOP_LOOKUPS, "too many DNS lookups (limit %d)", LIMIT_DNS_TERMS);
    if (walk->limits.octets > LIMIT_OCTETS && !walk->reader.is_survey)
        return term_stop(walk, at, WALK_STOP_OCTETS, "more than %d kB of DNS answers", LIMIT_OCTETS / 1024);
    if (walk->reader.is_survey && is_varying(step->term)) {
        term_tell(walk, SURVEY_VARYING, at, "");
        return CAN_MISS;
    }
    if (!step_expand_name(walk, at->domain, step))
        return term_missing_names(walk);
    if (walk->is_exact)
        walk->macros_used |= step->macros_used;
    if (step_has_foreign_local_part(walk, step))
        return CAN_MISS;
    switch (step->term->kind) {
    case TERM_INCLUDE:
        return walk_include(walk, at);
    case TERM_REDIRECT:
        *redirected = walk_target(walk, at);
        return CAN_MATCH;
    default:
        return term_evaluate(walk, at);
    }
}

/* ---- Records ---- */

/* Notes that a step is evaluated, if it certainly is. */
static struct walk_visit *visit(struct walk *walk, size_t frame, size_t step)
{
    if (!walk->is_exact || frame == NO_FRAME || walk->visit_count == WALK_VISITS)
        return NULL;
    walk->frames[frame].reached = walk->visit_count;
    walk->visits[walk->visit_count] = (struct walk_visit){.frame = frame, .step = step, .outcome = VISIT_STOPPED};
    return &walk->visits[walk->visit_count++];
}

/* Tells a survey of the terms in another domain's record that let too many pass. Not each is a step. */
static void tell_open_terms(struct walk *walk, const struct walk_place *from, size_t frame, const struct lookup *lookup)
{
    const struct record *record = &lookup->policy->record;

    for (size_t i = 0; i < record->count; i++) {
        struct step step = {.term = &record->terms[i]};
        const struct walk_place at = {from, lookup->name, &step, frame, NULL};
        const char *openness = term_openness(step.term);

        if (openness)
            term_tell(walk, SURVEY_OPEN, &at, openness);
        if (step.term->kind == TERM_ALL)
            return;
    }
}

/* The results that a record may have, by its steps (RFC 7208 4.6). None: the evaluation ends in it, or it is stopped.
 */
static result_set walk_steps(struct walk *walk, const struct walk_place *from, size_t frame,
                             const struct lookup *lookup)
{
    struct policy *policy = lookup->policy;
    result_set results = 0;

    if (walk->survey && from)
        tell_open_terms(walk, from, frame, lookup);
    for (size_t i = 0; i < policy->count; i++) {
        struct step *step = &policy->steps[i];
        struct walk_place at = {from, lookup->name, step, frame, visit(walk, frame, i)};
        result_set if_match = RESULT_BIT(step_result(step));
        unsigned known = CAN_MATCH;

        if (step->term && term_asks_dns(step->term))
            known = walk_term(walk, &at, &if_match);
        if (walk->is_exact && !walk->is_stopped && at.visit)
            at.visit->outcome = known == CAN_MATCH ? VISIT_MATCH : VISIT_NO_MATCH;
        if (known & CAN_MATCH)
            results |= if_match;
        if (!(known & CAN_MISS))
            break;
    }
    return results;
}

/* Reads the record in a TXT answer, once. NULL if out of memory. */
static struct policy *read_policy(struct walk *walk, struct lookup *lookup)
{
    bool may_guess = lookup == walk->root && walk->request->best_guess && lookup->answer->status != DNS_NXDOMAIN;

    if (!lookup->policy)
        lookup->policy = policy_read(&walk->reader, lookup->answer);
    if (lookup->policy && lookup->policy->status == POLICY_NONE && may_guess && !walk->is_guess) {
        policy_free(lookup->policy);
        lookup->policy = policy_from_text(&walk->reader, WALK_BEST_GUESS);
        walk->is_guess = true;
    }
    walk->lookups.failed |= !lookup->policy;
    return lookup->policy;
}

/* RFC 7208 4.5, 4.6: there is no record that could be evaluated. */
static void stop_without_record(struct walk *walk, const struct walk_place *from, const struct lookup *lookup)
{
    const struct policy *policy = lookup->policy;
    size_t left;

    switch (policy->status) {
    case POLICY_NONE:
        if (from) /* RFC 7208 5.2, 6.1: an include or redirect of none */
            term_stop(walk, from, WALK_STOP_TARGET, "%s has no SPF record", lookup->name);
        else
            term_stop(walk, from, WALK_STOP_NO_RECORD, "%s", "");
        break;
    case POLICY_SEVERAL:
        term_stop(walk, from, WALK_STOP_MULTIPLE, "%s has more than one SPF record", lookup->name);
        break;
    default:
        left = policy->source->text_len - policy->error.offset;
        term_stop(walk, from, WALK_STOP_SYNTAX, "record of %s: %s at octet %zu: %.*s", lookup->name,
                  policy->error.reason, policy->error.offset + 1, left > SHOWN_MAX ? SHOWN_MAX : (int)left,
                  policy->source->text + policy->error.offset);
    }
}

/* Opens a frame where the record is certainly reached. */
static size_t open_frame(struct walk *walk, const struct walk_place *from, const struct lookup *lookup)
{
    if (!walk->is_exact || walk->frame_count == WALK_FRAMES)
        return NO_FRAME;
    if (from && from->visit)
        from->visit->opened = walk->frame_count;
    walk->frames[walk->frame_count] =
        (struct walk_frame){.domain = lookup->name, .lookup = lookup, .policy = lookup->policy};
    return walk->frame_count++;
}

/* check_host() for the domain of a TXT lookup whose answer is there; `from` leads to it, NULL: it is the request's.
 * Each level is a term more, of which there are 10. */
static result_set walk_record(struct walk *walk, const struct walk_place *from, struct lookup *lookup)
{
    if (answer_is_failure(lookup->answer)) {
        term_failure(walk, from, lookup);
        return 0;
    }
    term_count_octets(walk, lookup);
    if (!read_policy(walk, lookup))
        return 0;
    if (lookup->policy->status != POLICY_OK) {
        stop_without_record(walk, from, lookup);
        return 0;
    }
    return walk_steps(walk, from, open_frame(walk, from, lookup), lookup);
}

/* ---- Explanations ---- */

static bool is_any(const char *text, size_t len)
{
    (void)text;
    (void)len;
    return true;
}

/* Expands the text of an explanation, which may be cut nowhere. False if the client's names are missing for it. */
static bool expand_explanation(struct walk *walk, const char *domain, const struct dns_record *text)
{
    struct macro_values values = walk_values(walk, domain);
    struct strbuf expanded = {.limit = SPF_EXPLANATION_SIZE - 1};
    bool is_whole;

    walk->lacks_names = false;
    is_whole = printable_is(text->text, text->text_len) &&
               macro_expand(text->text, text->text_len, MACRO_IN_EXPLANATION, &values, &expanded, &walk->macros_used) &&
               !expanded.failed && printable_is(strbuf_text(&expanded), expanded.len);
    if (is_whole && !walk->lacks_names)
        memcpy(walk->explanation_text, strbuf_text(&expanded), expanded.len + 1);
    strbuf_free(&expanded);
    return !walk->lacks_names;
}

/* RFC 7208 6.2: the domain's own words about a fail, of the record that decided, along redirects and never of an
 * include. Any problem gives none. False if an answer is missing. */
static bool explain(struct walk *walk)
{
    const struct walk_frame *frame = walk_last_frame(walk);
    struct step *step = &walk->explanation;
    const struct dns_record *text;
    bool is_ambiguous;

    step->term = frame->policy->record.exp;
    if (!step->term)
        return true;
    if (!step_expand_name(walk, frame->domain, step))
        return false;
    walk->macros_used |= step->macros_used;
    if (step_has_foreign_local_part(walk, step) || !domain_can_be_asked(step->name))
        return true;
    if (!walk_has_answer(walk, lookups_want(&walk->lookups, &step->lookup, step->name, DNS_TXT)))
        return false;
    text = policy_choose(step->lookup->answer, is_any, &is_ambiguous);
    return !text || expand_explanation(walk, frame->domain, text);
}

/* ---- The whole ---- */

const struct walk_frame *walk_last_frame(const struct walk *walk)
{
    const struct walk_frame *frame = walk->frame_count > 0 ? &walk->frames[0] : NULL;

    while (frame) {
        const struct walk_visit *last = &walk->visits[frame->reached];
        const struct term *term = frame->policy->steps[last->step].term;

        if (!term || term->kind != TERM_REDIRECT || last->opened == 0)
            break;
        frame = &walk->frames[last->opened];
    }
    return frame;
}

static void begin_run(struct walk *walk)
{
    lookups_begin(&walk->lookups);
    walk->limits = (struct limits){0};
    walk->is_exact = true;
    walk->is_stopped = walk->is_fault = false;
    walk->failed = NULL;
    walk->macros_used = 0;
    walk->ttl_s = UINT32_MAX;
    walk->frame_count = walk->visit_count = 0;
    walk->problem[0] = walk->explanation_text[0] = '\0';
}

static enum spf_result single(result_set results)
{
    enum spf_result result = RESULT_NONE;

    while (result < RESULT_TEMPERROR && !result_set_has(results, result))
        result++;
    return result;
}

bool walk_run(struct walk *walk)
{
    result_set results = 0;

    begin_run(walk);
    if (walk_has_answer(walk, lookups_want(&walk->lookups, &walk->root, walk->request->domain, DNS_TXT)))
        results = walk_record(walk, NULL, walk->root);
    else
        term_missing(walk);
    if (walk->is_exact && !walk->is_stopped && !walk->lookups.failed) {
        walk->result = single(results);
        walk->is_exact = walk->result != RESULT_FAIL || walk->reader.is_survey || explain(walk);
    }
    walk->limits.void_lookups = walk->lookups.void_lookups;
    if (walk->lookups.failed)
        walk_fault(walk, "out of memory");
    return walk->is_exact || walk->lookups.failed;
}
