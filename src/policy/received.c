/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the client's address and HELO name out of a Received field (RFC 5321 4.4), in the forms of the common MTAs. */
#include "policy/received.h"

#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\n"

/* A part of the field. */
struct span {
    const char *text;
    size_t len;
};

/* What stands between "from" and "by": a word, and the comment behind it without its parentheses. */
struct from_clause {
    struct span word, comment; /* text NULL: there is none */
};

static struct span span_of(const char *begin, const char *end)
{
    return (struct span){begin, (size_t)(end - begin)};
}

static const char *end_of(struct span span)
{
    return span.text + span.len;
}

static bool begins_with(struct span span, const char *prefix)
{
    size_t len = strlen(prefix);

    return span.len >= len && strncasecmp(span.text, prefix, len) == 0;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, BLANKS);
}

/* The word at `at`; empty where a comment or the end is. */
static struct span word_at(const char *at)
{
    return (struct span){at, strcspn(at, BLANKS "();")};
}

/* The inside of the comment at `at` (RFC 5322 3.2.2); without text where it has no end. */
static struct span comment_at(const char *at)
{
    unsigned depth = 0;

    for (const char *c = at; *c != '\0'; c++) {
        if (*c == '\\' && c[1] != '\0')
            c++;
        else if (*c == '(')
            depth++;
        else if (*c == ')' && --depth == 0)
            return span_of(at + 1, c);
    }
    return (struct span){NULL, 0};
}

/* Addresses */

static bool read_address(struct span span, struct addr *out)
{
    char text[ADDR_TEXT_SIZE];

    if (begins_with(span, "IPv6:")) /* RFC 5321 4.1.3 */
        span = span_of(span.text + strlen("IPv6:"), end_of(span));
    if (span.len >= sizeof text)
        return false;
    memcpy(text, span.text, span.len);
    text[span.len] = '\0';
    return addr_parse(text, out);
}

/* Reads `[address]` at the beginning, and Exim's `:port` behind it. *rest is what follows. */
static bool read_bracketed(struct span span, struct addr *out, struct span *rest)
{
    const char *close = span.len > 0 && *span.text == '[' ? memchr(span.text, ']', span.len) : NULL;
    const char *end = end_of(span);

    if (close == NULL || !read_address(span_of(span.text + 1, close), out))
        return false;
    const char *at = close + 1;
    if (at < end && *at == ':')
        at += 1 + strspn(at + 1, "0123456789");
    *rest = span_of(at, end);
    return true;
}

static struct span trimmed(struct span span)
{
    while (span.len > 0 && strchr(BLANKS, *span.text) != NULL)
        span = (struct span){span.text + 1, span.len - 1};
    while (span.len > 0 && strchr(BLANKS, span.text[span.len - 1]) != NULL)
        span.len--;
    return span;
}

/* True for nothing, or for a remark in parentheses of its own: "(may be forged)". */
static bool is_remark(struct span span)
{
    span = trimmed(span);
    if (span.len == 0)
        return true;
    if (*span.text != '(')
        return false;
    struct span inside = comment_at(span.text);
    return inside.text != NULL && end_of(inside) + 1 == end_of(span);
}

static void take_helo(struct span helo, struct received *out)
{
    if (helo.len >= sizeof out->helo)
        helo.len = 0; /* a cut name would be another */
    memcpy(out->helo, helo.text, helo.len);
    out->helo[helo.len] = '\0';
}

/* Exim's items: `key=value` with blanks between them, helo among them or not. False for anything else. */
static bool read_items(struct span span, struct received *out)
{
    for (span = trimmed(span); span.len > 0; span = trimmed(span)) {
        size_t len = 0;

        while (len < span.len && strchr(BLANKS, span.text[len]) == NULL)
            len++;
        const char *equals = memchr(span.text, '=', len);
        if (equals == NULL || equals == span.text)
            return false;
        if (begins_with(span, "helo="))
            take_helo(span_of(equals + 1, span.text + len), out);
        span = span_of(span.text + len, end_of(span));
    }
    return true;
}

/* The forms. The first one whose beginning fits decides, so that no client can bring about another one. */

/* Exim, where the client has no name: `from [192.0.2.1] (helo=mx.example.org)`. */
static bool is_nameless(const struct from_clause *from)
{
    struct addr addr;
    struct span rest;

    return read_bracketed(from->word, &addr, &rest) && rest.len == 0 &&
           (from->comment.text == NULL || begins_with(from->comment, "helo=") || begins_with(from->comment, "port=") ||
            begins_with(from->comment, "ident="));
}

static bool read_nameless(const struct from_clause *from, struct received *out)
{
    struct span rest;

    return read_bracketed(from->word, &out->client, &rest) &&
           (from->comment.text == NULL || read_items(from->comment, out));
}

/* Exim with a name, `from mx.example.org ([192.0.2.1] helo=other.example.org)`, the name being that of HELO where it
 * gives no other; Sendmail without one, `from mx.example.org ([192.0.2.1])`. */
