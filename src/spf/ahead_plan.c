/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the records that have arrived, as the evaluation will. */
#include "spf/ahead_plan.h"

#include "spf/domain.h"
#include "spf/evaluation.h"
#include "spf/limits.h"
#include "spf/record.h"
#include "spf/target.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    GUESSES_MAX = 10,
    OCTETS_MAX = 1 << 20, /* answers that are kept at a time; past that nothing more is foreseen */
    HOSTS_MAX = LIMIT_MX_NAMES,
};

_Static_assert((int)LIMIT_MX_NAMES == (int)LIMIT_CLIENT_NAMES, "the same array holds either");

/* A term that asks the DNS. */
struct plan_term {
    const struct term *term;
    struct plan_question *question;         /* NULL: it was not asked so far */
    bool is_expanded;                       /* the two below hold */
    bool is_blind;                          /* its name takes a client's name (%{p}), which is not foreseen */
    bool has_no_name;                       /* what it expands to cannot be asked */
    struct plan_record *policy;             /* that an include or redirect leads to; NULL: not there */
    bool has_no_policy;                     /* it leads to none */
    struct plan_question *hosts[HOSTS_MAX]; /* for the addresses of the names that an mx or ptr found */
};

struct plan_record {
    struct record record;
    const char *domain;      /* of its question */
    const struct term *last; /* the term that certainly decides, behind `terms`; NULL: none */
    size_t count;
    struct plan_term terms[LIMIT_DNS_TERMS];
};

/* One walk through all that is there. */
struct walk {
    struct ahead_plan *plan;
    unsigned terms, void_lookups;        /* passed so far */
    bool is_certain;                     /* all includes on the way have arrived */
    bool is_exact;                       /* everything on the way is known, and did not match */
    const struct plan_question *blocker; /* where that ended; NULL: with something that only the evaluation finds out */
};

/* How an evaluation goes on behind a term or a record, as far as it can be known. */
enum course {
    COURSE_ON,    /* perhaps with what follows */
    COURSE_MATCH, /* the term matches, or the record's result is pass */
    COURSE_END,   /* not at all */
};

void ahead_plan_init(struct ahead_plan *plan, const struct spf_question *question, int64_t now_s, void *owner)
{
    *plan = (struct ahead_plan){
        .question = question,
        .values = evaluation_macro_values(question, now_s),
        .owner = owner,
    };
    plan->to_send_tail = &plan->to_send;
}

static void free_record(struct plan_record *record)
{
    if (!record)
        return;
    for (size_t i = 0; i < record->count; i++)
        free_record(record->terms[i].policy); /* 10 deep at most */
    record_free(&record->record);
    free(record);
}

void ahead_plan_free(struct ahead_plan *plan)
{
    struct plan_question *next;

    free_record(plan->root);
    for (struct plan_question *question = plan->questions; question; question = next) {
        next = question->next;
        dns_answer_release(question->answer);
        free(question);
    }
}

struct plan_question *ahead_plan_find(const struct ahead_plan *plan, const char *name, enum dns_type type)
{
    struct plan_question *question = plan->questions;

    while (question && (question->type != type || strcasecmp(question->name, name) != 0))
        question = question->next;
    return question;
}

static void note_certain(struct ahead_plan *plan, struct plan_question *question)
{
    plan->certain += !question->is_certain;
    question->is_certain = true;
}

static struct plan_question *add(struct ahead_plan *plan, const char *name, enum dns_type type)
{
    size_t size = strlen(name) + 1;
    struct plan_question *question = malloc(sizeof(*question) + size);

    if (!question)
        return NULL;
    *question = (struct plan_question){.next = plan->questions, .owner = plan->owner, .type = type};
    memcpy(question->name, name, size);
    plan->questions = question;
    plan->asked++;
    return question;
}

struct plan_question *ahead_plan_add(struct ahead_plan *plan, const char *name, enum dns_type type)
{
    struct plan_question *question = add(plan, name, type);

