/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Surveys a record for an IPv4 and an IPv6 client that nothing matches (RFC 7208 4.6.4). */
#include "spf/record_cost.h"

#include "base/strbuf.h"
#include "base/wait.h"
#include "spf/evaluation.h"
#include "spf/limits.h"

#include <stdio.h>
#include <strings.h>

enum {
    SHOWN_MAX = 60, /* octets of a term in a finding */
    WAIT_MS = 1000,
};

/* The survey for one family of clients. */
struct survey {
    struct record_check *check;
    const struct record *record;
    const struct walk *other; /* NULL: this one tells of all; else of what differs from that one */
    struct walk *walk;
};

/* Adds a finding. Its place in the record that is checked is the term that led there, and the text says where it stands
 * itself. */
static void add(struct survey *survey, enum finding_level level, const struct walk_place *at, const char *text)
{
    const struct walk_place *top = at;
    struct strbuf shown = STRBUF_INIT;

    strbuf_add(&shown, text);
    if (at->from)
        strbuf_addf(&shown, " (%.*s in the record of %s)",
                    at->step->term->len > SHOWN_MAX ? SHOWN_MAX : (int)at->step->term->len, at->step->term->text,
                    at->domain);
    while (top->from)
        top = top->from;
    survey->check->failed |= shown.failed;
    /* the survey has read its own copy of the record */
    record_check_add(survey->check, level, survey->record,
                     &survey->record->terms[top->step->term - survey->walk->root->policy->record.terms], "%s",
                     strbuf_text(&shown));
    strbuf_free(&shown);
}

/* Adds that a lookup failed, and which. */
static void add_unknown(struct survey *survey, const struct walk_place *at, const char *text)
{
    struct record_check *check = survey->check;

    add(survey, FINDING_UNKNOWN, at, text);
    if (!check->failed)
        check->findings[check->count - 1].failed_lookup = lookup_key(survey->walk->failed);
}

/* True if a lookup of either type has found nothing in both surveys. */
static bool has_no_address(const struct survey *survey, const struct lookup *lookup)
{
    if (!lookup || !lookup->answer || lookup->answer->count > 0 || answer_is_failure(lookup->answer))
        return false;
    for (const struct lookup *other = survey->other->lookups.first; other; other = other->next)
        if (other->type == DNS_A && strcasecmp(other->name, lookup->name) == 0)
            return other->answer && other->answer->count == 0 && !answer_is_failure(other->answer);
    return false;
}

/* Warns of a host without an address. A host without one of either family is nothing to fear. */
static void check_host(struct survey *survey, const struct walk_place *at, const struct lookup *lookup)
{
    char text[DNS_NAME_MAX + 32];

    if (!survey->other || !has_no_address(survey, lookup))
        return;
    snprintf(text, sizeof(text), "%s has no address", lookup->name);
    add(survey, FINDING_WARNING, at, text);
}

static void check_void(struct survey *survey, const struct walk_place *at)
{
    const struct step *step = at->step;
    char text[DNS_NAME_MAX + 32];

    if (step->term->kind == TERM_A)
        check_host(survey, at, step->lookup);
    if (step->term->kind != TERM_MX)
        return;
    for (size_t i = 0; i < LIMIT_MX_NAMES; i++)
        check_host(survey, at, step->hosts[i]);
    if (!survey->other && step->lookup->answer->count == 0) {
        snprintf(text, sizeof(text), "%s has no mail exchanger", step->name);
        add(survey, FINDING_WARNING, at, text);
    }
}

/* What the second survey finds beyond the first are lookups of the other type. */
static void found(void *context, enum survey_finding finding, const struct walk_place *at, const char *text)
{
    struct survey *survey = context;
    bool is_first = !survey->other;

    switch (finding) {
    case SURVEY_ERROR:
        if (is_first)
            add(survey, FINDING_ERROR, at, text);
        break;
    case SURVEY_UNKNOWN:
        survey->check->is_partial = true;
        if (is_first || !record_check_has(survey->check, FINDING_UNKNOWN))
            add_unknown(survey, at, text);
        break;
    case SURVEY_VOID:
        check_void(survey, at);
        break;
    case SURVEY_NO_NAME:
        if (is_first)
            add(survey, FINDING_WARNING, at, "names no domain that can exist");
        break;
    case SURVEY_OPEN:
        if (is_first)
            add(survey, FINDING_WARNING, at, text);
        break;
    case SURVEY_VARYING:
        survey->check->is_partial = true;
    }
}

