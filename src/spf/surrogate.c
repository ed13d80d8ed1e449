/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes surrogates and tags. */
#include "spf/surrogate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *tag_format(const struct tag *tag, char text[TAG_SIZE])
{
    if (tag->is_host)
        snprintf(text, TAG_SIZE, "_%u-%u-%u.t", tag->frame, tag->step, tag->host);
    else
        snprintf(text, TAG_SIZE, "_%u-%u.t", tag->frame, tag->step);
    return text;
}

/* Reads a number of at most 9 digits after `mark`; NULL if there is none at `text`, else what follows it. */
static const char *read_number(const char *text, char mark, unsigned *number)
{
    size_t digits;

    if (!text || *text != mark)
        return NULL;
    digits = strspn(text + 1, "0123456789");
    if (digits == 0 || digits > 9)
        return NULL;
    *number = (unsigned)strtoul(text + 1, NULL, 10);
    return text + 1 + digits;
}

bool tag_parse(const char *text, struct tag *out)
{
    struct tag tag = {0};

    text = read_number(read_number(text, '_', &tag.frame), '-', &tag.step);
    if (text && *text == '-') {
        tag.is_host = true;
        text = read_number(text, '-', &tag.host);
    }
    if (!text || strcmp(text, ".t") != 0)
        return false;
    *out = tag;
    return true;
}

/* The client's prefix length after a or mx. A length of 0 is not written, as the library refuses it: there the lookup
 * answers with the client's own address. */
static void write_length(const struct term *term, const struct addr *client, struct strbuf *out)
{
    if (client->family == ADDR_V4 && term->bits4 > 0 && term->bits4 < 32)
        strbuf_addf(out, "/%u", term->bits4);
    if (client->family == ADDR_V6 && term->bits6 > 0 && term->bits6 < 128)
        strbuf_addf(out, "//%u", term->bits6);
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

static void write_step(const struct term *term, const char *tag, const struct addr *client, struct strbuf *out)
{
    switch (term->kind) {
    case TERM_INCLUDE:
        strbuf_addf(out, " %cinclude:%s", term->qualifier, tag);
        return;
    case TERM_A:
    case TERM_MX:
        strbuf_addf(out, " %c%s:%s", term->qualifier, term->kind == TERM_A ? "a" : "mx", tag);
        write_length(term, client, out);
        return;
    case TERM_ALL:
        strbuf_addf(out, " exists:%s %call", tag, term->qualifier);
        return;
    case TERM_IP4:
    case TERM_IP6:
        strbuf_addf(out, " exists:%s", tag);
        write_network(term, out);
        return;
    case TERM_REDIRECT:
        strbuf_addf(out, " redirect=%s", tag);
        return;
    default: /* exists; ptr too: its names are validated here (RFC 7208 5.5) */
        strbuf_addf(out, " %cexists:%s", term->qualifier, tag);
    }
}

void surrogate_write(const struct policy *policy, unsigned frame, const struct addr *client, struct strbuf *out)
{
    char text[TAG_SIZE];

    strbuf_add(out, "v=spf1");
    for (size_t i = 0; i < policy->count; i++) {
        const struct tag tag = {.frame = frame, .step = (unsigned)i};
        const struct term *term = policy->steps[i].term;

        tag_format(&tag, text);
        if (term)
            write_step(term, text, client, out);
        else if (i == 0 || !policy->steps[i - 1].term || policy->steps[i - 1].term->kind != TERM_REDIRECT)
            strbuf_addf(out, " exists:%s", text); /* after a redirect nothing is evaluated */
    }
}
