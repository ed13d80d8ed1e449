/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of findings about a record. */
#include "base/printable.h"
#include "base/strbuf.h"
#include "spf/record_check.h"

#include <stdarg.h>
#include <stdlib.h>

enum { FINDING_MAX = 600 }; /* octets of a finding's text */

/* Adds an empty finding; NULL if out of memory. */
static struct finding *add(struct record_check *check, enum finding_level level, const char *format, va_list args)
{
    struct strbuf text = {.limit = FINDING_MAX};
    struct finding *larger = realloc(check->findings, (check->count + 1) * sizeof(*larger));

    if (larger)
        check->findings = larger;
    strbuf_vaddf(&text, format, args);
    if (!larger || text.failed) {
        check->failed = true;
        strbuf_free(&text);
        return NULL;
    }
    larger[check->count] = (struct finding){.level = level, .text = strbuf_take(&text)};
    printable_make(larger[check->count].text);
    return &larger[check->count++];
}

void record_check_add(struct record_check *check, enum finding_level level, const struct record *record,
                      const struct term *term, const char *format, ...)
{
    struct finding *finding;
    va_list args;

    va_start(args, format);
    finding = add(check, level, format, args);
    va_end(args);
    if (!finding || !term)
        return;
    finding->has_place = true;
    finding->offset = (size_t)(term->text - record->text);
    finding->len = term->len;
}

bool record_check_has(const struct record_check *check, enum finding_level level)
{
    for (size_t i = 0; i < check->count; i++)
        if (check->findings[i].level == level)
            return true;
    return false;
}

const char *record_check_status(const struct record_check *check)
{
    if (record_check_has(check, FINDING_ERROR))
        return "permerror";
    return record_check_has(check, FINDING_UNKNOWN) ? "temperror" : "fine";
}

void record_check_free(struct record_check *check)
{
    for (size_t i = 0; i < check->count; i++) {
        free(check->findings[i].text);
        free(check->findings[i].meant);
    }
    free(check->findings);
    *check = (struct record_check){0};
}
