/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the records of an evaluation in the order of RFC 7208. */
#include "spf/walk.h"

#include "spf/domain.h"
#include "spf/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 60 }; /* octets of a term that a problem shows */

/* What a step may come to, by the answers there are. Neither: the evaluation ends in it, whatever it is for. */
enum { CAN_MATCH = 1, CAN_MISS = 2 };

/* Where the walk is. */
struct place {
    size_t frame;             /* of walk->frames; NO_FRAME in a record that is not certainly reached */
    struct walk_visit *visit; /* NULL: likewise */
    const char *domain;
    struct step *step;
};

enum { NO_FRAME = WALK_FRAMES };

void walk_init(struct walk *walk, const struct spf_question *question, int64_t now_s, bool has_lookahead, void *owner)
{
    *walk = (struct walk){
        .question = question,
        .values = {.local = question->local,
                   .sender = question->domain,
                   .helo = question->helo,
                   .receiver = question->receiver,
                   .client = question->client,
                   .now_s = now_s},
        .reader = {.client = question->client, .terms_max = LIMIT_DNS_TERMS},
    };
    lookups_init(&walk->lookups, has_lookahead, owner);
}

void walk_free(struct walk *walk)
{
    free(walk->explanation.name);
    lookups_free(&walk->lookups);
}

/* ---- What ends an evaluation ---- */

/* Appends the term under way to a problem. */
static void add_place(const struct place *at, char problem[SPF_PROBLEM_SIZE])
{
    const struct term *term = at ? at->step->term : NULL;
    size_t len = strlen(problem);

    if (term)
        snprintf(problem + len, SPF_PROBLEM_SIZE - len, ", at %.*s of %s",
                 term->len > SHOWN_MAX ? SHOWN_MAX : (int)term->len, term->text, at->domain);
}

/* Ends the evaluation at `at` (NULL: at no term) with an error; where something is missing before it, that it may. */
__attribute__((format(printf, 4, 5))) static unsigned stop(struct walk *walk, const struct place *at,
                                                           enum spf_result result, const char *format, ...)
{
    va_list args;

    if (!walk->is_exact || walk->is_stopped)
        return 0;
    walk->is_stopped = true;
    walk->result = result;
    va_start(args, format);
    vsnprintf(walk->problem, sizeof(walk->problem), format, args);
    va_end(args);
    add_place(at, walk->problem);
    printable_make(walk->problem);
    return 0;
}

void walk_fault(struct walk *walk, const char *what)
{
    walk->is_stopped = walk->is_fault = true;
    walk->result = RESULT_TEMPERROR;
    snprintf(walk->problem, sizeof(walk->problem), "%s", what);
}

/* An answer is missing; what follows may be needed. */
static unsigned missing(struct walk *walk)
{
    walk->is_exact = false;
    walk->lookups.is_blocked = true;
    return CAN_MATCH | CAN_MISS;
}

/* The same for a term that may count as a void lookup. */
static unsigned missing_host(struct walk *walk)
{
    walk->lookups.open++;
    return missing(walk);
}

/* The lookup that made this one fail: one that was not sent for lack of time may have waited for the client's names. */
static const struct lookup *blamed(const struct walk *walk, const struct place *at, const struct lookup *lookup)
{
    const struct lookup *ptr = walk->names.ptr;
    bool waited = !lookup->is_sent && (at && (at->step->macros_used & MACRO_USED_NAME));

    return waited && ptr && ptr->answer && answer_is_failure(ptr->answer) ? ptr : lookup;
}

/* RFC 7208 5: a failure of the DNS, unless a mechanism says otherwise. */
static unsigned failure(struct walk *walk, const struct place *at, const struct lookup *lookup)
{
    lookup = blamed(walk, at, lookup);
    return stop(walk, at, RESULT_TEMPERROR, "DNS %s for %s %s", dns_status_name(lookup->answer->status), lookup->name,
                dns_type_name(lookup->type));
}

/* A term does not match. RFC 7208 4.6.4: two such terms may have had an answer without a record. */
static unsigned miss(struct walk *walk, const struct place *at, bool is_void)
{
    if (!is_void)
        return CAN_MISS;
    walk->lookups.void_lookups++;
    if (at->visit)
        at->visit->void_lookups = walk->lookups.void_lookups;
    if (walk->lookups.void_lookups <= LIMIT_VOID_LOOKUPS)
        return CAN_MISS;
    return stop(walk, at, RESULT_PERMERROR, "more than %d void lookups", LIMIT_VOID_LOOKUPS);
}

