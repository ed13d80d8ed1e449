/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the canonical form of a record. */
#include "spf/canonical.h"

#include "spf/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *tag_format(const struct tag *tag, char text[TAG_SIZE])
{
    if (tag->is_mx_name)
        snprintf(text, TAG_SIZE, "_%u-%u.t", tag->number, tag->mx_index);
    else
        snprintf(text, TAG_SIZE, "_%u.t", tag->number);
    return text;
}

/* Reads a number of at most 9 digits; NULL if there is none at `text`, else what follows it. */
static const char *read_number(const char *text, unsigned *number)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 9)
        return NULL;
    *number = (unsigned)strtoul(text, NULL, 10);
    return text + digits;
}

bool tag_parse(const char *text, struct tag *out)
{
    struct tag tag = {0};

    if (*text != '_')
        return false;
    text = read_number(text + 1, &tag.number);
    if (text && *text == '-') {
        tag.is_mx_name = true;
        text = read_number(text + 1, &tag.mx_index);
    }
    if (!text || strcmp(text, ".t") != 0)
        return false;
    *out = tag;
    return true;
}

/* The client's prefix length behind a or mx. A length of 0 is not written, as the library refuses it: there the lookup
 * answers with the client's own address. */
static void write_length(const struct term *term, const struct addr *client, struct strbuf *out)
{
    if (client->family == ADDR_V4 && term->bits4 > 0 && term->bits4 < 32)
        strbuf_addf(out, "/%u", term->bits4);
    if (client->family == ADDR_V6 && term->bits6 > 0 && term->bits6 < 128)
        strbuf_addf(out, "//%u", term->bits6);
}

static void write_asking_term(const struct term *term, const struct addr *client, unsigned tag, struct strbuf *out)
{
    const char *name = "exists"; /* ptr too: its names are looked up and validated here (RFC 7208 5.5) */

    if (term->kind == TERM_A)
        name = "a";
    else if (term->kind == TERM_MX)
        name = "mx";
    else if (term->kind == TERM_INCLUDE)
        name = "include";
    strbuf_addf(out, " %c%s:_%u.t", term->qualifier, name, tag);
    if (term->kind == TERM_A || term->kind == TERM_MX)
        write_length(term, client, out);
}

static void write_milestone(unsigned tag, struct strbuf *out)
{
    strbuf_addf(out, " exists:_%u.t", tag);
}

/* An ip4 or ip6 term that matches. The library refuses a length of 0, so that is written as two halves. */
static void write_network(const struct term *term, struct strbuf *out)
{
    const char *name = term->kind == TERM_IP4 ? "ip4" : "ip6";
    char text[ADDR_TEXT_SIZE];

    if (term->network.bits == 0 && term->kind == TERM_IP4)
        strbuf_addf(out, " %cip4:0.0.0.0/1 %cip4:128.0.0.0/1", term->qualifier, term->qualifier);
    else if (term->network.bits == 0)
        strbuf_addf(out, " %cip6:::/1 %cip6:8000::/1", term->qualifier, term->qualifier);
    else
        strbuf_addf(out, " %c%s:%s/%u", term->qualifier, name, addr_format(&term->network.base, text),
                    term->network.bits);
}

static void write_deciding_term(const struct term *term, unsigned tag, struct strbuf *out)
{
    write_milestone(tag, out);
    if (term->kind == TERM_ALL)
        strbuf_addf(out, " %call", term->qualifier);
    else
        write_network(term, out);
}

void canonical_write(const struct record *record, const struct addr *client, unsigned first_tag, struct strbuf *out)
{
    unsigned asking = 0;

    strbuf_add(out, "v=spf1");
    for (size_t i = 0; i < record->count; i++) {
        const struct term *term = &record->terms[i];
        unsigned tag = first_tag + (unsigned)i;

        if (term_decides(term, client)) {
            write_deciding_term(term, tag, out);
            return;
        }
        if (!term_asks_dns(term) || term->kind == TERM_REDIRECT)
            continue;
        write_asking_term(term, client, tag, out);
        if (++asking > LIMIT_DNS_TERMS) /* the evaluation ends here at the latest (RFC 7208 4.6.4) */
            return;
    }
    if (record->redirect) /* RFC 7208 6.1: after all mechanisms, and only where there is no all */
        strbuf_addf(out, " redirect=_%u.t", first_tag + (unsigned)(record->redirect - record->terms));
    else
        write_milestone(first_tag + (unsigned)record->count, out);
}
