/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluates terms by the answers that are there. */
#include "spf/walk_term.h"

#include "base/printable.h"
#include "spf/domain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 60 }; /* octets of a term that a problem shows */

/* Tells a survey, if this is one and the place is certainly reached. */
void term_tell(const struct walk *walk, enum survey_finding finding, const struct walk_place *at, const char *text)
{
    if (walk->survey && walk->is_exact && at)
        walk->survey->found(walk->survey->context, finding, at, text);
}

/* ---- What ends an evaluation ---- */

/* Appends the term under way to a problem. */
static void add_place(const struct walk_place *at, char problem[SPF_PROBLEM_SIZE])
{
    const struct term *term = at ? at->step->term : NULL;
    size_t len = strlen(problem);

    if (term)
        snprintf(problem + len, SPF_PROBLEM_SIZE - len, ", at %.*s of %s",
                 term->len > SHOWN_MAX ? SHOWN_MAX : (int)term->len, term->text, at->domain);
}

/* The result of an evaluation that was ended. */
static enum spf_result result_of(enum walk_stop why)
{
    return why == WALK_STOP_NO_RECORD ? RESULT_NONE : why == WALK_STOP_FAILURE ? RESULT_TEMPERROR : RESULT_PERMERROR;
}

/* Ends the evaluation at `at` (NULL: at no term), by `why`; where something is missing before it, that it may. */
unsigned term_stop(struct walk *walk, const struct walk_place *at, enum walk_stop why, const char *format, ...)
{
    va_list args;

    if (!walk->is_exact || walk->is_stopped)
        return walk->reader.is_survey ? CAN_MISS : 0;
    va_start(args, format);
    vsnprintf(walk->problem, sizeof(walk->problem), format, args);
    va_end(args);
    if (walk->reader.is_survey) {
        term_tell(walk, why == WALK_STOP_FAILURE ? SURVEY_UNKNOWN : SURVEY_ERROR, at, walk->problem);
        return CAN_MISS;
    }
    walk->is_stopped = true;
    walk->stop = why;
    walk->result = result_of(why);
    add_place(at, walk->problem);
    printable_make(walk->problem);
    return 0;
}

/* An answer is missing; what follows may be needed. */
unsigned term_missing(struct walk *walk)
{
    walk->is_exact = false;
    walk->lookups.is_blocked = true;
    return CAN_MATCH | CAN_MISS;
}

/* The same for a term that may count as a void lookup. */
unsigned term_missing_host(struct walk *walk)
{
    walk->lookups.open++;
    return term_missing(walk);
}

/* The same for the client's names, by whose silence nothing ends (RFC 7208 5.5): nothing waits for their lookups, so
 * what follows is asked meanwhile, and a reverse zone that is silent costs no time. */
unsigned term_missing_names(struct walk *walk)
{
    bool was_blocked = walk->lookups.is_blocked;
    unsigned known = term_missing_host(walk);

    walk->lookups.is_blocked = was_blocked;
    return known;
}

static bool was_silent(const struct lookup *lookup)
{
    return lookup && lookup->answer && lookup->answer->status == DNS_TIMEOUT;
}

/* The lookup that made this one fail. One that was not sent for lack of time had to wait for what was silent and ends
 * nothing by itself: a lookup of the client's names (RFC 7208 5.5). */
static const struct lookup *lookup_to_name(const struct walk *walk, const struct lookup *lookup)
{
    const struct client_names *names = &walk->names;

    if (lookup->is_sent)
        return lookup;
    if (was_silent(names->ptr))
        return names->ptr;
    for (size_t i = 0; i < LIMIT_CLIENT_NAMES; i++)
        if (was_silent(names->hosts[i]))
            return names->hosts[i];
    return lookup;
}

