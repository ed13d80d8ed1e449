/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows the terms of a record as an evaluation would that never matches (RFC 7208 4.6.4). */
#include "spf/record_cost.h"

#include "base/strbuf.h"
#include "spf/domain.h"
#include "spf/limits.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    TERMS_MAX = 100, /* where adding up ends: the limit is far behind */
    SHOWN_MAX = 60,  /* octets of a term in a finding */
};

/* A record under way, and the one whose term led to it. */
struct visit {
    const struct visit *from;
    const struct record *record;
    const char *domain;
    const struct term *term; /* of the record that is checked, for the place of a finding */
};

struct walk {
    struct record_check *check;
    const struct record *top;
    struct dns *dns;
    int64_t deadline_ms;
};

/* Adds a finding about a term of the record that is visited. Its place in the record that is checked is the term that
 * led here, and the text says where it stands itself. */
__attribute__((format(printf, 5, 6))) static void find(struct walk *walk, enum finding_level level,
                                                       const struct visit *visit, const struct term *term,
                                                       const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_vaddf(&text, format, args);
    va_end(args);
    if (visit->from)
        strbuf_addf(&text, " (%.*s in the record of %s)", term->len > SHOWN_MAX ? SHOWN_MAX : (int)term->len,
                    term->text, visit->domain);
    walk->check->failed |= text.failed;
    record_check_add(walk->check, level, walk->top, visit->from ? visit->term : term, "%s", strbuf_text(&text));
    strbuf_free(&text);
}

/* The number of records that a name has, of one type; the caller releases *answer. False if the DNS did not say. */
static bool ask(struct walk *walk, const struct visit *visit, const struct term *term, const char *name,
                enum dns_type type, const struct dns_answer **answer)
{
    *answer = dns_ask(walk->dns, name, type, walk->deadline_ms);
    if ((*answer)->status != DNS_TIMEOUT && (*answer)->status != DNS_FAILURE)
        return true;
    walk->check->is_partial = true;
    find(walk, FINDING_UNKNOWN, visit, term, "DNS %s for %s %s", dns_status_name((*answer)->status), name,
         dns_type_name(type));
    dns_answer_release(*answer);
    return false;
}

/* Writes the name that a term asks for; false if it depends on the message. */
static bool name_of(struct walk *walk, const struct visit *visit, const struct term *term, char name[DNS_NAME_MAX + 1])
{
    size_t len = term->domain_len;

    if (!term->domain) {
        snprintf(name, DNS_NAME_MAX + 1, "%s", visit->domain);
        return true;
    }
    if (memchr(term->domain, '%', len)) {
        walk->check->is_partial = true;
        return false;
    }
    if (term->domain[len - 1] == '.')
        len--;
    if (len <= DNS_NAME_MAX) {
        memcpy(name, term->domain, len);
        name[len] = '\0';
        if (domain_can_be_asked(name))
            return true;
    }
    find(walk, FINDING_WARNING, visit, term, "names no domain that can exist");
    return false;
}

/* Counts the addresses of a host that a term names, for clients of both families. */
static void count_addresses(struct walk *walk, const struct visit *visit, const struct term *term, const char *name)
{
    const struct dns_answer *v4 = NULL, *v6 = NULL;

    if (!ask(walk, visit, term, name, DNS_A, &v4))
        return;
    if (ask(walk, visit, term, name, DNS_AAAA, &v6)) {
        walk->check->void_lookups_v4 += v4->count == 0;
        walk->check->void_lookups_v6 += v6->count == 0;
        if (v4->count == 0 && v6->count == 0)
            find(walk, FINDING_WARNING, visit, term, "%s has no address", name);
        dns_answer_release(v6);
    }
    dns_answer_release(v4);
}

static void count_exists(struct walk *walk, const struct visit *visit, const struct term *term, const char *name)
{
    const struct dns_answer *answer;

    if (!ask(walk, visit, term, name, DNS_A, &answer))
        return;
    walk->check->void_lookups_v4 += answer->count == 0;
    walk->check->void_lookups_v6 += answer->count == 0;
    dns_answer_release(answer);
}

static void count_exchangers(struct walk *walk, const struct visit *visit, const struct term *term, const char *name)
{
    const struct dns_answer *answer;
    char host[DNS_NAME_MAX + 1];

    if (!ask(walk, visit, term, name, DNS_MX, &answer))
        return;
    if (answer->count == 0) {
        walk->check->void_lookups_v4++;
        walk->check->void_lookups_v6++;
        find(walk, FINDING_WARNING, visit, term, "%s has no mail exchanger", name);
    }
    if (answer->count > LIMIT_MX_NAMES) /* RFC 7208 4.6.4 */
        find(walk, FINDING_ERROR, visit, term, "%s has %zu mail exchangers, and %d are allowed", name, answer->count,
             LIMIT_MX_NAMES);
    for (size_t i = 0; i < answer->count && i < LIMIT_MX_NAMES; i++)
        if (domain_from_answer(answer->records[i].name, host) && domain_can_be_asked(host))
            count_addresses(walk, visit, term, host);
    dns_answer_release(answer);
}

