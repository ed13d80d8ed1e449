/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and expands macro strings (RFC 7208 section 7). */
#include "spf/macro.h"

#include "base/domain_text.h"
#include "dns/dns.h"

#include <stdlib.h>
#include <string.h>

#define DELIMITERS ".-+,/_=" /* RFC 7208 7.1 */

enum { KEEP_ALL = 1000000 }; /* more parts than any value has */

/* One piece of a macro string: a run of literal octets, or one macro-expand. */
struct token {
    const char *literal; /* NULL: a macro */
    size_t literal_len;
    char letter;       /* in lower case */
    bool url_escaped;  /* it was written in upper case (RFC 7208 7.3) */
    bool reversed;     /* transformer r */
    size_t keep;       /* transformer digits; 0: all parts */
    bool delimiter[7]; /* of DELIMITERS */
    size_t end;        /* offset after the token */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool fails(struct macro_error *error, size_t offset, const char *reason)
{
    if (error)
        *error = (struct macro_error){offset, reason};
    return false;
}

/* RFC 7208 12: macro-literal = %x21-24 / %x26-7E; SP only in an explain-string. */
static bool is_literal(char c, enum macro_place place)
{
    unsigned char octet = (unsigned char)c;

    return (octet > 0x20 && octet < 0x7f && octet != '%') || (octet == ' ' && place == MACRO_IN_EXPLANATION);
}

static bool is_letter(char letter, enum macro_place place)
{
    return letter != '\0' && strchr(place == MACRO_IN_EXPLANATION ? "slodiphcrtv" : "slodiphv", letter) != NULL;
}

/* transformers = *DIGIT [ "r" ]; a number is not zero (RFC 7208 7.1, 7.3). Returns the offset after them. */
static bool read_transformers(const char *text, size_t len, size_t *at, struct token *token, struct macro_error *error)
{
    size_t start = *at;

    for (; *at < len && is_digit(text[*at]); ++*at)
        if (token->keep < KEEP_ALL)
            token->keep = token->keep * 10 + (size_t)(text[*at] - '0');
    if (*at > start && token->keep == 0)
        return fails(error, start, "a macro keeps 0 parts");
    token->reversed = *at < len && (text[*at] == 'r' || text[*at] == 'R');
    *at += token->reversed;
    return true;
}

/* Reads the macro whose "%{" ends before `at`. */
static bool read_macro(const char *text, size_t len, size_t at, enum macro_place place, struct token *token,
                       struct macro_error *error)
{
    const char *found;

    if (at >= len)
        return fails(error, at, "a macro is not closed");
    token->url_escaped = text[at] >= 'A' && text[at] <= 'Z';
    token->letter = (char)(token->url_escaped ? text[at] + ('a' - 'A') : text[at]);
    if (!is_letter(token->letter, place))
        return fails(error, at, "not a macro letter here");
    at++;
    if (!read_transformers(text, len, &at, token, error))
        return false;
    for (; at < len && text[at] != '\0' && (found = strchr(DELIMITERS, text[at])) != NULL; at++)
        token->delimiter[found - DELIMITERS] = true;
    if (at >= len || text[at] != '}')
        return fails(error, at, "a macro is not closed");
    token->end = at + 1;
    return true;
}

/* Reads the token at `at`, which is before the end. */
static bool read_token(const char *text, size_t len, size_t at, enum macro_place place, struct token *token,
                       struct macro_error *error)
{
    static const struct {
        char escape;
        const char *meaning;
    } escapes[] = {{'%', "%"}, {'_', " "}, {'-', "%20"}}; /* RFC 7208 7.1 */

    *token = (struct token){0};
    if (text[at] != '%') {
        token->literal = text + at;
        while (at + token->literal_len < len && is_literal(text[at + token->literal_len], place))
            token->literal_len++;
        token->end = at + token->literal_len;
        return token->literal_len > 0 || fails(error, at, "an octet that is not allowed");
    }
    if (at + 1 < len && text[at + 1] == '{')
        return read_macro(text, len, at + 2, place, token, error);
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        if (at + 1 < len && text[at + 1] == escapes[i].escape) {
            token->literal = escapes[i].meaning;
            token->literal_len = strlen(token->literal);
            token->end = at + 2;
            return true;
        }
    }
    return fails(error, at, "% without a macro after it");
}

bool macro_check(const char *text, size_t len, enum macro_place place, struct macro_error *error)
{
    struct token token;

    for (size_t at = 0; at < len; at = token.end)
        if (!read_token(text, len, at, place, &token, error))
            return false;
    return true;
}