static bool is_address_first(const struct from_clause *from)
{
    return from->comment.text != NULL && begins_with(from->comment, "[");
}

static bool read_address_first(const struct from_clause *from, struct received *out)
{
    struct span rest;

    if (!read_bracketed(from->comment, &out->client, &rest))
        return false;
    if (rest.len > 0 && strchr(BLANKS, *rest.text) == NULL)
        return false;
    take_helo(from->word, out);
    return is_remark(rest) || read_items(rest, out);
}

/* Postfix and Sendmail: `from mx.example.org (name.example.org [192.0.2.1])`. What stands before the address, a name
 * that the MTA verified, may be another's words in Sendmail (`ident@name`): the address is the last thing there. */
static const char *last_bracket(struct span comment)
{
    const char *end = end_of(comment), *open = memrchr(comment.text, '(', comment.len);

    if (open != NULL && is_remark(span_of(open, end)))
        end = open;
    return memrchr(comment.text, '[', (size_t)(end - comment.text));
}

static bool is_address_last(const struct from_clause *from)
{
    return from->comment.text != NULL && last_bracket(from->comment) != NULL;
}

static bool read_address_last(const struct from_clause *from, struct received *out)
{
    struct span rest;

    take_helo(from->word, out);
    return read_bracketed(span_of(last_bracket(from->comment), end_of(from->comment)), &out->client, &rest) &&
           is_remark(rest);
}

/* Exchange: `from mx.example.org (192.0.2.1)`. */
static bool is_bare_address(const struct from_clause *from)
{
    return from->comment.text != NULL;
}

static bool read_bare_address(const struct from_clause *from, struct received *out)
{
    take_helo(from->word, out);
    return read_address(trimmed(from->comment), &out->client);
}

static const struct form {
    bool (*begins)(const struct from_clause *from);
    bool (*read)(const struct from_clause *from, struct received *out);
} forms[] = {
    {is_nameless, read_nameless},
    {is_address_first, read_address_first},
    {is_address_last, read_address_last},
    {is_bare_address, read_bare_address},
};

static bool read_from(const struct from_clause *from, struct received *out)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].begins(from))
            return forms[i].read(from, out);
    return false;
}

/* The field around it */

/* The next word that is in no comment; empty at the end of the field's clauses. */
static struct span next_word(const char **at)
{
    struct span word;

    for (*at = skip_blanks(*at); **at == '('; *at = skip_blanks(*at)) {
        struct span comment = comment_at(*at);

        if (comment.text == NULL)
            return (struct span){*at, 0};
        *at = end_of(comment) + 1;
    }
    word = word_at(*at);
    *at = end_of(word);
    return word;
}

static bool is_word(struct span word, const char *text)
{
    return word.len == strlen(text) && strncasecmp(word.text, text, word.len) == 0;
}

/* RFC 3848, RFC 6531 4.3, and Exim's own word for the first of them. */
static bool is_protocol_with_login(struct span word)
{
    static const char *const protocols[] = {"ESMTPA", "ESMTPSA", "UTF8SMTPA", "UTF8SMTPSA", "ASMTP"};

    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (is_word(word, protocols[i]))
            return true;
    return false;
}

static bool says_authenticated(const char *at)
{
    for (struct span word = next_word(&at); word.len > 0; word = next_word(&at))
        if (is_word(word, "with"))
            return is_protocol_with_login(next_word(&at));
    return false;
}

/* Sendmail without HELO puts all of it into a comment: `(from name.example.org [192.0.2.1])`. */
static const char *clause_in_comment(const char *at, struct from_clause *from)
{
    struct span comment = comment_at(at);

    if (comment.text == NULL || !begins_with(comment, "from "))
        return NULL;
    from->word = span_of(comment.text, comment.text);
    from->comment = span_of(comment.text + strlen("from "), end_of(comment));
    return end_of(comment) + 1;
}

/* Finds the clause. Returns what follows, NULL if there is none. */
static const char *find_from(const char *at, struct from_clause *from)
{
    at = skip_blanks(at);
    if (*at == '(')
        return clause_in_comment(at, from);
    if (!is_word(word_at(at), "from"))
        return NULL;
    from->word = word_at(skip_blanks(at + strlen("from")));
    if (from->word.len == 0)
        return NULL;
    at = skip_blanks(end_of(from->word));
    if (*at != '(')
        return at;
    if (at == end_of(from->word))
        return NULL; /* a parenthesis in the word itself */
    from->comment = comment_at(at);
    return from->comment.text != NULL ? end_of(from->comment) + 1 : NULL;
}

bool received_parse(const char *value, struct received *out)
{
    struct from_clause from = {{NULL, 0}, {NULL, 0}};
    struct received found = {.helo = ""};
    const char *rest = find_from(value, &from);

    if (rest == NULL || !read_from(&from, &found))
        return false;
    found.authenticated = says_authenticated(rest);
    *out = found;
    return true;
}