/* Notes that the outcome depends on an answer. */
static void depend(struct walk *walk, uint32_t ttl_s)
{
    if (walk->is_exact && ttl_s < walk->ttl_s)
        walk->ttl_s = ttl_s;
}

/* True if the answer is there. */
static bool has_answer(struct walk *walk, const struct lookup *lookup)
{
    if (!lookup || !lookup->answer)
        return false;
    depend(walk, lookup->answer->ttl_s);
    return true;
}

/* ---- Names ---- */

/* Looks for the client's names. Without memory nothing is known about them, and no match is to come of it. */
static void find_client_names(struct walk *walk)
{
    client_names_find(&walk->names, &walk->lookups, &walk->question->client);
    depend(walk, walk->names.ttl_s);
    if (walk->names.is_fault && walk->is_exact)
        walk->lookups.failed = true;
}

static const char *client_name(void *context, const char *domain)
{
    struct walk *walk = context;

    find_client_names(walk);
    walk->lacks_names |= !walk->names.is_complete;
    return client_names_choose(&walk->names, domain);
}

static struct macro_values values_in(struct walk *walk, const char *domain)
{
    struct macro_values values = walk->values;

    values.domain = domain;
    values.client_name = client_name;
    values.context = walk;
    return values;
}

/* Finds out the name that a step asks for: its domain-spec, expanded, or the current domain (RFC 7208 4.8). False if it
 * needs the client's names, which are missing, or out of memory. */
static bool expand_name(struct walk *walk, const char *domain, struct step *step)
{
    struct macro_values values = values_in(walk, domain);
    struct strbuf name = STRBUF_INIT;

    if (!step->name) {
        walk->lacks_names = false;
        step->macros_used = 0;
        if (step->term->domain)
            macro_expand_domain(step->term->domain, step->term->domain_len, &values, &name, &step->macros_used);
        else
            strbuf_add(&name, domain);
        walk->lookups.failed |= name.failed;
        if (!walk->lacks_names)
            step->name = strbuf_take(&name);
        strbuf_free(&name);
    }
    return step->name != NULL;
}

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return *text == '\0';
}

/* RFC 8616 4: a term with such a local part in its name matches nothing. */
static bool has_foreign_local_part(const struct walk *walk, const struct step *step)
{
    return (step->macros_used & MACRO_USED_LOCAL) && !is_ascii(walk->question->local);
}

static enum dns_type address_type(const struct walk *walk)
{
    return walk->question->client.family == ADDR_V6 ? DNS_AAAA : DNS_A;
}

/* ---- Terms ---- */

/* RFC 7208 5.3, 5.4, 5.7: whether addresses match. `exists` asks for any. */
static bool addresses_match(const struct walk *walk, const struct term *term, const struct dns_answer *answer)
{
    const struct addr *client = &walk->question->client;
    unsigned bits = client->family == ADDR_V6 ? term->bits6 : term->bits4;

    if (term->kind == TERM_EXISTS)
        return answer->count > 0;
    for (size_t i = 0; i < answer->count; i++)
        if (addr_same_prefix(&answer->records[i].addr, client, bits))
            return true;
    return false;
}

/* a, exists. RFC 7208 5.7: exists asks for A records also for an IPv6 client. */
static unsigned walk_host(struct walk *walk, const struct place *at)
{
    struct step *step = at->step;
    enum dns_type type = step->term->kind == TERM_EXISTS ? DNS_A : address_type(walk);
    const struct lookup *lookup = lookups_want(&walk->lookups, &step->lookup, step->name, type);

    if (!has_answer(walk, lookup))
        return missing_host(walk);
    if (answer_is_failure(lookup->answer))
        return failure(walk, at, lookup);
    if (addresses_match(walk, step->term, lookup->answer))
        return CAN_MATCH;
    return miss(walk, at, lookup->answer->count == 0);
}

/* What the mail exchangers of a term have come to so far. */
struct exchangers {
    bool is_missing, is_void;
    const struct lookup *failed;
};

