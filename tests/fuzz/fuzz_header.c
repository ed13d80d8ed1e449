/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the header fields: any text as an incoming field, as a subject, and as what goes into the fields we write. */
#include "mail/header.h"
#include "mail/header_forged.h"
#include "mail/header_subject.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARTS = 5, LINE_LIMIT = 998 };

/* No CR, no octet outside printable US-ASCII but the folds, and no line that is too long. */
static void check_field(const char *name, const struct strbuf *value)
{
    size_t column = strlen(name) + 2;

    if (value->failed)
        return;
    for (const char *c = strbuf_text(value); *c != '\0'; c++, column++) {
        if (*c == '\n' && c[1] == '\t') {
            column = 0;
            c++;
        } else if (*c < ' ' || *c > '~') {
            abort();
        }
        if (column >= LINE_LIMIT)
            abort();
    }
}

/* What comes from outside holds no key with a value, and no encoded word, as that ends with `?=`. `own` is ours, before
 * it. */
static void check_foreign(const struct strbuf *value, size_t own)
{
    if (value->failed || value->len < own)
        return;
    for (const char *at = strbuf_text(value) + own; (at = strchr(at, '=')) != NULL; at++) {
        if (at[-1] != '\\' && (at[-1] < 'a' || at[-1] > 'z'))
            abort();
    }
    if (strcasestr(strbuf_text(value) + own, "spf=") != NULL)
        abort();
}

static void write_fields(const char *const part[PARTS], unsigned choice)
{
    struct header_result result = {
        .result = (enum spf_result)(choice % RESULT_COUNT),
        .guessed = (choice & 64) != 0,
        .is_helo = (choice & 128) != 0,
        .client = addr_from_v4((const uint8_t[4]){192, 0, 2, 1}),
        .sender = part[1],
        .domain = part[2],
        .helo = part[3],
        .receiver = part[4],
    };
    struct strbuf out = STRBUF_INIT;

    header_authentication_results(part[0], &result, &out);
    check_field("Authentication-Results", &out);
    if (!out.failed)
        check_foreign(&out, (size_t)(strstr(out.text, " spf=") - out.text) + 5);
    strbuf_truncate(&out, 0);
    header_received_spf(&result, &out);
    check_field("Received-SPF", &out);
    check_foreign(&out, 0);
    strbuf_free(&out);
}

static void tag(const char *tag_text, const char *subject)
{
    struct strbuf once = STRBUF_INIT;
    struct strbuf twice = STRBUF_INIT;

    header_tag_subject(tag_text, subject, &once);
    header_tag_subject(tag_text, strbuf_text(&once), &twice);
    if (!once.failed && !twice.failed && strcmp(strbuf_text(&once), strbuf_text(&twice)) != 0)
        abort();
    strbuf_free(&once);
    strbuf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    const char *part[PARTS];
    char *rest = text;

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (header_is_forged_result(text, "mx.example.org") && !header_claims_authserv_id(text, "mx.example.org"))
        abort();
    header_arc_claims_authserv_id(text, "mx.example.org");
    header_names_receiver(text, "mx.example.org");
    for (size_t i = 0; i < PARTS; i++) {
        const char *next = strsep(&rest, "|");
        part[i] = next != NULL ? next : "";
    }
    header_is_forged_result(part[1], part[0]);
    write_fields(part, size > 0 ? data[size - 1] : 0);
    tag(part[0], part[1]);
    free(text);
    return 0;
}
