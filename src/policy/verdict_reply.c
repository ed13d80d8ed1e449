/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reply text of a refusal: RejectReason with its words filled in, safe for an SMTP reply. */
#include "mail/idna.h"
#include "policy/verdict.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { REPLY_MAX = 900 };

/* The text so far. A percent sign counts twice, since libmilter wants it doubled within its own limit. */
struct reply {
    char text[REPLY_MAX];
    size_t len;
    size_t cost;
};

/* Where the text comes from. */
struct source {
    const struct spf_outcome *outcome;
    const struct verdict_words *words;
    unsigned classic; /* how many `%s` were seen */
};

static void put_char(struct reply *reply, char c)
{
    size_t cost = c == '%' ? 2 : 1;

    if (cost > REPLY_MAX - reply->cost) {
        reply->cost = REPLY_MAX; /* nothing behind the cut either */
        return;
    }
    if (c < ' ' || c > '~')
        c = '?';
    reply->text[reply->len++] = c;
    reply->cost += cost;
}

static void put(struct reply *reply, const char *text)
{
    while (*text != '\0')
        put_char(reply, *text++);
}

/* Escapes all but the unreserved characters of RFC 3986 2.3 (RFC 7208 7.3). */
static void put_escaped(struct reply *reply, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        char escape[4];

        (void)snprintf(escape, sizeof(escape), "%%%02X", (unsigned)c);
        if (c < 0x80 && (isalnum(c) || strchr("-._~", c) != NULL))
            put_char(reply, (char)c);
        else
            put(reply, escape);
    }
}

static void put_value(struct reply *reply, const char *value, bool escaped)
{
    if (escaped)
        put_escaped(reply, value);
    else
        put(reply, value);
}

/* A reply can hold no U-labels (RFC 5321 4.2). */
static void put_domain(struct reply *reply, const char *domain, bool escaped)
{
    char ascii[IDNA_SIZE];

    put_value(reply, idna_ascii_form(domain, ascii), escaped);
}

/* The null sender is postmaster at the HELO name (RFC 7208 2.4). */
static void put_sender(struct reply *reply, const struct verdict_words *words, bool escaped)
{
    struct strbuf sender = STRBUF_INIT;

    if (words->sender[0] == '\0')
        strbuf_add(&sender, "postmaster@");
    idna_add_mailbox(words->sender, &sender);
    put_value(reply, strbuf_text(&sender), escaped);
    if (words->sender[0] == '\0')
        put_domain(reply, words->domain, escaped);
    strbuf_free(&sender);
}

/* The address as the `i` macro writes it: an IPv6 one as dotted nibbles (RFC 7208 7.3). */
static void put_macro_address(struct reply *reply, const struct addr *client)
{
    char text[ADDR_TEXT_SIZE];

    if (client->family != ADDR_V6) {
        put(reply, addr_format(client, text));
        return;
    }
    for (size_t i = 0; i < 32; i++) {
        unsigned nibble = i % 2 == 0 ? client->bytes[i / 2] >> 4 : client->bytes[i / 2] & 0xFU;

        if (i > 0)
            put_char(reply, '.');
        put_char(reply, "0123456789abcdef"[nibble]);
    }
}

/* The domain's words are marked as such (RFC 7208 8.4). */
static void put_explanation(struct reply *reply, const struct source *source)
{
    if (source->outcome->explanation[0] == '\0')
        return;
    put_domain(reply, source->words->domain, false);
    put(reply, " explains: ");
    put(reply, source->outcome->explanation);
}

static void put_word(struct reply *reply, const struct source *source, char letter)
{
    const struct verdict_words *words = source->words;
    bool escaped = isupper((unsigned char)letter) != 0;
    char text[ADDR_TEXT_SIZE];

    switch (tolower((unsigned char)letter)) {
    case 's':
        put_sender(reply, words, escaped);
        break;
    case 'l':
        put_value(reply, words->local, escaped);
        break;
    case 'o':
    case 'd':
        put_domain(reply, words->domain, escaped);
        break;
    case 'i':
        put_macro_address(reply, &words->client);
        break;
    case 'c':
        put_value(reply, addr_format(&words->client, text), escaped);
        break;
    case 'h':
        put_domain(reply, words->helo, escaped);
        break;
    case 'r':
        put_value(reply, words->receiver, escaped);
        break;
    default:
        put_explanation(reply, source);
        break;
    }
}

/* What `%s` stood for in smf-spf, one after the other, or by number as `%1$s`: sender, client, receiving host. */
static void put_classic(struct reply *reply, const struct source *source, unsigned index)
{
    static const char order[] = {'s', 'c', 'r'};

    if (index < sizeof(order))
        put_word(reply, source, order[index]);
}

/* Writes what stands for the words at `reason`, if there are some; their length, or 0. */
static size_t put_words(struct reply *reply, struct source *source, const char *reason)
{
    if (strncmp(reason, "%s", 2) == 0) {
        put_classic(reply, source, source->classic++);
        return 2;
    }
    if (reason[0] == '%' && reason[1] >= '1' && reason[1] <= '9' && strncmp(reason + 2, "$s", 2) == 0) {
        put_classic(reply, source, (unsigned)(reason[1] - '1'));
        return 4;
    }
    if (strncmp(reason, "%{", 2) == 0 && reason[2] != '\0' && reason[3] == '}' &&
        strchr("slodichreSLODICHR", reason[2]) != NULL) {
        put_word(reply, source, reason[2]);
        return 4;
    }
    return 0;
}

static void put_reason(struct reply *reply, struct source *source, const char *reason)
{
    while (*reason != '\0') {
        const size_t taken = put_words(reply, source, reason);

        if (taken == 0)
            put_char(reply, *reason++);
        reason += taken;
    }
}

/* RejectReason speaks of a client that is not permitted; an error says nothing about the client. */
static void put_error(struct reply *reply, const struct source *source)
{
    put(reply, "SPF: the policy of ");
    put_domain(reply, source->words->domain, false);
    put(reply, source->outcome->result == RESULT_TEMPERROR ? " cannot be evaluated now" : " cannot be evaluated");
    if (source->outcome->problem[0] == '\0')
        return;
    put(reply, ": ");
    put(reply, source->outcome->problem);
}

void verdict_reply_text(const char *reason, const struct spf_outcome *outcome, const struct verdict_words *words,
                        struct strbuf *out)
{
    struct reply reply = {.len = 0};
    struct source source = {.outcome = outcome, .words = words};

    if (words->exemption_unknown)
        put(&reply, "SPF: temporary, as it cannot be looked up now whether this client is exempt. ");
    if (outcome->result == RESULT_TEMPERROR || outcome->result == RESULT_PERMERROR)
        put_error(&reply, &source);
    else
        put_reason(&reply, &source, reason);
    while (reply.len > 0 && reply.text[reply.len - 1] == ' ')
        reply.len--;
    strbuf_add_mem(out, reply.text, reply.len);
}