/* RFC 7208 5: a failure of the DNS, unless a mechanism says otherwise. */
unsigned term_failure(struct walk *walk, const struct walk_place *at, const struct lookup *lookup)
{
    lookup = lookup_to_name(walk, lookup);
    if (walk->is_exact && !walk->is_stopped)
        walk->failed = lookup;
    if (lookup->answer->is_fault)
        return term_stop(walk, at, WALK_STOP_FAILURE, "no memory or descriptor for the lookup of %s %s", lookup->name,
                         dns_type_name(lookup->type));
    return term_stop(walk, at, WALK_STOP_FAILURE, "DNS %s for %s %s", dns_status_name(lookup->answer->status),
                     lookup->name, dns_type_name(lookup->type));
}

/* A term does not match. RFC 7208 4.6.4: two such terms may have had an answer without a record. */
static unsigned miss(struct walk *walk, const struct walk_place *at, bool is_void)
{
    if (!is_void)
        return CAN_MISS;
    walk->lookups.void_lookups++;
    term_tell(walk, SURVEY_VOID, at, "");
    if (at->visit)
        at->visit->void_lookups = walk->lookups.void_lookups;
    if (walk->lookups.void_lookups <= LIMIT_VOID_LOOKUPS || walk->reader.is_survey)
        return CAN_MISS;
    return term_stop(walk, at, WALK_STOP_VOID, "more than %d void lookups", LIMIT_VOID_LOOKUPS);
}

/* Notes that the outcome depends on an answer. */
static void depend(struct walk *walk, uint32_t ttl_s)
{
    if (walk->is_exact && ttl_s < walk->ttl_s)
        walk->ttl_s = ttl_s;
}

/* True if the answer is there. */
bool walk_has_answer(struct walk *walk, const struct lookup *lookup)
{
    if (!lookup || !lookup->answer)
        return false;
    depend(walk, lookup->answer->ttl_s);
    return true;
}

/* Counts what the evaluation has had, with nothing missing before it: neither lookahead nor the order of arrival may
 * make a difference. The client's names are left out, as their answers are not the record's. */
void term_count_octets(struct walk *walk, const struct lookup *lookup)
{
    if (walk->is_exact)
        walk->limits.octets += dns_answer_octets(lookup->answer);
}

/* ---- Names ---- */