    if (question)
        note_certain(plan, question);
    return question;
}

void ahead_plan_answer(struct ahead_plan *plan, struct plan_question *question, const struct dns_answer *answer)
{
    question->answer = answer;
    plan->octets += dns_answer_octets(answer);
    if (plan->octets > OCTETS_MAX)
        plan->is_over = true;
}

/* The question, which is to be sent if it is new. NULL: it is one guess too many, or there is no memory. */
static struct plan_question *request(struct walk *walk, const char *name, enum dns_type type)
{
    struct ahead_plan *plan = walk->plan;
    struct plan_question *question = ahead_plan_find(plan, name, type);

    if (!question && !walk->is_certain && plan->asked - plan->certain >= GUESSES_MAX)
        return NULL;
    if (!question) {
        question = add(plan, name, type);
        plan->is_over |= !question;
        if (!question)
            return NULL;
        *plan->to_send_tail = question;
        plan->to_send_tail = &question->next_to_send;
    }
    if (walk->is_certain)
        note_certain(plan, question);
    return question;
}

static bool is_failure(const struct dns_answer *answer)
{
    return answer->status == DNS_TIMEOUT || answer->status == DNS_FAILURE;
}

/* What follows depends on this. */
static void note_unknown(struct walk *walk, const struct plan_question *question)
{
    if (walk->is_exact && question && !question->answer)
        walk->blocker = question;
    walk->is_exact = false;
}

/* RFC 7208 4.6.4 */
static enum course pass_void(struct walk *walk)
{
    return ++walk->void_lookups > LIMIT_VOID_LOOKUPS ? COURSE_END : COURSE_ON;
}

/* ---- Records ---- */

/* The text of the one SPF record (RFC 7208 4.5); NULL if there is none, or more than one. */
static const struct dns_record *select_text(const struct dns_answer *answer, bool *has_several)
{
    const struct dns_record *selected = NULL;

    *has_several = false;
    for (size_t i = 0; i < answer->count; i++) {
        if (!record_is_spf(answer->records[i].text, answer->records[i].text_len))
            continue;
        *has_several = selected != NULL;
        if (*has_several)
            return NULL;
        selected = &answer->records[i];
    }
    return selected;
}

/* Takes the terms that ask the DNS, up to the one that decides. */
static void take_terms(struct plan_record *record, const struct addr *client)
{
    for (size_t i = 0; i < record->record.count; i++) {
        const struct term *term = &record->record.terms[i];

        if (term_decides(term, client)) {
            record->last = term;
            break;
        }
        if (term_asks_dns(term) && term->kind != TERM_REDIRECT && record->count < LIMIT_DNS_TERMS)
            record->terms[record->count++].term = term;
    }
    if (record->record.redirect && !record->last && record->count < LIMIT_DNS_TERMS) /* RFC 7208 6.1 */
        record->terms[record->count++].term = record->record.redirect;
}

/* NULL: the evaluation ends here, or there is no memory. */
static struct plan_record *open_record(struct ahead_plan *plan, const struct plan_question *question, bool is_root)
{
    bool has_several;
    const struct dns_record *text = select_text(question->answer, &has_several);
    struct plan_record *record = calloc(1, sizeof(*record));
    struct record_error error;
    enum record_status status = RECORD_SYNTAX;

    if (record && text)
        status = record_parse(text->text, text->text_len, &record->record, &error);
    else if (record && is_root && plan->question->best_guess && !has_several && !is_failure(question->answer))
        status = record_parse(EVALUATION_BEST_GUESS, strlen(EVALUATION_BEST_GUESS), &record->record, &error);
    if (status != RECORD_OK) {
        free(record);
        return NULL;
    }
    record->domain = question->name;
    take_terms(record, &plan->question->client);
    return record;
}

/* ---- Terms ---- */

