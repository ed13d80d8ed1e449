/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chooses a domain's record, parses it, and takes the steps out of it. */
#include "spf/policy.h"

#include <stdlib.h>
#include <string.h>

const struct dns_record *policy_choose(const struct dns_answer *answer, bool (*chosen)(const char *text, size_t len),
                                       bool *is_ambiguous)
{
    const struct dns_record *found = NULL;

    *is_ambiguous = false;
    for (size_t i = 0; i < answer->count; i++) {
        const struct dns_record *record = &answer->records[i];

        if (!chosen(record->text, record->text_len))
            continue;
        if (found &&
            (found->text_len != record->text_len || memcmp(found->text, record->text, record->text_len) != 0)) {
            *is_ambiguous = true;
            return NULL;
        }
        found = record;
    }
    return found;
}

/* True for a term after which nothing is evaluated. */
static bool is_last(const struct policy_reader *reader, const struct term *term)
{
    return reader->is_survey ? term->kind == TERM_ALL : term_matches_without_lookup(term, &reader->client);
}

static struct policy *create(enum policy_status status, size_t steps)
{
    struct policy *policy = calloc(1, sizeof(*policy) + steps * sizeof(policy->steps[0]));

    if (policy)
        policy->status = status;
    return policy;
}

/* How many steps a record may have: its DNS-querying terms, one that matches without, the end. */
static size_t count_steps(const struct record *record, unsigned terms_max)
{
    size_t count = 0;

    for (size_t i = 0; i < record->count; i++)
        count += term_asks_dns(&record->terms[i]);
    return (count < terms_max + 1 ? count : terms_max + 1) + 2;
}

static void add_step(struct policy *policy, const struct term *term)
{
    policy->steps[policy->count++].term = term;
}

/* RFC 7208 6.1: a redirect stands after all mechanisms, and only where there is no all. */
static void take_steps(const struct policy_reader *reader, struct policy *policy)
{
    const struct record *record = &policy->record;

    for (size_t i = 0; i < record->count && policy->count <= reader->terms_max; i++) {
        const struct term *term = &record->terms[i];
        bool ends = is_last(reader, term);

        if (ends || (term_asks_dns(term) && term->kind != TERM_REDIRECT))
            add_step(policy, term);
        if (ends)
            return;
    }
    if (record->redirect && policy->count <= reader->terms_max)
        add_step(policy, record->redirect);
    add_step(policy, NULL);
}

/* Parses a record; without keeps_terms no more of it is kept than can become steps. */
static enum record_status parse(const struct policy_reader *reader, const char *text, size_t len, struct record *out,
                                struct record_error *error)
{
    if (reader->keeps_terms)
        return record_parse(text, len, out, error);
    return record_parse_for(text, len, &reader->client, reader->terms_max + 1, out, error);
}

/* Takes over the record. */
static struct policy *create_with(const struct policy_reader *reader, struct record *record)
{
    struct policy *policy = create(POLICY_OK, count_steps(record, reader->terms_max));

    if (!policy) {
        record_free(record);
        return NULL;
    }
    policy->record = *record;
    policy->refuses_all = record->all_count == 1 && record->count == 1 && record->terms[0].kind == TERM_ALL &&
                          record->terms[0].qualifier == '-';
    take_steps(reader, policy);
    return policy;
}

struct policy *policy_read(const struct policy_reader *reader, const struct dns_answer *answer)
{
    bool has_several;
    const struct dns_record *source = policy_choose(answer, record_is_spf, &has_several);
    struct record_error error;
    struct record record;
    struct policy *policy;

    if (!source)
        return create(has_several ? POLICY_SEVERAL : POLICY_NONE, 0);
    switch (parse(reader, source->text, source->text_len, &record, &error)) {
    case RECORD_OK:
        return create_with(reader, &record);
    case RECORD_SYNTAX:
        policy = create(POLICY_SYNTAX, 0);
        if (policy) {
            policy->source = source;
            policy->error = error;
        }
        return policy;
    case RECORD_NO_MEMORY:
        break;
    }
    return NULL;
}

struct policy *policy_from_text(const struct policy_reader *reader, const char *text)
{
    struct record_error error;
    struct record record;

    return parse(reader, text, strlen(text), &record, &error) == RECORD_OK ? create_with(reader, &record) : NULL;
}

void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    for (size_t i = 0; i < policy->count; i++)
        free(policy->steps[i].name);
    record_free(&policy->record);
    free(policy);
}

enum spf_result step_result(const struct step *step)
{
    switch (step->term ? step->term->qualifier : '?') {
    case '-':
        return RESULT_FAIL;
    case '~':
        return RESULT_SOFTFAIL;
    case '?':
        return RESULT_NEUTRAL;
    default:
        return RESULT_PASS;
    }
}
