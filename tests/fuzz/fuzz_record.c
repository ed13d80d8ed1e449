/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as a record: parsed, or refused at a place within them, with a hint; the canonical form holds known octets
 * only. */
#include "spf/canonical.h"
#include "spf/record_hint.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_canonical(const struct record *record, const char *client_text)
{
    struct strbuf text = STRBUF_INIT;
    struct addr client;

    if (!addr_parse(client_text, &client))
        abort();
    canonical_write(record, &client, 1, &text);
    if (text.failed || text.len > 600 || strspn(text.text, "abcdefilmnoprstuvx0123456789.:/=_+-~? ") != text.len)
        abort();
    strbuf_free(&text);
}

static void check_terms(const struct record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct term *term = &record->terms[i];

        if (term->text < record->text || term->text + term->len > record->text + record->len || term->len == 0)
            abort();
        if (term->domain && (term->domain < term->text || term->domain + term->domain_len > term->text + term->len))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct record_error error = {.offset = SIZE_MAX};
    struct record record;

    if (!record_is_spf(text, size))
        return 0;
    if (record_parse(text, size, &record, &error) != RECORD_OK) {
        if (error.offset > size || !error.reason || !record_hint(text, size, error.offset))
            abort();
        return 0;
    }
    check_terms(&record);
    check_canonical(&record, "192.0.2.1");
    check_canonical(&record, "2001:db8::1");
    record_free(&record);
    return 0;
}
