/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the records of an evaluation and answers the questions of their terms, within the limits. */
#include "spf/evaluation.h"

#include "base/log.h"
#include "base/log_value.h"
#include "base/stats.h"
#include "spf/canonical.h"
#include "spf/domain.h"
#include "spf/printable.h"
#include "spf/target.h"
#include "spf/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROOT_NUMBER = 0, /* of EVALUATION_ROOT */
    SHOWN_MAX = 60,  /* octets of a term that a problem shows */
};

struct macro_values evaluation_macro_values(const struct spf_question *question, int64_t now_s)
{
    return (struct macro_values){
        .local = question->local,
        .sender = question->domain,
        .helo = question->helo,
        .receiver = question->receiver,
        .client = question->client,
        .now_s = now_s,
    };
}

void evaluation_init(struct evaluation *evaluation, const struct spf_question *question, struct dns *dns,
                     int64_t deadline_ms, int64_t now_s)
{
    *evaluation = (struct evaluation){
        .question = question,
        .values = evaluation_macro_values(question, now_s),
        .lookups = {.dns = dns, .deadline_ms = deadline_ms, .ttl_s = UINT32_MAX, .trace = question->trace},
        .next_tag = ROOT_NUMBER + 1,
    };
}

void evaluation_free(struct evaluation *evaluation)
{
    for (size_t i = 0; i < evaluation->frame_count; i++) {
        record_free(&evaluation->frames[i]->record);
        free(evaluation->frames[i]);
    }
    dns_answer_release(evaluation->mx_answer);
    client_names_free(&evaluation->names);
    free(evaluation->found);
}

/* Appends the term under way to a problem. */
static void add_place(const struct place *at, char problem[SPF_PROBLEM_SIZE])
{
    size_t len = strlen(problem);

    if (at->term)
        snprintf(problem + len, SPF_PROBLEM_SIZE - len, ", at %.*s of %s",
                 at->term->len > SHOWN_MAX ? SHOWN_MAX : (int)at->term->len, at->term->text, at->frame->domain);
}

void evaluation_stop(struct evaluation *evaluation, enum spf_result result, const char *format, ...)
{
    va_list args;

    if (evaluation->stopped)
        return;
    evaluation->stopped = true;
    evaluation->stop_result = result;
    va_start(args, format);
    vsnprintf(evaluation->problem, sizeof(evaluation->problem), format, args);
    va_end(args);
    add_place(&evaluation->at, evaluation->problem);
    printable_make(evaluation->problem);
}

void evaluation_fault(struct evaluation *evaluation, const char *what)
{
    char shown[LOG_VALUE_SIZE];

    if (evaluation->stopped)
        return;
    log_error("SPF evaluation of %s: %s", log_word(evaluation->question->domain, shown), what);
    stats_add(STATS_FAULTS, 1);
    evaluation->is_fault = true;
    evaluation_stop(evaluation, RESULT_TEMPERROR, "%s", what);
}

/* Without memory nothing is known about the names, and no match is to come of it. */
static void find_client_names(struct evaluation *evaluation)
{
    client_names_find(&evaluation->names, &evaluation->lookups, &evaluation->question->client);
    if (evaluation->names.is_fault)
        evaluation_fault(evaluation, "out of memory");
}

static const char *client_name(void *context, const char *domain)
{
    struct evaluation *evaluation = context;

    find_client_names(evaluation);
    return client_names_choose(&evaluation->names, domain);
}

struct macro_values evaluation_values(struct evaluation *evaluation, const struct frame *frame)
{
    struct macro_values values = evaluation->values;

    values.domain = frame->domain;
    values.client_name = client_name;
    values.context = evaluation;
    return values;
}

const struct frame *evaluation_last_frame(const struct evaluation *evaluation)
{
    const struct frame *frame = evaluation->frames[0];

    while (frame->redirected_to)
        frame = frame->redirected_to;
    return frame;
}

/* Finds the place of a tag, and notes that its record has come to it. */
static bool find_place(struct evaluation *evaluation, unsigned number, struct place *place)
{
    for (size_t i = 0; i < evaluation->frame_count; i++) {
        struct frame *frame = evaluation->frames[i];
        size_t index = number - frame->first_tag;

        if (number < frame->first_tag || index > frame->record.count)
            continue;
        frame->reached = index;
        trace_reach(evaluation->question->trace, i, index);
        place->frame = frame;
        place->term = index < frame->record.count ? &frame->record.terms[index] : NULL;
        evaluation->at = *place;
        return true;
    }
    evaluation_fault(evaluation, "libspf2 asked for a term that does not exist");
    return false;
}

