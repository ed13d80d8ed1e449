/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds what needs no DNS but the domain's own. */
#include "spf/record_check.h"

#include "base/printable.h"
#include "spf/domain.h"
#include "spf/macro.h"
#include "spf/record_advice.h"
#include "spf/record_cost.h"
#include "spf/record_hint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    STRING_MAX = 255,     /* octets of one string of a TXT record (RFC 1035 3.3.14) */
    UDP_ANSWER_MAX = 512, /* octets that every way of asking can take (RFC 7208 3.4) */
    HEADER_OCTETS = 12,   /* of an answer (RFC 1035 4.1.1) */
    RECORD_OCTETS = 12,   /* of a record besides its data, its name being a pointer (RFC 1035 4.1.3) */
    TEXT_SHOWN_MAX = 300, /* octets of a published record */
    VERSION_OCTETS = 6,   /* of v=spf1 */
    ERRORS_MAX = 10,      /* syntax errors that are shown */
};

/* RFC 7208 4.7, 5.1, 6.1: what the end of the record says about all other clients. */
static void check_end(struct record_check *check, const struct record *record, const struct term *all)
{
    if (!all && !record->redirect)
        record_check_add(check, FINDING_WARNING, record, NULL,
                         "nothing is said about other clients: without all or redirect= at the end they are neutral");
    if (!all)
        return;
    if (all->qualifier == '?')
        record_check_add(check, FINDING_NOTE, record, all, "says nothing about other clients: receivers cannot use it");
    if (record->redirect)
        record_check_add(check, FINDING_WARNING, record, record->redirect, "is never followed, as there is an all");
}

/* An earlier network that holds all of this one and has the same result. */
static const struct term *find_wider(const struct record *record, const struct term *term)
{
    if (term->kind != TERM_IP4 && term->kind != TERM_IP6)
        return NULL;
    for (const struct term *earlier = record->terms; earlier < term; earlier++)
        if (earlier->kind == term->kind && earlier->qualifier == term->qualifier &&
            earlier->network.bits <= term->network.bits &&
            addr_same_prefix(&earlier->network.base, &term->network.base, earlier->network.bits))
            return earlier;
    return NULL;
}

/* Terms that are there and do nothing. */
static void check_dead_term(struct record_check *check, const struct record *record, const struct term *term,
                            const struct term *all)
{
    const bool is_mechanism = term->kind != TERM_REDIRECT && term->kind != TERM_EXP && term->kind != TERM_OTHER;
    const struct term *wider;

    if (all && is_mechanism && term > all)
        record_check_add(check, FINDING_WARNING, record, term, "is never reached: it stands after all");
    for (const struct term *earlier = record->terms; is_mechanism && earlier < term; earlier++) {
        if (earlier->len == term->len && strncasecmp(earlier->text, term->text, term->len) == 0) {
            record_check_add(check, FINDING_WARNING, record, term, "is a duplicate term");
            return;
        }
    }
    wider = find_wider(record, term);
    if (wider)
        record_check_add(check, FINDING_NOTE, record, term, "adds nothing: it is a part of %.*s", (int)wider->len,
                         wider->text);
}

/* Sets what the finding just added means instead. */
static void set_meant(struct record_check *check, struct strbuf *meant)
{
    if (meant->len > 0 && !meant->failed && !check->failed)
        check->findings[check->count - 1].meant = strbuf_take(meant);
    strbuf_free(meant);
}

/* RFC 7208 6: an unknown modifier is ignored, which is seldom what was meant. */
static void check_modifier(struct record_check *check, const struct record *record, const struct term *term)
{
    const char *equals = memchr(term->text, '=', term->len);
    size_t len = equals ? (size_t)(equals - term->text) : 0;
    const char *meant = record_hint_mechanism(term->text, len);

    if (meant) {
        struct strbuf right = STRBUF_INIT;

        record_check_add(check, FINDING_WARNING, record, term,
                         "is ignored as an unknown modifier; %s takes a colon, %s:", meant, meant);
        strbuf_addf(&right, "%s:%.*s", meant, (int)(term->len - len - 1), equals + 1);
        if (record_terms_are_right(strbuf_text(&right), right.len))
            set_meant(check, &right);
        strbuf_free(&right);
    } else if (len == 1 && (*term->text == 'v' || *term->text == 'V'))
        record_check_add(check, FINDING_WARNING, record, term,
                         "is ignored: the version stands once, at the beginning, and a domain has one record");
    else
        record_check_add(check, FINDING_NOTE, record, term, "is ignored: an unknown modifier");
}

/* RFC 7208 7.2: the p macro should not be used. */
static bool uses_p_macro(const struct term *term)
{
    for (size_t i = 0; i + 2 < term->len; i++)
        if (term->text[i] == '%' && term->text[i + 1] == '{' && (term->text[i + 2] == 'p' || term->text[i + 2] == 'P'))
            return true;
    return false;
}