/* RFC 7208 7.1: toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum ) */
static bool is_toplabel(const char *label, size_t len)
{
    bool has_other_than_digits = false;

    if (len == 0 || label[0] == '-' || label[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_alpha(label[i]) && !is_digit(label[i]) && label[i] != '-')
            return false;
        has_other_than_digits |= !is_digit(label[i]);
    }
    return has_other_than_digits;
}

/* RFC 7208 7.1: domain-end = ( "." toplabel [ "." ] ) / macro-expand; `text` is what follows the last macro-expand. */
static bool is_domain_end(const char *text, size_t len)
{
    size_t label;

    len = domain_text_len(text, len);
    for (label = len; label > 0 && text[label - 1] != '.'; label--)
        ;
    return label > 0 && is_toplabel(text + label, len - label);
}

bool macro_check_domain(const char *text, size_t len, struct macro_error *error)
{
    struct token token;
    size_t at = 0, last = 0;

    if (len == 0)
        return fails(error, 0, "an empty domain");
    for (; at < len; at = token.end) {
        last = at;
        if (!read_token(text, len, at, MACRO_IN_DOMAIN, &token, error))
            return false;
    }
    if (text[last] == '%' || is_domain_end(text + last, len - last))
        return true;
    return fails(error, last, "a domain that ends in no top-level name");
}

static void add_value_of_i(const struct addr *client, struct strbuf *value)
{
    char text[ADDR_DOTTED_SIZE];

    strbuf_add(value, addr_format_dotted(client, text));
}

static void add_value_of_p(const struct macro_values *values, struct strbuf *value)
{
    strbuf_add(value, values->client_name ? values->client_name(values->context, values->domain) : "unknown");
}

/* Appends what a letter stands for (RFC 7208 7.2) and notes its use. */
static void add_value(char letter, const struct macro_values *values, struct strbuf *value, unsigned *used)
{
    char text[ADDR_TEXT_SIZE];

    switch (letter) {
    case 's':
        strbuf_add(value, values->local);
        strbuf_add_char(value, '@');
        strbuf_add(value, values->sender);
        *used |= MACRO_USED_LOCAL | MACRO_USED_SENDER;
        return;
    case 'l':
        strbuf_add(value, values->local);
        *used |= MACRO_USED_LOCAL;
        return;
    case 'o':
        strbuf_add(value, values->sender);
        *used |= MACRO_USED_SENDER;
        return;
    case 'd':
        strbuf_add(value, values->domain);
        return;
    case 'i':
        add_value_of_i(&values->client, value);
        return;
    case 'p':
        add_value_of_p(values, value);
        *used |= MACRO_USED_NAME;
        return;
    case 'v':
        strbuf_add(value, values->client.family == ADDR_V6 ? "ip6" : "in-addr");
        return;
    case 'h':
        strbuf_add(value, values->helo);
        *used |= MACRO_USED_HELO;
        return;
    case 'c':
        strbuf_add(value, addr_format(&values->client, text));
        return;
    case 'r':
        strbuf_add(value, values->receiver[0] ? values->receiver : "unknown");
        *used |= MACRO_USED_RECEIVER;
        return;
    default: /* t */
        strbuf_addf(value, "%lld", (long long)values->now_s);
        *used |= MACRO_USED_TIME;
        return;
    }
}

/* RFC 7208 7.3: what is not unreserved (RFC 3986 2.3) is escaped where the letter is in upper case. */
static void add_octet(char c, bool url_escaped, struct strbuf *out)
{
    if (!url_escaped || is_alpha(c) || is_digit(c) || (c != '\0' && strchr("-._~", c)))
        strbuf_add_char(out, c);
    else
        strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)c);
}

static bool is_delimiter(const struct token *token, char c)
{
    bool any = false;

    for (size_t i = 0; i < sizeof(token->delimiter); i++) {
        if (token->delimiter[i] && DELIMITERS[i] == c)
            return true;
        any |= token->delimiter[i];
    }
    return !any && c == '.'; /* RFC 7208 7.3: the default */
}

static void add_part(const char *part, size_t len, const struct token *token, struct strbuf *out)
{
    for (size_t i = 0; i < len; i++)
        add_octet(part[i], token->url_escaped, out);
}

/* Appends the last token->keep parts of a value, joined with dots (RFC 7208 7.3). */
static void add_tail(const char *value, size_t len, const struct token *token, struct strbuf *out)
{
    size_t parts = 0, start = len;

    for (; start > 0; start--)
        if (is_delimiter(token, value[start - 1]) && ++parts == token->keep)
            break;
    for (size_t i = start; i < len; i++)
        add_octet((char)(is_delimiter(token, value[i]) ? '.' : value[i]), token->url_escaped, out);
}