/* RFC 7208 4.6.4: at most 10 terms that ask the DNS, over all records. */
static bool count_term(struct evaluation *evaluation)
{
    trace_dns_term(evaluation->question->trace, ++evaluation->limits.dns_terms);
    if (evaluation->limits.dns_terms <= LIMIT_DNS_TERMS)
        return true;
    evaluation_stop(evaluation, RESULT_PERMERROR, "more than %d terms that ask the DNS", LIMIT_DNS_TERMS);
    return false;
}

/* RFC 7208 4.6.4: at most 2 answers without a record. */
static bool count_void(struct evaluation *evaluation)
{
    trace_void(evaluation->question->trace, ++evaluation->limits.void_lookups);
    if (evaluation->limits.void_lookups <= LIMIT_VOID_LOOKUPS)
        return true;
    evaluation_stop(evaluation, RESULT_PERMERROR, "more than %d questions without an answer", LIMIT_VOID_LOOKUPS);
    return false;
}

/* Writes the name that a term asks for: its domain-spec, expanded, or the current domain (RFC 7208 4.8). False if the
 * evaluation is stopped. An expansion that no name can have is written as "". */
static bool target_name(struct evaluation *evaluation, const struct place *place, char name[DNS_NAME_MAX + 1])
{
    struct macro_values values = evaluation_values(evaluation, place->frame);
    struct strbuf expanded = STRBUF_INIT;
    unsigned used = 0;

    target_expand(place->term, &values, &expanded, &used);
    evaluation->macros_used |= used;
    if (expanded.failed)
        evaluation_fault(evaluation, "out of memory");
    else
        snprintf(name, DNS_NAME_MAX + 1, "%s",
                 target_is_usable(&values, strbuf_text(&expanded), used) ? expanded.text : "");
    trace_name(evaluation->question->trace, strbuf_text(&expanded));
    strbuf_free(&expanded);
    return !evaluation->stopped;
}

/* Asks a question whose failure stops the evaluation (RFC 7208 5): NULL then, else the answer, which the caller
 * releases. */
static const struct dns_answer *ask(struct evaluation *evaluation, const char *name, enum dns_type type)
{
    const struct dns_answer *answer = lookups_ask(&evaluation->lookups, name, type);

    if (answer->status != DNS_TIMEOUT && answer->status != DNS_FAILURE)
        return answer;
    evaluation_stop(evaluation, RESULT_TEMPERROR, "DNS %s for %s %s", dns_status_name(answer->status), name,
                    dns_type_name(type));
    dns_answer_release(answer);
    return NULL;
}

/* The same for a term, whose void answers are counted. A name that cannot exist is answered without a question. */
static const struct dns_answer *ask_for_term(struct evaluation *evaluation, const char *name, enum dns_type type)
{
    const struct dns_answer *answer;

    if (!domain_can_be_asked(name))
        return dns_answer_empty(DNS_NXDOMAIN, 0);
    answer = ask(evaluation, name, type);
    if (answer && answer->count == 0 && !count_void(evaluation)) {
        dns_answer_release(answer);
        return NULL;
    }
    return answer;
}

/* RFC 7208 4.5: the one record with the version section. Stops if there is none or more than one. */
static const struct dns_record *select_record(struct evaluation *evaluation, const char *domain, bool is_root,
                                              const struct dns_answer *answer)
{
    const struct dns_record *selected = NULL;

    for (size_t i = 0; i < answer->count; i++) {
        const struct dns_record *record = &answer->records[i];

        if (!record_is_spf(record->text, record->text_len))
            continue;
        if (selected) {
            evaluation_stop(evaluation, RESULT_PERMERROR, "%s has more than one SPF record", domain);
            return NULL;
        }
        selected = record;
    }
    if (!selected && is_root)
        evaluation_stop(evaluation, RESULT_NONE, "%s", "");
    else if (!selected) /* RFC 7208 5.2, 6.1: an include or redirect of none */
        evaluation_stop(evaluation, RESULT_PERMERROR, "%s has no SPF record", domain);
    return selected;
}

