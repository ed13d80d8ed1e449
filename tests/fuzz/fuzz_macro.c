/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as a local part, a newline, and a macro string: what is checked can be expanded, and names are cut. */
#include "dns/dns.h"
#include "spf/macro.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expand(const char *text, size_t len, enum macro_place place, const struct macro_values *values)
{
    struct macro_error error = {.offset = SIZE_MAX};
    struct strbuf out = {.limit = 1 << 20};
    unsigned used = 0;
    bool valid = macro_check(text, len, place, &error);

    if (macro_expand(text, len, place, values, &out, &used) != valid || (!valid && error.offset > len))
        abort();
    strbuf_free(&out);
}

static void expand_domain(const char *text, size_t len, const struct macro_values *values)
{
    struct strbuf out = {.limit = 1 << 20};
    unsigned used = 0;

    if (macro_check_domain(text, len, NULL) && !macro_expand_domain(text, len, values, &out, &used))
        abort();
    if (!out.failed && out.len > DNS_NAME_MAX && strchr(out.text, '.'))
        abort();
    strbuf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    size_t local_len = newline ? (size_t)(newline - data) : 0;
    const char *text = (const char *)(newline ? newline + 1 : data);
    size_t len = newline ? size - local_len - 1 : size;
    char *local = calloc(1, local_len + 1);
    struct macro_values values = {
        .local = local, .sender = "sender.example.org", .domain = "d.example.org", .helo = "h", .receiver = ""};

    if (!local || !addr_parse("2001:db8::1", &values.client))
        abort();
    if (local_len > 0)
        memcpy(local, data, local_len);
    expand(text, len, MACRO_IN_DOMAIN, &values);
    expand(text, len, MACRO_IN_EXPLANATION, &values);
    expand_domain(text, len, &values);
    free(local);
    return 0;
}