/* The same after a reversal: the first parts, from the last of them to the first. */
static void add_reversed(const char *value, size_t len, const struct token *token, struct strbuf *out)
{
    size_t parts = 0, end = 0, start;

    for (; end < len; end++)
        if (is_delimiter(token, value[end]) && ++parts == token->keep)
            break;
    for (;; end = start - 1) {
        for (start = end; start > 0 && !is_delimiter(token, value[start - 1]); start--)
            ;
        add_part(value + start, end - start, token, out);
        if (start == 0)
            return;
        strbuf_add_char(out, '.');
    }
}

static void add_macro(const struct token *token, const struct macro_values *values, struct strbuf *out, unsigned *used)
{
    struct strbuf value = STRBUF_INIT;

    add_value(token->letter, values, &value, used);
    if (value.failed)
        out->failed = true;
    else if (token->reversed)
        add_reversed(strbuf_text(&value), value.len, token, out);
    else
        add_tail(strbuf_text(&value), value.len, token, out);
    strbuf_free(&value);
}

bool macro_expand(const char *text, size_t len, enum macro_place place, const struct macro_values *values,
                  struct strbuf *out, unsigned *used)
{
    struct token token;

    for (size_t at = 0; at < len && !out->failed; at = token.end) {
        if (!read_token(text, len, at, place, &token, NULL))
            return false;
        if (token.literal)
            strbuf_add_mem(out, token.literal, token.literal_len);
        else
            add_macro(&token, values, out, used);
    }
    return true;
}

/* The end of a name, which grows to its left as far as it can be used. */
struct tail {
    char octets[DNS_NAME_MAX + 3]; /* what lies further to the left is removed in any case (RFC 7208 7.3) */
    size_t room;                   /* octets that are free, before the others */
};

static void prepend(struct tail *tail, const char *text, size_t len)
{
    size_t taken = len < tail->room ? len : tail->room;

    tail->room -= taken;
    if (taken > 0)
        memcpy(tail->octets + tail->room, text + len - taken, taken);
}

/* Writes where the tokens of a domain-spec begin, as many as there is room for; returns how many there are, 0 also if
 * it is none. */
static size_t find_tokens(const char *text, size_t len, size_t *starts, size_t room)
{
    struct token token;
    size_t count = 0;

    for (size_t at = 0; at < len; at = token.end, count++) {
        if (!read_token(text, len, at, MACRO_IN_DOMAIN, &token, NULL))
            return 0;
        if (count < room)
            starts[count] = at;
    }
    return count;
}

/* Expands tokens from the last one on, until the tail is full. False if out of memory. */
static bool expand_tail(const char *text, size_t len, const size_t *starts, size_t count,
                        const struct macro_values *values, struct tail *tail, unsigned *used)
{
    struct token token;
    struct strbuf value = STRBUF_INIT;
    bool failed = false;

    while (count-- > 0 && tail->room > 0 && !failed) {
        read_token(text, len, starts[count], MACRO_IN_DOMAIN, &token, NULL);
        if (token.literal) {
            prepend(tail, token.literal, token.literal_len);
            continue;
        }
        add_macro(&token, values, &value, used);
        failed = value.failed;
        prepend(tail, strbuf_text(&value), value.len);
        strbuf_free(&value);
    }
    return !failed;
}

/* RFC 7208 7.3: a trailing dot is not part of the name, and labels are removed from the left until 253 octets are not
 * exceeded. */
static void add_name(const struct tail *tail, struct strbuf *out)
{
    const char *name = tail->octets + tail->room, *end = tail->octets + sizeof(tail->octets), *dot;

    if (end > name && end[-1] == '.')
        end--;
    while (end - name > DNS_NAME_MAX && (dot = memchr(name, '.', (size_t)(end - name))) != NULL)
        name = dot + 1;
    strbuf_add_mem(out, name, (size_t)(end - name));
}

bool macro_expand_domain(const char *text, size_t len, const struct macro_values *values, struct strbuf *out,
                         unsigned *used)
{
    size_t few[32], *starts = few, count = find_tokens(text, len, few, 32);
    struct tail tail = {.room = sizeof(tail.octets)};

    if (count > 32) {
        starts = malloc(count * sizeof(*starts));
        if (starts)
            find_tokens(text, len, starts, count);
    }
    if (starts && expand_tail(text, len, starts, count, values, &tail, used))
        add_name(&tail, out);
    else
        out->failed = true;
    if (starts != few)
        free(starts);
    return count > 0 || len == 0;
}