/* True if the mail exchanger `index` of an answer matches. */
static bool exchanger_matches(struct walk *walk, struct step *step, size_t index, struct exchangers *so_far)
{
    char name[DNS_NAME_MAX + 1];
    const struct lookup *host;

    if (!domain_from_answer(step->lookup->answer->records[index].name, name) || !domain_can_be_asked(name))
        return false;
    host = lookups_want_host(&walk->lookups, &step->hosts[index], name, address_type(walk));
    if (!has_answer(walk, host)) {
        so_far->is_missing = true;
        return false;
    }
    if (answer_is_failure(host->answer) && !so_far->failed)
        so_far->failed = host;
    so_far->is_void |= host->answer->count == 0 && !answer_is_failure(host->answer);
    return addresses_match(walk, step->term, host->answer);
}

/* RFC 7208 5.4. The order of the exchangers, and that of the answers, make no difference: one that matches is enough,
 * whatever is known of the others. */
static unsigned walk_mx(struct walk *walk, const struct place *at)
{
    struct step *step = at->step;
    const struct lookup *lookup = lookups_want(&walk->lookups, &step->lookup, step->name, DNS_MX);
    struct exchangers so_far = {0};

    if (!has_answer(walk, lookup))
        return missing_host(walk);
    if (answer_is_failure(lookup->answer))
        return failure(walk, at, lookup);
    if (lookup->answer->count > LIMIT_MX_NAMES) /* RFC 7208 4.6.4 */
        return stop(walk, at, RESULT_PERMERROR, "more than %d mail exchangers", LIMIT_MX_NAMES);
    for (size_t i = 0; i < lookup->answer->count; i++)
        if (exchanger_matches(walk, step, i, &so_far))
            return CAN_MATCH;
    if (so_far.is_missing)
        return missing_host(walk);
    if (so_far.failed)
        return failure(walk, at, so_far.failed);
    return miss(walk, at, lookup->answer->count == 0 || so_far.is_void);
}

/* RFC 7208 5.5. An error of the DNS is no match, so nothing waits for the lookups behind this term: what follows is
 * asked meanwhile, and a reverse zone that is silent costs no time. What the names' lookups find is not counted. */
static unsigned walk_ptr(struct walk *walk, const struct place *at)
{
    bool was_blocked = walk->lookups.is_blocked;
    unsigned known;

    find_client_names(walk);
    if (client_names_match(&walk->names, at->step->name))
        return CAN_MATCH;
    if (walk->names.is_complete)
        return miss(walk, at, walk->names.is_void);
    known = missing_host(walk);
    walk->lookups.is_blocked = was_blocked;
    return known;
}

static result_set walk_record(struct walk *walk, const struct place *from, struct lookup *lookup);

/* include, redirect: the results that the record it leads to may have. */
static result_set walk_target(struct walk *walk, const struct place *at)
{
    struct step *step = at->step;
    struct lookup *lookup;

    if (!domain_can_have_policy(step->name)) { /* RFC 7208 4.3: none, and so 5.2, 6.1: a permanent error */
        stop(walk, at, RESULT_PERMERROR, "invalid target name");
        return 0;
    }
    lookup = lookups_want(&walk->lookups, &step->lookup, step->name, DNS_TXT);
    if (has_answer(walk, lookup))
        return walk_record(walk, at, lookup);
    missing(walk);
    walk->lookups.is_certain = false;
    return RESULT_BIT(RESULT_PASS) | RESULT_BIT(RESULT_NEUTRAL);
}

/* RFC 7208 5.2: only a pass matches. */
static unsigned walk_include(struct walk *walk, const struct place *at)
{
    result_set results = walk_target(walk, at);

    return (results & RESULT_BIT(RESULT_PASS) ? CAN_MATCH : 0U) | (results & ~RESULT_BIT(RESULT_PASS) ? CAN_MISS : 0U);
}