static void end_wait(void *is_done)
{
    wait_event_signal(is_done);
}

/* Begins and waits. NULL if out of memory. */
static struct evaluation *run(const struct evaluation_setup *wanted)
{
    struct evaluation_setup setup = *wanted;
    struct evaluation *evaluation;
    struct wait_event is_done;
    struct timespec moment;

    wait_event_init(&is_done);
    setup.done = end_wait;
    setup.context = &is_done;
    evaluation = evaluation_create(&setup);
    if (evaluation) {
        evaluation_begin(evaluation);
        do
            moment = clock_moment_after(WAIT_MS); /* the DNS keeps the deadline */
        while (!wait_event_until(&is_done, &moment));
    }
    wait_event_destroy(&is_done);
    return evaluation;
}

/* A host without IPv6 finds nothing for each IPv6 client, which is no reason to fear for a domain that has none. */
static void check_voids(struct record_check *check, enum finding_level level, unsigned count, const char *family)
{
    if (count > LIMIT_VOID_LOOKUPS)
        record_check_add(check, level, NULL, NULL,
                         "%u terms are void lookups for %s clients, and %d may be: the result is permerror for those"
                         " that no earlier term matches (RFC 7208 4.6.4)",
                         count, family, LIMIT_VOID_LOOKUPS);
}

static const struct dns_answer *answer_of(const struct record *record)
{
    struct dns_builder *builder = dns_builder_create(DNS_TXT);

    dns_builder_add_text(builder, record->text, record->len);
    return dns_builder_finish(builder, DNS_OK, 0);
}

/* Surveys for one family; returns how many void lookups there are. */
static unsigned survey_family(struct survey *survey, struct evaluation_setup *setup, struct evaluation **evaluation)
{
    const struct walk_survey told = {.found = found, .context = survey};

    setup->survey = answer_of(survey->record);
    *evaluation = setup->survey->count > 0 ? run(setup) : NULL; /* else out of memory */
    survey->walk = *evaluation ? evaluation_walk(*evaluation) : NULL;
    if (!survey->walk || survey->walk->is_fault) {
        survey->check->failed = true;
        return 0;
    }
    survey->walk->survey = &told;
    walk_run(survey->walk);
    survey->walk->survey = NULL;
    survey->check->dns_terms = survey->walk->limits.dns_terms;
    return survey->walk->limits.void_lookups;
}

void record_cost(struct record_check *check, const struct record *record, const char *domain, struct dns *dns,
                 int64_t deadline_ms)
{
    struct spf_request request = {
        .client.family = ADDR_V4, .helo = "", .local = "postmaster", .domain = domain, .receiver = ""};
    struct evaluation_setup setup = {
        .dns = dns, .request = &request, .deadline_ms = deadline_ms, .has_lookahead = true};
    struct survey v4 = {.check = check, .record = record}, v6 = v4;
    struct evaluation *first = NULL, *second = NULL;

    check->void_lookups_v4 = survey_family(&v4, &setup, &first);
    request.client.family = ADDR_V6;
    v6.other = v4.walk;
    if (!check->failed)
        check->void_lookups_v6 = survey_family(&v6, &setup, &second);
    if (first)
        evaluation_release(first);
    if (second)
        evaluation_release(second);
    if (check->dns_terms > LIMIT_DNS_TERMS)
        record_check_add(check, FINDING_ERROR, NULL, NULL,
                         "%s%u DNS-querying terms, includes and redirects counted, and %d are allowed (RFC 7208 4.6.4)",
                         check->dns_terms >= SURVEY_TERMS ? "at least " : "", check->dns_terms, LIMIT_DNS_TERMS);
    check_voids(check, FINDING_ERROR, check->void_lookups_v4, "IPv4");
    check_voids(check, FINDING_WARNING, check->void_lookups_v6, "IPv6");
}