static const char *no_client_name(void *context, const char *domain)
{
    (void)context;
    (void)domain;
    return "unknown";
}

static enum dns_type address_type(const struct walk *walk)
{
    return walk->plan->question->client.family == ADDR_V6 ? DNS_AAAA : DNS_A;
}

static enum dns_type type_of(const struct walk *walk, const struct term *term)
{
    switch (term->kind) {
    case TERM_INCLUDE:
    case TERM_REDIRECT:
        return DNS_TXT;
    case TERM_MX:
        return DNS_MX;
    case TERM_A:
        return address_type(walk);
    default:
        return DNS_A; /* RFC 7208 5.7 */
    }
}

/* Asks a term's question, unless its name is not known or cannot be asked. */
static void request_term(struct walk *walk, const struct plan_record *record, struct plan_term *at)
{
    struct macro_values values = walk->plan->values;
    bool is_policy = at->term->kind == TERM_INCLUDE || at->term->kind == TERM_REDIRECT;
    struct strbuf name = STRBUF_INIT;
    unsigned used = 0;

    values.domain = record->domain;
    values.client_name = no_client_name;
    target_expand(at->term, &values, &name, &used);
    walk->plan->is_over |= name.failed;
    at->is_expanded = true;
    at->is_blind = name.failed || (used & MACRO_USED_NAME);
    at->has_no_name =
        is_policy ? !domain_can_have_policy(strbuf_text(&name)) : !target_is_usable(&values, strbuf_text(&name), used);
    if (!at->is_blind && !at->has_no_name) {
        at->question = request(walk, strbuf_text(&name), type_of(walk, at->term));
        at->is_expanded = at->question != NULL; /* else it may be asked later */
    }
    strbuf_free(&name);
}

/* Asks for the addresses of the names that an mx or ptr found, at most 10. */
static void request_hosts(struct walk *walk, struct plan_term *at, const struct dns_answer *names)
{
    char name[DNS_NAME_MAX + 1];

    for (size_t i = 0; i < names->count && i < HOSTS_MAX; i++) {
        if (at->hosts[i] && walk->is_certain)
            note_certain(walk->plan, at->hosts[i]);
        else if (!at->hosts[i] && domain_from_answer(names->records[i].name, name) && domain_can_be_asked(name))
            at->hosts[i] = request(walk, name, address_type(walk));
    }
}

/* RFC 7208 5.5: the client's names, which all ptr terms and p macros share. What they lead to is not foreseen. */
static enum course walk_client_names(struct walk *walk, struct plan_term *at, bool counts_void)
{
    char arpa[ADDR_ARPA_SIZE];
    const struct plan_question *question = request(walk, addr_arpa(&walk->plan->question->client, arpa), DNS_PTR);

    note_unknown(walk, question);
    if (!question || !question->answer || is_failure(question->answer))
        return COURSE_ON;
    request_hosts(walk, at, question->answer);
    return counts_void && question->answer->count == 0 ? pass_void(walk) : COURSE_ON;
}

/* What the addresses of a host say about an a or mx term (RFC 7208 5.3, 5.4), or an exists (5.7). */
static enum course walk_addresses(struct walk *walk, const struct term *term, const struct plan_question *question)
{
    const struct addr *client = &walk->plan->question->client;
    unsigned bits = client->family == ADDR_V6 ? term->bits6 : term->bits4;
    const struct dns_answer *answer = question ? question->answer : NULL;

    if (!answer) {
        note_unknown(walk, question);
        return COURSE_ON;
    }
    if (is_failure(answer))
        return COURSE_END;
    if (answer->count == 0)
        return pass_void(walk);
    for (size_t i = 0; i < answer->count; i++)
        if (term->kind == TERM_EXISTS || addr_same_prefix(&answer->records[i].addr, client, bits))
            return COURSE_MATCH;
    return COURSE_ON;
}