/* A term that asks the DNS, a redirect with *redirected. RFC 7208 4.6.4: at most 10, over all records. */
static unsigned walk_term(struct walk *walk, const struct place *at, result_set *redirected)
{
    struct step *step = at->step;

    walk->limits.dns_terms++;
    if (at->visit)
        at->visit->dns_terms = walk->limits.dns_terms;
    if (walk->limits.dns_terms > walk->reader.terms_max)
        return stop(walk, at, RESULT_PERMERROR, "too many DNS lookups (limit %d)", LIMIT_DNS_TERMS);
    if (!expand_name(walk, at->domain, step))
        return missing_host(walk);
    if (walk->is_exact)
        walk->macros_used |= step->macros_used;
    if (has_foreign_local_part(walk, step))
        return CAN_MISS;
    switch (step->term->kind) {
    case TERM_INCLUDE:
        return walk_include(walk, at);
    case TERM_REDIRECT:
        *redirected = walk_target(walk, at);
        return CAN_MATCH;
    case TERM_PTR:
        return walk_ptr(walk, at);
    case TERM_MX:
        return domain_can_be_asked(step->name) ? walk_mx(walk, at) : CAN_MISS;
    default:
        return domain_can_be_asked(step->name) ? walk_host(walk, at) : CAN_MISS;
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

/* The results that a record may have, by its steps (RFC 7208 4.6). None: the evaluation ends in it, or it is stopped.
 */
static result_set walk_steps(struct walk *walk, size_t frame, const char *domain, struct policy *policy)
{
    result_set results = 0;

    for (size_t i = 0; i < policy->count; i++) {
        struct step *step = &policy->steps[i];
        struct place at = {frame, visit(walk, frame, i), domain, step};
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
    bool may_guess = lookup == walk->root && walk->question->best_guess && lookup->answer->status != DNS_NXDOMAIN;

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
static void stop_without_record(struct walk *walk, const struct place *from, const struct lookup *lookup)
{
    const struct policy *policy = lookup->policy;
    size_t left;

    switch (policy->status) {
    case POLICY_NONE:
        if (from) /* RFC 7208 5.2, 6.1: an include or redirect of none */
            stop(walk, from, RESULT_PERMERROR, "%s has no SPF record", lookup->name);
        else
            stop(walk, from, RESULT_NONE, "%s", "");
        break;
    case POLICY_SEVERAL:
        stop(walk, from, RESULT_PERMERROR, "%s has more than one SPF record", lookup->name);
        break;
    default:
        left = policy->source->text_len - policy->error.offset;
        stop(walk, from, RESULT_PERMERROR, "record of %s: %s at octet %zu: %.*s", lookup->name, policy->error.reason,
             policy->error.offset + 1, left > SHOWN_MAX ? SHOWN_MAX : (int)left,
             policy->source->text + policy->error.offset);
    }
}

/* Opens a frame where the record is certainly reached. */
static size_t open_frame(struct walk *walk, const struct place *from, const struct lookup *lookup)
{
    if (!walk->is_exact || walk->frame_count == WALK_FRAMES)
        return NO_FRAME;
    if (from && from->visit)
        from->visit->opened = walk->frame_count;
    walk->frames[walk->frame_count] =
        (struct walk_frame){.domain = lookup->name, .lookup = lookup, .policy = lookup->policy};
    return walk->frame_count++;
}

/* check_host() for the domain of a TXT lookup whose answer is there; `from` leads to it, NULL: it is the question's.
 * Each level is a term more, of which there are 10. */
static result_set walk_record(struct walk *walk, const struct place *from, struct lookup *lookup)
{
    if (answer_is_failure(lookup->answer)) {
        failure(walk, from, lookup);
        return 0;
    }
    if (!read_policy(walk, lookup))
        return 0;
    if (lookup->policy->status != POLICY_OK) {
        stop_without_record(walk, from, lookup);
        return 0;
    }
    return walk_steps(walk, open_frame(walk, from, lookup), lookup->name, lookup->policy);
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
    struct macro_values values = values_in(walk, domain);
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
    if (!expand_name(walk, frame->domain, step))
        return false;
    walk->macros_used |= step->macros_used;
    if (!domain_can_be_asked(step->name))
        return true;
    if (!has_answer(walk, lookups_want(&walk->lookups, &step->lookup, step->name, DNS_TXT)))
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
    if (has_answer(walk, lookups_want(&walk->lookups, &walk->root, walk->question->domain, DNS_TXT)))
        results = walk_record(walk, NULL, walk->root);
    else
        missing(walk);
    if (walk->is_exact && !walk->is_stopped && !walk->lookups.failed) {
        walk->result = single(results);
        walk->is_exact = walk->result != RESULT_FAIL || explain(walk);
    }
    walk->limits.void_lookups = walk->lookups.void_lookups;
    if (walk->lookups.failed)
        walk_fault(walk, "out of memory");
    return walk->is_exact || walk->lookups.failed;
}