/* Parses a record into the frame (RFC 7208 4.6). */
static bool parse(struct evaluation *evaluation, struct frame *frame, const char *text, size_t len)
{
    struct record_error error;

    switch (record_parse(text, len, &frame->record, &error)) {
    case RECORD_OK:
        trace_record(evaluation->question->trace, evaluation->frame_count, frame->domain, &frame->record);
        return true;
    case RECORD_SYNTAX:
        trace_wrong_record(evaluation->question->trace, frame->domain, text, len, &error);
        evaluation_stop(evaluation, RESULT_PERMERROR, "record of %s: %s at octet %zu: %.*s", frame->domain,
                        error.reason, error.offset + 1,
                        len - error.offset > SHOWN_MAX ? SHOWN_MAX : (int)(len - error.offset), text + error.offset);
        return false;
    case RECORD_NO_MEMORY:
        break;
    }
    evaluation_fault(evaluation, "out of memory");
    return false;
}

/* Fetches the record of the frame's domain (RFC 7208 4.4). */
static bool load(struct evaluation *evaluation, struct frame *frame)
{
    bool is_root = evaluation->frame_count == 0, loaded = false;
    const struct dns_answer *answer = ask(evaluation, frame->domain, DNS_TXT);
    const struct dns_record *record;

    if (!answer)
        return false;
    record = select_record(evaluation, frame->domain, is_root, answer);
    if (record)
        loaded = parse(evaluation, frame, record->text, record->text_len);
    dns_answer_release(answer);
    if (record || !is_root || evaluation->stop_result != RESULT_NONE || !evaluation->question->best_guess)
        return loaded;
    evaluation->stopped = false;
    evaluation->guessed = true;
    return parse(evaluation, frame, EVALUATION_BEST_GUESS, strlen(EVALUATION_BEST_GUESS));
}

/* Writes the domain whose record the term of this tag leads to. False if the evaluation is stopped. */
static bool policy_domain(struct evaluation *evaluation, struct place *place, char name[DNS_NAME_MAX + 1])
{
    if (!count_term(evaluation) || !target_name(evaluation, place, name))
        return false;
    if (domain_can_have_policy(name))
        return true;
    /* RFC 7208 4.3: none, and so 5.2, 6.1: a permanent error */
    evaluation_stop(evaluation, RESULT_PERMERROR, "no valid domain to go on with");
    return false;
}

static struct frame *open_frame(struct evaluation *evaluation, unsigned tag)
{
    struct place place = {0};
    struct frame *frame = calloc(1, sizeof(*frame));

    if (!frame) {
        evaluation_fault(evaluation, "out of memory");
        return NULL;
    }
    if (tag == ROOT_NUMBER)
        snprintf(frame->domain, sizeof(frame->domain), "%s", evaluation->question->domain);
    else if (!find_place(evaluation, tag, &place) || !policy_domain(evaluation, &place, frame->domain))
        goto fail;
    if (!load(evaluation, frame))
        goto fail;
    if (place.term && place.term->kind == TERM_REDIRECT)
        place.frame->redirected_to = frame;
    frame->first_tag = evaluation->next_tag;
    evaluation->next_tag += (unsigned)frame->record.count + 1;
    evaluation->frames[evaluation->frame_count++] = frame;
    return frame;
fail:
    free(frame);
    return NULL;
}

char *evaluation_record(struct evaluation *evaluation, const char *tag)
{
    struct strbuf text = STRBUF_INIT;
    struct tag asked;
    struct frame *frame;
    char *canonical;

    if (evaluation->stopped)
        return NULL;
    if (!tag_parse(tag, &asked)) {
        evaluation_fault(evaluation, "libspf2 asked for a record of its own");
        return NULL;
    }
    frame = open_frame(evaluation, asked.number);
    if (!frame)
        return NULL;
    canonical_write(&frame->record, &evaluation->question->client, frame->first_tag, &text);
    canonical = strbuf_take(&text);
    strbuf_free(&text);
    if (!canonical)
        evaluation_fault(evaluation, "out of memory");
    return canonical;
}

/* Answers with the client's own address: the term matches. */
static void answer_match(struct evaluation *evaluation, struct evaluation_answer *answer)
{
    answer->count = 1;
    answer->addrs = &evaluation->question->client;
}

/* Answers with the addresses found. */
static bool answer_found(struct evaluation *evaluation, const struct dns_answer *found,
                         struct evaluation_answer *answer)
{
    struct addr *addrs = realloc(evaluation->found, (found->count + 1) * sizeof(*addrs));

    if (!addrs) {
        evaluation_fault(evaluation, "out of memory");
        return false;
    }
    for (size_t i = 0; i < found->count; i++)
        addrs[i] = found->records[i].addr;
    evaluation->found = addrs;
    *answer = (struct evaluation_answer){found->count, addrs};
    return true;
}