/* RFC 7208 5.6: only the bits of the prefix count. */
static void check_network(struct record_check *check, const struct record *record, const struct term *term)
{
    const struct addr_prefix *network = &term->network;
    struct addr_prefix cleared;
    char address[ADDR_TEXT_SIZE], text[ADDR_PREFIX_SIZE], meant[ADDR_PREFIX_SIZE];
    struct strbuf right = STRBUF_INIT;

    (void)snprintf(text, sizeof(text), "%s/%u", addr_format(&network->base, address), (unsigned)network->bits);
    if (!addr_prefix_parse(text, &cleared) || addr_equal(&cleared.base, &network->base))
        return;
    addr_prefix_format(&cleared, meant);
    record_check_add(check, FINDING_WARNING, record, term,
                     "has bits set beyond its prefix, which do not count: it is all of %s, not %s alone", meant,
                     address);
    if (term->text[0] == term->qualifier)
        strbuf_add_char(&right, term->qualifier);
    strbuf_addf(&right, "%s:%s", term->kind == TERM_IP4 ? "ip4" : "ip6", meant);
    set_meant(check, &right);
}

/* A domain-spec may hold nearly any octet (7.1), and a host name may not. */
static void check_domain(struct record_check *check, const struct record *record, const struct term *term)
{
    struct strbuf meant = STRBUF_INIT;
    const char *reason = NULL;

    if (record_advise_domain(term, &meant, &reason)) {
        record_check_add(check, FINDING_WARNING, record, term, "%s", reason);
        set_meant(check, &meant);
    }
    strbuf_free(&meant);
}

static void check_term(struct record_check *check, const struct record *record, const struct term *term)
{
    const char *openness = term_openness(term);

    if (openness)
        record_check_add(check, FINDING_WARNING, record, term, "%s", openness);
    if (term->kind == TERM_PTR)
        record_check_add(check, FINDING_WARNING, record, term,
                         "should not be used: it is slow, and not every receiver follows it (RFC 7208 5.5)");
    if (uses_p_macro(term))
        record_check_add(check, FINDING_WARNING, record, term, "uses the p macro, which should not be used (7.2)");
    if (term->kind == TERM_OTHER)
        check_modifier(check, record, term);
    if (term->kind == TERM_IP4 || term->kind == TERM_IP6)
        check_network(check, record, term);
    check_domain(check, record, term);
    if (term->kind == TERM_EXISTS && !memchr(term->domain, '%', term->domain_len))
        record_check_add(check, FINDING_NOTE, record, term, "is the same for every client, as it has no macro");
}

static bool can_fail(const struct record *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (record->terms[i].qualifier == '-')
            return true;
    return record->redirect != NULL;
}

/* The name that exp= leads to, where it is the same for every message: without macros but %{d}. False for others. */
static bool expand_exp(const struct term *exp, const char *domain, struct strbuf *name)
{
    const struct macro_values values = {.local = "", .sender = "", .domain = domain, .helo = "", .receiver = ""};
    unsigned unused = 0;

    for (size_t i = 0; i + 2 < exp->domain_len; i++)
        if (exp->domain[i] == '%' && exp->domain[i + 1] == '{' && exp->domain[i + 2] != 'd' &&
            exp->domain[i + 2] != 'D')
            return false;
    return macro_expand_domain(exp->domain, exp->domain_len, &values, name, &unused) && !name->failed &&
           domain_can_be_asked(strbuf_text(name));
}

/* RFC 7208 6.2: whatever is wrong with the explanation, none is shown. NULL if nothing is. */
static const char *explanation_fault(const struct dns_answer *answer)
{
    if (answer->count > 1)
        return "has several TXT records, so none is shown";
    if (answer->count == 0)
        return answer->status == DNS_OK || answer->status == DNS_NODATA || answer->status == DNS_NXDOMAIN
                   ? "has no TXT record, so nothing is shown"
                   : "could not be looked up";
    if (!printable_is(answer->records[0].text, answer->records[0].text_len))
        return "has octets that are not US-ASCII, so nothing is shown";
    if (!macro_check(answer->records[0].text, answer->records[0].text_len, MACRO_IN_EXPLANATION, NULL))
        return "has an error in a macro, so nothing is shown";
    return NULL;
}

static void check_explanation(struct record_check *check, const struct record *record, const char *domain,
                              struct dns *dns, int64_t deadline_ms)
{
    struct strbuf name = {.limit = DNS_NAME_MAX};
    const struct dns_answer *answer = NULL;
    const char *fault = NULL;

    if (record->exp && !can_fail(record))
        record_check_add(check, FINDING_WARNING, record, record->exp, "is never shown, as no term gives fail");
    else if (record->exp && expand_exp(record->exp, domain, &name))
        answer = dns_lookup(dns, strbuf_text(&name), DNS_TXT, deadline_ms);
    if (answer)
        fault = explanation_fault(answer);
    if (fault)
        record_check_add(check, FINDING_WARNING, record, record->exp, "%s %s", strbuf_text(&name), fault);
    if (answer)
        dns_answer_release(answer);
    strbuf_free(&name);
}

