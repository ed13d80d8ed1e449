/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds what needs no DNS but the domain's own. */
#include "spf/record_check.h"

#include "spf/record_cost.h"
#include "spf/record_hint.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    STRING_MAX = 255,     /* octets of one string of a TXT record (RFC 1035 3.3.14) */
    UDP_ANSWER_MAX = 512, /* octets that every way of asking can take (RFC 7208 3.4) */
    HEADER_OCTETS = 12,   /* of an answer (RFC 1035 4.1.1) */
    RECORD_OCTETS = 12,   /* of a record besides its data, its name being a pointer (RFC 1035 4.1.3) */
    WIDE_V4 = 8,
    WIDE_V6 = 19,         /* shorter prefixes than registries hand out */
    TEXT_SHOWN_MAX = 300, /* octets of a published record */
};

/* RFC 7208 4.7, 5.1, 6.1: what the end of the record says about all other clients. */
static void check_end(struct record_check *check, const struct record *record, const struct term *all)
{
    if (!all && !record->redirect)
        record_check_add(check, FINDING_WARNING, record, NULL,
                         "nothing is said about other clients: without all or redirect= at the end they are neutral");
    if (!all)
        return;
    if (all->qualifier == '+')
        record_check_add(check, FINDING_WARNING, record, all, "lets everybody send mail for the domain");
    if (all->qualifier == '?')
        record_check_add(check, FINDING_NOTE, record, all, "says nothing about other clients: receivers cannot use it");
    if (record->redirect)
        record_check_add(check, FINDING_WARNING, record, record->redirect, "is never followed, as there is an all");
}

/* Terms that are there and do nothing. */
static void check_dead_term(struct record_check *check, const struct record *record, const struct term *term,
                            const struct term *all)
{
    bool is_mechanism = term->kind != TERM_REDIRECT && term->kind != TERM_EXP && term->kind != TERM_OTHER;

    if (all && is_mechanism && term > all)
        record_check_add(check, FINDING_WARNING, record, term, "is never reached: it stands after all");
    for (const struct term *earlier = record->terms; is_mechanism && earlier < term; earlier++) {
        if (earlier->len == term->len && strncasecmp(earlier->text, term->text, term->len) == 0) {
            record_check_add(check, FINDING_WARNING, record, term, "stands there twice");
            return;
        }
    }
}

/* RFC 7208 6: an unknown modifier is ignored, which is seldom what was meant. */
static void check_modifier(struct record_check *check, const struct record *record, const struct term *term)
{
    const char *equals = memchr(term->text, '=', term->len);
    size_t len = equals ? (size_t)(equals - term->text) : 0;
    const char *meant = record_hint_mechanism(term->text, len);

    if (meant)
        record_check_add(check, FINDING_WARNING, record, term,
                         "is ignored as an unknown modifier; %s takes a colon, %s:", meant, meant);
    else if (len == 1 && (*term->text == 'v' || *term->text == 'V'))
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

static void check_term(struct record_check *check, const struct record *record, const struct term *term)
{
    unsigned wide = term->kind == TERM_IP4 ? WIDE_V4 : WIDE_V6;

    if (term->kind == TERM_PTR)
        record_check_add(check, FINDING_WARNING, record, term,
                         "should not be used: it is slow, and not every receiver follows it (RFC 7208 5.5)");
    if (uses_p_macro(term))
        record_check_add(check, FINDING_WARNING, record, term, "uses the p macro, which should not be used (7.2)");
    if (term->kind == TERM_OTHER)
        check_modifier(check, record, term);
    if ((term->kind == TERM_IP4 || term->kind == TERM_IP6) && term->network.bits < wide && term->qualifier == '+')
        record_check_add(check, FINDING_WARNING, record, term, "is a network wider than any registry hands out");
    if (term->kind == TERM_EXISTS && !memchr(term->domain, '%', term->domain_len))
        record_check_add(check, FINDING_NOTE, record, term, "is the same for every client, as it has no macro");
}

static void check_explanation(struct record_check *check, const struct record *record)
{
    if (!record->exp || record->redirect)
        return;
    for (size_t i = 0; i < record->count; i++)
        if (record->terms[i].qualifier == '-')
            return;
    record_check_add(check, FINDING_WARNING, record, record->exp, "is never shown, as no term gives fail");
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
    check_explanation(check, record);
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

/* Adds the error that record_parse found. */
static void add_syntax(struct record_check *check, const char *text, size_t len, const struct record_error *error)
{
    record_check_add(check, FINDING_ERROR, NULL, NULL, "%s", error->reason);
    if (check->failed)
        return;
    check->findings[check->count - 1].has_place = true;
    check->findings[check->count - 1].offset = error->offset;
    check->findings[check->count - 1].len = 1;
    check->findings[check->count - 1].hint =
        record_is_spf(text, len) ? record_hint(text, len, error->offset) : "v=spf1 mx -all";
}

void record_check_run(struct record_check *check, const char *text, size_t len, const char *domain, struct dns *dns,
                      int64_t deadline_ms)
{
    struct record_error error = {0, "a record begins with v=spf1 and a space"};
    struct record record = {0};
    enum record_status status = RECORD_SYNTAX;

    if (record_is_spf(text, len))
        status = record_parse(text, len, &record, &error);
    if (status == RECORD_NO_MEMORY)
        check->failed = true;
    if (status == RECORD_SYNTAX)
        add_syntax(check, text, len, &error);
    if (status != RECORD_OK)
        return;
    check_terms(check, &record);
    check_size(check, len, domain, dns, deadline_ms);
    record_cost(check, &record, domain, dns, deadline_ms);
    check->costs_known = true;
    record_free(&record);
}
