/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as a record: parsed, or refused at a place within them, with a hint; the surrogate holds known octets
 * only. */
#include "spf/record_advice.h"
#include "spf/record_hint.h"
#include "spf/surrogate.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_surrogate(const uint8_t *data, size_t size, const char *client_text)
{
    struct policy_reader reader = {.terms_max = LIMIT_DNS_TERMS};
    struct strbuf text = STRBUF_INIT;
    struct policy *policy;
    struct dns_record record = {.text = (const char *)data, .text_len = size};
    struct dns_answer answer = {.status = DNS_OK, .count = 1, .records = &record};

    if (!addr_parse(client_text, &reader.client))
        abort();
    policy = policy_read(&reader, &answer);
    if (!policy || policy->status != POLICY_OK)
        abort();
    surrogate_write(policy, 1, &reader.client, &text);
    if (text.failed || text.len > 600 || strspn(text.text, "abcdefilmnoprstuvx0123456789.:/=_+-~? ") != text.len)
        abort();
    strbuf_free(&text);
    policy_free(policy);
}

static void check_terms(const struct record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct term *term = &record->terms[i];
        struct strbuf meant = STRBUF_INIT;
        const char *reason = NULL;

        if (term->text < record->text || term->text + term->len > record->text + record->len || term->len == 0)
            abort();
        if (record_advise_domain(term, &meant, &reason) && !reason)
            abort();
        strbuf_free(&meant);
        if (term->domain && (term->domain < term->text || term->domain + term->domain_len > term->text + term->len))
            abort();
    }
}

/* What was meant is a record's text itself, and the place is one of the octets. */
static void check_advice(const char *text, size_t size, const struct record_error *error)
{
    struct record_advice advice;

    if (error)
        record_advise(text, size, error, &advice);
    else
        record_advise_version(text, size, &advice);
    if (advice.offset > size || advice.end > size || !advice.reason || advice.meant.failed)
        abort();
    if (error && advice.meant.len > 0 && !record_terms_are_right(advice.meant.text, advice.meant.len))
        abort();
    if (!error && advice.meant.len > 0 && !record_is_spf(advice.meant.text, advice.meant.len))
        abort();
    strbuf_free(&advice.meant);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct record_error error = {.offset = SIZE_MAX};
    struct record record;

    if (!record_is_spf(text, size)) {
        check_advice(text, size, NULL);
        return 0;
    }
    if (record_parse(text, size, &record, &error) != RECORD_OK) {
        if (error.offset > size || !error.reason || !record_hint(text, size, error.offset))
            abort();
        check_advice(text, size, &error);
        return 0;
    }
    check_terms(&record);
    check_surrogate(data, size, "192.0.2.1");
    check_surrogate(data, size, "2001:db8::1");
    record_free(&record);
    return 0;
}