static void visit_record(struct walk *walk, const struct visit *visit);

static bool is_under_way(const struct visit *visit, const char *domain)
{
    while (visit && strcasecmp(visit->domain, domain) != 0)
        visit = visit->from;
    return visit != NULL;
}

/* Parses the record of an include or redirect, and goes on with it. */
static void follow_text(struct walk *walk, const struct visit *from, const struct term *term, const char *name,
                        const struct dns_record *found)
{
    struct record record;
    struct record_error error;
    enum record_status status = record_parse(found->text, found->text_len, &record, &error);
    struct visit visit = {from, &record, name, from->from ? from->term : term};

    if (status == RECORD_NO_MEMORY)
        walk->check->failed = true;
    if (status == RECORD_SYNTAX)
        find(walk, FINDING_ERROR, from, term, "the record of %s is wrong: %s, at octet %zu", name, error.reason,
             error.offset + 1);
    if (status != RECORD_OK)
        return;
    visit_record(walk, &visit);
    record_free(&record);
}

/* The record that an include or redirect leads to (RFC 7208 4.5, 5.2, 6.1). */
static void follow(struct walk *walk, const struct visit *visit, const struct term *term, const char *name)
{
    const struct dns_record *found = NULL;
    const struct dns_answer *answer;
    unsigned records = 0;

    if (is_under_way(visit, name)) {
        find(walk, FINDING_ERROR, visit, term, "leads back to %s, whose record is being evaluated", name);
        return;
    }
    if (!ask(walk, visit, term, name, DNS_TXT, &answer))
        return;
    for (size_t i = 0; i < answer->count; i++) {
        if (record_is_spf(answer->records[i].text, answer->records[i].text_len)) {
            found = &answer->records[i];
            records++;
        }
    }
    if (records == 1)
        follow_text(walk, visit, term, name, found);
    else
        find(walk, FINDING_ERROR, visit, term, "%s has %s", name,
             records == 0 ? "no SPF record" : "more than one SPF record");
    dns_answer_release(answer);
}

static void visit_term(struct walk *walk, const struct visit *visit, const struct term *term)
{
    char name[DNS_NAME_MAX + 1];

    walk->check->dns_terms++;
    if (term->kind == TERM_PTR)
        walk->check->is_partial = true;
    else if (!name_of(walk, visit, term, name))
        return;
    if (term->kind == TERM_A)
        count_addresses(walk, visit, term, name);
    else if (term->kind == TERM_MX)
        count_exchangers(walk, visit, term, name);
    else if (term->kind == TERM_EXISTS)
        count_exists(walk, visit, term, name);
    else if (term->kind != TERM_PTR)
        follow(walk, visit, term, name);
}

/* All that is reached in a record by an evaluation that never matches: what stands before all, and the redirect. */
static void visit_record(struct walk *walk, const struct visit *visit)
{
    const struct record *record = visit->record;

    for (size_t i = 0; i < record->count && walk->check->dns_terms < TERMS_MAX; i++) {
        const struct term *term = &record->terms[i];

        if (term->kind == TERM_ALL)
            return;
        if (term_asks_dns(term) && term->kind != TERM_REDIRECT)
            visit_term(walk, visit, term);
    }
    if (record->redirect && walk->check->dns_terms < TERMS_MAX)
        visit_term(walk, visit, record->redirect);
}

/* A host without IPv6 finds nothing for each IPv6 client, which is no reason to fear for a domain that has none. */
static void check_voids(struct record_check *check, enum finding_level level, unsigned count, const char *family)
{
    if (count > LIMIT_VOID_LOOKUPS)
        record_check_add(check, level, NULL, NULL,
                         "%u questions find nothing for %s clients, and %d may: the result is permerror for those that"
                         " no earlier term matches (RFC 7208 4.6.4)",
                         count, family, LIMIT_VOID_LOOKUPS);
}

void record_cost(struct record_check *check, const struct record *record, const char *domain, struct dns *dns,
                 int64_t deadline_ms)
{
    struct walk walk = {check, record, dns, deadline_ms};
    struct visit top = {NULL, record, domain, NULL};

    visit_record(&walk, &top);
    if (check->dns_terms > LIMIT_DNS_TERMS)
        record_check_add(check, FINDING_ERROR, NULL, NULL,
                         "%s%u terms ask the DNS, includes and redirects counted, and %d are allowed (RFC 7208 4.6.4)",
                         check->dns_terms >= TERMS_MAX ? "at least " : "", check->dns_terms, LIMIT_DNS_TERMS);
    check_voids(check, FINDING_ERROR, check->void_lookups_v4, "IPv4");
    check_voids(check, FINDING_WARNING, check->void_lookups_v6, "IPv6");
}