/* The addresses of a host for an a or mx term, of the client's family (RFC 7208 5.3). With a prefix length of 0 any
 * address matches. */
static bool answer_addresses(struct evaluation *evaluation, const struct place *place, const char *name,
                             struct evaluation_answer *answer)
{
    bool is_v4 = evaluation->question->client.family == ADDR_V4, done = true;
    const struct dns_answer *found = ask_for_term(evaluation, name, is_v4 ? DNS_A : DNS_AAAA);

    if (!found)
        return false;
    if (found->count > 0 && (is_v4 ? place->term->bits4 : place->term->bits6) == 0)
        answer_match(evaluation, answer);
    else
        done = answer_found(evaluation, found, answer);
    dns_answer_release(found);
    return done;
}

/* The mail exchangers (RFC 7208 5.4). One more than is allowed is reported, so that the library comes to ask for it. */
static bool answer_mx(struct evaluation *evaluation, const char *name, struct evaluation_answer *answer)
{
    const struct dns_answer *found = ask_for_term(evaluation, name, DNS_MX);

    if (!found)
        return false;
    dns_answer_release(evaluation->mx_answer);
    evaluation->mx_answer = found;
    answer->count = found->count > LIMIT_MX_NAMES ? LIMIT_MX_NAMES + 1 : found->count;
    return true;
}

/* The addresses of one mail exchanger. RFC 7208 4.6.4: more than 10 are a permanent error. */
static bool answer_mx_name(struct evaluation *evaluation, const struct place *place, unsigned index,
                           struct evaluation_answer *answer)
{
    char name[DNS_NAME_MAX + 1] = "";

    if (index >= LIMIT_MX_NAMES) {
        evaluation_stop(evaluation, RESULT_PERMERROR, "more than %d mail exchangers", LIMIT_MX_NAMES);
        return false;
    }
    if (!evaluation->mx_answer || index >= evaluation->mx_answer->count) {
        evaluation_fault(evaluation, "libspf2 asked for a mail exchanger that does not exist");
        return false;
    }
    domain_from_answer(evaluation->mx_answer->records[index].name, name); /* else no name that can be asked */
    return answer_addresses(evaluation, place, name, answer);
}

/* RFC 7208 5.5: an error of the DNS is no match, and what the names' questions find is not counted. */
static bool answer_ptr(struct evaluation *evaluation, const char *name, struct evaluation_answer *answer)
{
    find_client_names(evaluation);
    if (evaluation->stopped)
        return false;
    for (size_t i = 0; i < evaluation->names.count; i++)
        trace_client_name(evaluation->question->trace, evaluation->names.validated[i]);
    if (evaluation->names.is_void && !count_void(evaluation))
        return false;
    if (client_names_match(&evaluation->names, name))
        answer_match(evaluation, answer);
    return true;
}

/* RFC 7208 5.7: the type is A also for an IPv6 client. */
static bool answer_exists(struct evaluation *evaluation, const char *name, struct evaluation_answer *answer)
{
    const struct dns_answer *found = ask_for_term(evaluation, name, DNS_A);
    bool done;

    if (!found)
        return false;
    done = answer_found(evaluation, found, answer);
    dns_answer_release(found);
    return done;
}

static bool answer_term(struct evaluation *evaluation, const struct place *place, struct evaluation_answer *answer)
{
    char name[DNS_NAME_MAX + 1];

    if (!count_term(evaluation) || !target_name(evaluation, place, name))
        return false;
    switch (place->term->kind) {
    case TERM_A:
        return answer_addresses(evaluation, place, name, answer);
    case TERM_MX:
        return answer_mx(evaluation, name, answer);
    case TERM_PTR:
        return answer_ptr(evaluation, name, answer);
    default:
        return answer_exists(evaluation, name, answer);
    }
}

bool evaluation_answer(struct evaluation *evaluation, const char *tag, struct evaluation_answer *answer)
{
    struct tag asked;
    struct place place;

    *answer = (struct evaluation_answer){0};
    if (evaluation->stopped)
        return false;
    if (!tag_parse(tag, &asked)) {
        evaluation_fault(evaluation, "libspf2 asked a question of its own");
        return false;
    }
    if (!find_place(evaluation, asked.number, &place))
        return false;
    if (asked.is_mx_name && place.term && place.term->kind == TERM_MX)
        return answer_mx_name(evaluation, &place, asked.mx_index, answer);
    if (!place.term || !term_asks_dns(place.term)) /* a milestone */
        return true;
    return answer_term(evaluation, &place, answer);
}
