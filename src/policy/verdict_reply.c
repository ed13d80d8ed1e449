/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reply text of a refusal: RejectReason with its words filled in, safe for an SMTP reply. */
#include "policy/verdict_reply.h"

#include "base/printable.h"
#include "mail/idna.h"
#include "spf/macro.h"

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
    struct macro_values values; /* with names in A-labels, since a reply can hold no U-labels (RFC 5321 4.2) */
    unsigned classic;           /* how many `%s` were seen */
    bool is_explained;          /* an explanation was written, in whole or up to the limit */
};

static void put_char(struct reply *reply, char c)
{
    size_t cost = c == '%' ? 2 : 1;

    if (cost > REPLY_MAX - reply->cost) {
        reply->cost = REPLY_MAX; /* nothing after the cut either */
        return;
    }
    reply->text[reply->len++] = printable_char(c);
    reply->cost += cost;
}

static void put_text(struct reply *reply, const char *text)
{
    while (*text != '\0')
        put_char(reply, *text++);
}

/* Expands one macro without transformers, as an evaluation does. */
static void put_macro(struct reply *reply, const struct macro_values *values, char letter)
{
    const char macro[] = {'%', '{', letter, '}'};
    struct strbuf value = STRBUF_INIT;
    unsigned used = 0;

    (void)macro_expand(macro, sizeof(macro), MACRO_IN_EXPLANATION, values, &value, &used);
    put_text(reply, strbuf_text(&value));
    strbuf_free(&value);
}

/* The sender as the client wrote it, so with quotes that its local part has. The null sender is postmaster at the HELO
 * name (RFC 7208 2.4). */
static void put_sender(struct reply *reply, const struct source *source, bool escaped)
{
    const char *sender = source->words->sender, *at = strrchr(sender, '@');
    struct macro_values values = source->values;
    struct strbuf local = STRBUF_INIT;
    char ascii[IDNA_SIZE];

    if (at != NULL) {
        strbuf_add_mem(&local, sender, (size_t)(at - sender));
        values.sender = idna_ascii_form(at + 1, ascii);
    } else {
        strbuf_add(&local, sender[0] != '\0' ? sender : "postmaster");
    }
    values.local = strbuf_text(&local);
    if (sender[0] != '\0' && at == NULL)
        put_macro(reply, &values, escaped ? 'L' : 'l');
    else
        put_macro(reply, &values, escaped ? 'S' : 's');
    strbuf_free(&local);
}

/* The domain's words are marked as such (RFC 7208 8.4). */
static void put_explanation(struct reply *reply, struct source *source)
{
    if (source->outcome->explanation[0] == '\0')
        return;
    put_text(reply, source->values.domain);
    put_text(reply, " explains: ");
    source->is_explained |= reply->cost < REPLY_MAX;
    put_text(reply, source->outcome->explanation);
}

static void put_word(struct reply *reply, struct source *source, char letter)
{
    if (letter == 's' || letter == 'S')
        put_sender(reply, source, letter == 'S');
    else if (letter == 'e')
        put_explanation(reply, source);
    else
        put_macro(reply, &source->values, letter);
}

/* What `%s` stood for in smf-spf, one after the other, or by number as `%1$s`: sender, client, receiving host. */
static void put_classic(struct reply *reply, struct source *source, unsigned index)
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
    put_text(reply, "SPF: the policy of ");
    put_text(reply, source->values.domain);
    put_text(reply, source->outcome->result == RESULT_TEMPERROR ? " cannot be evaluated now" : " cannot be evaluated");
    if (source->outcome->problem[0] == '\0')
        return;
    put_text(reply, ": ");
    put_text(reply, source->outcome->problem);
}

bool verdict_reply_text(const char *reason, const struct spf_outcome *outcome, const struct verdict_words *words,
                        struct strbuf *out)
{
    char domain[IDNA_SIZE], helo[IDNA_SIZE];
    struct reply reply = {.len = 0};
    struct source source = {.outcome = outcome,
                            .words = words,
                            .values = {
                                .local = words->local,
                                .sender = idna_ascii_form(words->domain, domain),
                                .domain = idna_ascii_form(words->domain, domain),
                                .helo = idna_ascii_form(words->helo, helo),
                                .receiver = words->receiver,
                                .client = words->client,
                            }};

    if (words->exemption_unknown)
        put_text(&reply, "SPF: temporary, as it cannot be looked up now whether this client is exempt. ");
    if (outcome->result == RESULT_TEMPERROR || outcome->result == RESULT_PERMERROR)
        put_error(&reply, &source);
    else
        put_reason(&reply, &source, reason);
    while (reply.len > 0 && reply.text[reply.len - 1] == ' ')
        reply.len--;
    strbuf_add_mem(out, reply.text, reply.len);
    return source.is_explained;
}
