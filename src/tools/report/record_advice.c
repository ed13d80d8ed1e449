/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Advice about broken records. */
#include "tools/report/record_advice.h"

#include "spf/domain.h"
#include "spf/policy.h"
#include "spf/record.h"
#include "spf/record_check.h"
#include "spf/record_hint.h"

#include <string.h>

/* What to do about errors that a record's text alone does not show. */
static const struct {
    const char *part, *advice;
} advices[] = {
    {"leads back to", "remove the include or redirect that leads back"}, /* before the limit that it exceeds */
    {"too many DNS lookups", "replace include, a and mx terms by ip4 and ip6 networks: 10 lookups are allowed"},
    {"has more than one SPF record", "publish one record that joins the terms of all"},
    {"has no SPF record", "remove the include or redirect, or correct its domain"},
    {"void lookup", "remove terms whose names have no addresses"},
    {"of DNS answers", "remove terms whose names have thousands of records or very long texts"},
    {"mail exchangers", "replace mx by ip4 and ip6 networks: it may name 10 hosts"},
    {"invalid target name", "correct the domain after the colon"},
};

/* How the term is written whose value, `value`, is wrong: the log has no more than that, and the reason. */
static const char *hint_for_value(const char *problem, const char *value, size_t len)
{
    static const char ip4[] = "ip4:", ip6[] = "ip6:";

    if (strstr(problem, "IPv4") != NULL)
        return record_hint(ip4, sizeof ip4 - 1, 0);
    if (strstr(problem, "IPv6") != NULL)
        return record_hint(ip6, sizeof ip6 - 1, 0);
    return record_hint(value, len, 0);
}

/* "record of D: why at octet N: v=spf1 ...": shows how the term is written that stands there. */
static bool advise_syntax(const char *problem, struct strbuf *out)
{
    const char *shown = strstr(problem, "v=spf1"), *octet = strstr(problem, "octet ");
    const char *end = shown != NULL ? strstr(shown, ", at ") : NULL;
    struct record record;
    struct record_error error;
    size_t len;

    /* Without the whole record only its beginning stands there, or the term alone. */
    if (shown == NULL) {
        const char *term = octet != NULL ? strstr(octet, ": ") : NULL;

        if (term == NULL)
            return false;
        len = strcspn(term + 2, " ,");
        strbuf_addf(out, "instead of %.*s: %s", (int)len, term + 2, hint_for_value(problem, term + 2, len));
        return true;
    }
    len = end != NULL ? (size_t)(end - shown) : strlen(shown);
    if (record_parse(shown, len, &record, &error) != RECORD_SYNTAX) {
        record_free(&record);
        return false;
    }
    strbuf_addf(out, "%s; expected: %s", error.reason, record_hint(shown, len, error.offset));
    return true;
}

static void advise_by_log(const char *problem, struct strbuf *out)
{
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        if (strstr(problem, advices[i].part) != NULL) {
            strbuf_add(out, advices[i].advice);
            return;
        }
    }
    (void)advise_syntax(problem, out);
}

/* The first errors of a check. */
static void add_findings(const struct record_check *check, struct strbuf *out)
{
    const size_t begin = out->len;

    for (size_t i = 0; i < check->count && out->len - begin < 400; i++) {
        const struct finding *finding = &check->findings[i];

        if (finding->level != FINDING_ERROR)
            continue;
        strbuf_addf(out, "%s%s", out->len > begin ? "; " : "", finding->text);
        if (finding->hint != NULL)
            strbuf_addf(out, " (expected: %s)", finding->hint);
    }
    if (out->len == begin && !record_check_has(check, FINDING_UNKNOWN))
        strbuf_add(out, "the record is valid now");
}

static bool advise_by_dns(const char *domain, struct dns *dns, int64_t timeout_ms, struct strbuf *out)
{
    const int64_t deadline_ms = clock_monotonic_ms(dns->clock) + timeout_ms;
    struct record_check check = {.findings = NULL};
    const struct dns_answer *answer;
    const struct dns_record *record = NULL;
    bool is_ambiguous = false;
    const size_t begin = out->len;

    if (!domain_can_have_policy(domain))
        return false;
    answer = dns_lookup(dns, domain, DNS_TXT, deadline_ms);
    if (answer->status == DNS_OK)
        record = policy_choose(answer, record_is_spf, &is_ambiguous);
    if (is_ambiguous) {
        strbuf_add(out, "there are several SPF records: publish one that joins the terms of all");
    } else if (record != NULL) {
        record_check_run(&check, record->text, record->text_len, domain, dns, deadline_ms);
        add_findings(&check, out);
        record_check_free(&check);
    }
    dns_answer_release(answer);
    return out->len > begin;
}

void record_advice(const char *domain, const char *problem, struct dns *dns, int64_t timeout_ms, struct strbuf *out)
{
    if (dns == NULL || !advise_by_dns(domain, dns, timeout_ms, out))
        advise_by_log(problem, out);
}