static enum course walk_mx(struct walk *walk, struct plan_term *at)
{
    const struct dns_answer *answer = at->question ? at->question->answer : NULL;
    enum course course = COURSE_ON;

    if (!answer) {
        note_unknown(walk, at->question);
        return COURSE_ON;
    }
    if (is_failure(answer))
        return COURSE_END;
    if (answer->count == 0)
        return pass_void(walk);
    request_hosts(walk, at, answer);
    for (size_t i = 0; i < answer->count && i < HOSTS_MAX && course == COURSE_ON; i++)
        course = walk_addresses(walk, at->term, at->hosts[i]);
    return course == COURSE_ON && answer->count > LIMIT_MX_NAMES ? COURSE_END : course;
}

static enum course walk_record(struct walk *walk, struct plan_record *record);

/* An include or redirect. */
static enum course walk_policy(struct walk *walk, struct plan_term *at)
{
    if (at->has_no_name && !at->is_blind)
        return COURSE_END; /* RFC 7208 4.3, 5.2, 6.1 */
    if (!at->question || !at->question->answer) {
        walk->is_certain = false;
        note_unknown(walk, at->question);
        return COURSE_ON;
    }
    if (!at->policy && !at->has_no_policy)
        at->policy = open_record(walk->plan, at->question, false);
    at->has_no_policy = !at->policy;
    return at->policy ? walk_record(walk, at->policy) : COURSE_END;
}

static enum course walk_term(struct walk *walk, const struct plan_record *record, struct plan_term *at)
{
    if (at->term->kind == TERM_PTR)
        return walk_client_names(walk, at, true);
    if (!at->is_expanded)
        request_term(walk, record, at);
    else if (at->question && walk->is_certain)
        note_certain(walk->plan, at->question);
    if (at->is_blind)
        walk_client_names(walk, at, false);
    switch (at->term->kind) {
    case TERM_INCLUDE:
    case TERM_REDIRECT:
        return walk_policy(walk, at);
    case TERM_MX:
        return at->has_no_name && !at->is_blind ? COURSE_ON : walk_mx(walk, at);
    default:
        return at->has_no_name && !at->is_blind ? COURSE_ON : walk_addresses(walk, at->term, at->question);
    }
}

/* Each level is a term more, of 10 at most. */
static enum course walk_record(struct walk *walk, struct plan_record *record)
{
    bool can_only_pass = true; /* if a term up to here matches */

    for (size_t i = 0; i < record->count; i++) {
        struct plan_term *at = &record->terms[i];
        enum course course;

        if (++walk->terms > LIMIT_DNS_TERMS)
            return COURSE_END;
        course = walk_term(walk, record, at);
        if (course == COURSE_END || at->term->kind == TERM_REDIRECT)
            return course;
        can_only_pass = at->term->qualifier == '+' && (can_only_pass || walk->is_exact);
        if (course == COURSE_MATCH)
            return can_only_pass ? COURSE_MATCH : COURSE_ON;
    }
    can_only_pass |= walk->is_exact;
    return can_only_pass && record->last && record->last->qualifier == '+' ? COURSE_MATCH : COURSE_ON;
}

const struct plan_question *ahead_plan_run(struct ahead_plan *plan)
{
    struct walk walk = {.plan = plan, .is_certain = true, .is_exact = true};

    if (plan->is_over)
        return NULL;
    if (!plan->root) {
        const struct plan_question *question = request(&walk, plan->question->domain, DNS_TXT);

        if (!question || !question->answer)
            return question;
        plan->root = open_record(plan, question, true);
        plan->is_over |= !plan->root;
    }
    if (plan->root)
        walk_record(&walk, plan->root);
    return walk.blocker;
}

struct plan_question *ahead_plan_next(struct ahead_plan *plan)
{
    struct plan_question *question = plan->to_send;

    if (!question)
        return NULL;
    plan->to_send = question->next_to_send;
    if (!plan->to_send)
        plan->to_send_tail = &plan->to_send;
    return question;
}