/* Looks for the client's names. Without memory nothing is known about them, and no match is to come of it. */
static void find_client_names(struct walk *walk)
{
    client_names_find(&walk->names, &walk->lookups, &walk->request->client);
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

struct macro_values walk_values(struct walk *walk, const char *domain)
{
    struct macro_values values = walk->values;

    values.domain = domain;
    values.client_name = client_name;
    values.context = walk;
    return values;
}

/* Finds out the name that a step asks for: its domain-spec, expanded, or the current domain (RFC 7208 4.8). False if it
 * needs the client's names, which are missing, or out of memory. */
bool step_expand_name(struct walk *walk, const char *domain, struct step *step)
{
    struct macro_values values = walk_values(walk, domain);
    struct strbuf name = STRBUF_INIT;

    /* Of an earlier walk, which may have lacked answers: what is in the name counts for this one; and a name that
     * needed them is not expanded again, up to 60 kB of it, before they are there. */
    if (step->macros_used & MACRO_USED_NAME) {
        find_client_names(walk);
        if (!step->name && !walk->names.is_complete)
            return false;
    }
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
bool step_has_foreign_local_part(const struct walk *walk, const struct step *step)
{
    return (step->macros_used & MACRO_USED_LOCAL) && !is_ascii(walk->request->local);
}

static enum dns_type address_type(const struct walk *walk)
{
    return walk->request->client.family == ADDR_V6 ? DNS_AAAA : DNS_A;
}

/* ---- Terms ---- */

/* RFC 7208 5.3, 5.4, 5.7: whether the addresses of a step's host match. `exists` asks for any. Thousands that do not
 * are remembered, as the next walk comes to them again. */
static bool addresses_match(const struct walk *walk, struct step *step, size_t host, const struct dns_answer *answer)
{
    const struct addr *client = &walk->request->client;
    unsigned bits = client->family == ADDR_V6 ? step->term->bits6 : step->term->bits4;

    if (walk->reader.is_survey || (step->missed & 1U << host))
        return false;
    if (step->term->kind == TERM_EXISTS)
        return answer->count > 0;
    for (size_t i = 0; i < answer->count; i++)
        if (addr_same_prefix(&answer->records[i].addr, client, bits))
            return true;
    step->missed |= 1U << host;
    return false;
}

/* a, exists. RFC 7208 5.7: exists asks for A records also for an IPv6 client. */
static unsigned walk_host(struct walk *walk, const struct walk_place *at)
{
    struct step *step = at->step;
    enum dns_type type = step->term->kind == TERM_EXISTS ? DNS_A : address_type(walk);
    const struct lookup *lookup = lookups_want(&walk->lookups, &step->lookup, step->name, type);

    if (!walk_has_answer(walk, lookup))
        return term_missing_host(walk);
    if (answer_is_failure(lookup->answer))
        return term_failure(walk, at, lookup);
    if (addresses_match(walk, step, 0, lookup->answer))
        return CAN_MATCH;
    term_count_octets(walk, lookup);
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
    const char *name = step->lookup->answer->records[index].name;
    const struct lookup *host;

    if (!lookups_want_host(&walk->lookups, &step->hosts[index], name, address_type(walk), &host))
        return false;
    if (!walk_has_answer(walk, host)) {
        so_far->is_missing = true;
        return false;
    }
    if (answer_is_failure(host->answer) && !so_far->failed)
        so_far->failed = host;
    so_far->is_void |= host->answer->count == 0 && !answer_is_failure(host->answer);
    return addresses_match(walk, step, index, host->answer);
}

/* Counts the answers to an mx term, all of which are there. */
static void count_exchangers(struct walk *walk, const struct step *step)
{
    term_count_octets(walk, step->lookup);
    for (size_t i = 0; i < step->lookup->answer->count; i++)
        if (step->hosts[i])
            term_count_octets(walk, step->hosts[i]);
}

/* RFC 7208 5.4. The order of the exchangers, and that of the answers, make no difference: one that matches is enough,
 * whatever is known of the others. */
static unsigned walk_mx(struct walk *walk, const struct walk_place *at)
{
    struct step *step = at->step;
    const struct lookup *lookup = lookups_want(&walk->lookups, &step->lookup, step->name, DNS_MX);
    struct exchangers so_far = {0};

    if (!walk_has_answer(walk, lookup))
        return term_missing_host(walk);
    if (answer_is_failure(lookup->answer))
        return term_failure(walk, at, lookup);
    if (lookup->answer->count > LIMIT_MX_NAMES) /* RFC 7208 4.6.4 */
        return term_stop(walk, at, WALK_STOP_LOOKUPS, "%s has more than %d mail exchangers", step->name,
                         LIMIT_MX_NAMES);
    for (size_t i = 0; i < lookup->answer->count; i++)
        if (exchanger_matches(walk, step, i, &so_far))
            return CAN_MATCH;
    if (so_far.is_missing)
        return term_missing_host(walk);
    if (so_far.failed)
        return term_failure(walk, at, so_far.failed);
    count_exchangers(walk, step);
    return miss(walk, at, lookup->answer->count == 0 || so_far.is_void);
}

/* RFC 7208 5.5. An error of the DNS is no match. What the names' lookups find is not counted. */
static unsigned walk_ptr(struct walk *walk, const struct walk_place *at)
{
    find_client_names(walk);
    if (client_names_match(&walk->names, at->step->name))
        return CAN_MATCH;
    if (walk->names.is_complete)
        return miss(walk, at, walk->names.is_void);
    return term_missing_names(walk);
}

unsigned term_evaluate(struct walk *walk, const struct walk_place *at)
{
    if (at->step->term->kind == TERM_PTR)
        return walk_ptr(walk, at);
    if (!domain_can_be_asked(at->step->name)) { /* RFC 7208 4.3, 4.8: no lookup, and no match */
        term_tell(walk, SURVEY_NO_NAME, at, "");
        return CAN_MISS;
    }
    return at->step->term->kind == TERM_MX ? walk_mx(walk, at) : walk_host(walk, at);
}