static void check_terms(struct record_check *check, const struct record *record)
{
    const struct term *all = NULL;

    for (size_t i = 0; i < record->count && !all; i++)
        if (record->terms[i].kind == TERM_ALL)
            all = &record->terms[i];
    for (size_t i = 0; i < record->count; i++) {
        check_term(check, record, &record->terms[i]);
        check_dead_term(check, record, &record->terms[i], all);
    }
    check_end(check, record, all);
}

/* The octets of a TXT record in an answer. */
static size_t octets_of(size_t text_len)
{
    return RECORD_OCTETS + text_len + (text_len + STRING_MAX - 1) / STRING_MAX;
}

/* Compares the record with what the domain publishes now, and finds how large an answer it makes. */
static void check_size(struct record_check *check, size_t len, const char *domain, struct dns *dns, int64_t deadline_ms)
{
    const struct dns_answer *answer = dns_lookup(dns, domain, DNS_TXT, deadline_ms);
    size_t octets = HEADER_OCTETS + strlen(domain) + 6 + octets_of(len);

    for (size_t i = 0; i < answer->count; i++) {
        const struct dns_record *other = &answer->records[i];

        if (record_is_spf(other->text, other->text_len))
            record_check_add(check, FINDING_NOTE, NULL, NULL,
                             "%s publishes this now, and may have one record only: %.*s", domain,
                             other->text_len > TEXT_SHOWN_MAX ? TEXT_SHOWN_MAX : (int)other->text_len, other->text);
        else
            octets += octets_of(other->text_len);
    }
    dns_answer_release(answer);
    if (len > STRING_MAX)
        record_check_add(check, FINDING_NOTE, NULL, NULL,
                         "the record has %zu octets: publish it as %zu strings of at most %d octets, which are joined"
                         " without a space",
                         len, (len + STRING_MAX - 1) / STRING_MAX, STRING_MAX);
    if (octets > UDP_ANSWER_MAX)
        record_check_add(check, FINDING_WARNING, NULL, NULL,
                         "the answer with all TXT records of %s has about %zu octets: above %d some receivers do not"
                         " get it (RFC 7208 3.4)",
                         domain, octets, UDP_ANSWER_MAX);
}

/* Adds an error with its place, which may be the end of the record's `len` octets; takes what was meant out of the
 * advice. */
static void add_advice(struct record_check *check, size_t len, struct record_advice *advice, const char *hint)
{
    struct finding *finding;

    record_check_add(check, FINDING_ERROR, NULL, NULL, "%s", advice->reason);
    check->failed |= advice->meant.failed;
    if (!check->failed) {
        finding = &check->findings[check->count - 1];
        finding->has_place = true;
        finding->offset = advice->offset;
        finding->len = advice->offset < len;
        finding->hint = hint;
        finding->meant = advice->meant.len > 0 ? strbuf_take(&advice->meant) : NULL;
    }
    strbuf_free(&advice->meant);
}

static void add_version_error(struct record_check *check, const char *text, size_t len)
{
    struct record_advice advice;

    record_advise_version(text, len, &advice);
    add_advice(check, len, &advice, "v=spf1 mx -all");
}

/* Reads the rest of a record after a wrong term: what stands from `from` on, behind a version and spaces. */
static enum record_status parse_rest(const char *text, size_t len, size_t from, struct record_error *error)
{
    struct record record = {0};
    char *rest = malloc(len + 1);
    enum record_status status = RECORD_NO_MEMORY;

    if (rest) {
        memcpy(rest, text, len);
        memset(rest + VERSION_OCTETS, ' ', from - VERSION_OCTETS); /* so places stay the same */
        status = record_parse(rest, len, &record, error);
    }
    record_free(&record);
    free(rest);
    return status;
}

/* Adds the error that record_parse found, and those in the terms after it. */
static void add_syntax(struct record_check *check, const char *text, size_t len, struct record_error error)
{
    enum record_status status = RECORD_SYNTAX;

    for (unsigned n = 0; status == RECORD_SYNTAX && n < ERRORS_MAX && !check->failed; n++) {
        struct record_advice advice;
        size_t end;

        record_advise(text, len, &error, &advice);
        end = advice.end;
        add_advice(check, len, &advice, record_hint(text, len, error.offset));
        if (end >= len)
            return;
        status = parse_rest(text, len, end, &error);
    }
    check->failed |= status == RECORD_NO_MEMORY;
}

void record_check_run(struct record_check *check, const char *text, size_t len, const char *domain, struct dns *dns,
                      int64_t deadline_ms)
{
    struct record_error error = {0, NULL};
    struct record record = {0};
    enum record_status status;

    if (!record_is_spf(text, len)) {
        add_version_error(check, text, len);
        return;
    }
    status = record_parse(text, len, &record, &error);
    if (status == RECORD_NO_MEMORY)
        check->failed = true;
    if (status == RECORD_SYNTAX)
        add_syntax(check, text, len, error);
    if (status != RECORD_OK)
        return;
    check_terms(check, &record);
    check_explanation(check, &record, domain, dns, deadline_ms);
    check_size(check, len, domain, dns, deadline_ms);
    record_cost(check, &record, domain, dns, deadline_ms);
    check->costs_known = true;
    record_free(&record);
}
