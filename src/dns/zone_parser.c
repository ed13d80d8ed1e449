/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns the entries of a zone file into records. */
#include "base/strbuf.h"
#include "dns/dns_name.h"
#include "dns/zone_data.h"
#include "dns/zone_lexer.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    TTL_DEFAULT_S = 3600,   /* without $TTL */
    TTL_MAX_S = 2147483647, /* RFC 2181 8 */
    STRING_MAX = 255,       /* octets of one string of a TXT record (RFC 1035 3.3) */
    RDATA_MAX = 65535,
};

struct parser {
    struct zone_data *data;
    struct zone_lexer lexer;
    struct dns_name origin, owner;
    bool owner_known;
    uint32_t ttl_s; /* of records that do not tell */
    char problem[160];
};

/* Notes what is wrong, for the line on which the entry began. */
__attribute__((format(printf, 2, 3))) static bool fail(struct parser *parser, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(parser->problem, sizeof(parser->problem), format, args);
    va_end(args);
    return false;
}

/* What messages show of a token. */
#define SHOWN(token) (int)((token)->len < 60 ? (token)->len : 60), (token)->text

static bool is_word(const struct zone_token *token, const char *word)
{
    return !token->quoted && token->len == strlen(word) && strncasecmp(token->text, word, token->len) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_number(const struct zone_token *token)
{
    for (size_t i = 0; i < token->len; i++)
        if (!is_digit(token->text[i]))
            return false;
    return !token->quoted && token->len > 0;
}

static bool read_number(const struct zone_token *token, uint32_t max, uint32_t *number)
{
    uint64_t value = 0;

    if (!is_number(token))
        return false;
    for (size_t i = 0; i < token->len && value <= max; i++)
        value = 10 * value + (uint64_t)(token->text[i] - '0');
    if (value > max)
        return false;
    *number = (uint32_t)value;
    return true;
}

/* Reads the octet at *at, which may be escaped (RFC 1035 5.1), and moves *at past it. */
static bool read_octet(const struct zone_token *token, size_t *at, uint8_t *octet)
{
    const char *text = token->text + *at;
    size_t left = token->len - *at;
    int value;

    if (text[0] != '\\') {
        *octet = (uint8_t)text[0];
        *at += 1;
        return true;
    }
    if (left < 2)
        return false;
    if (!is_digit(text[1])) {
        *octet = (uint8_t)text[1];
        *at += 2;
        return true;
    }
    if (left < 4 || !is_digit(text[2]) || !is_digit(text[3]))
        return false;
    value = 100 * (text[1] - '0') + 10 * (text[2] - '0') + (text[3] - '0');
    if (value > UINT8_MAX)
        return false;
    *octet = (uint8_t)value;
    *at += 4;
    return true;
}

static bool add_origin(struct dns_name *name, const struct dns_name *origin)
{
    size_t dot = name->octets > 0 && origin->octets > 0 ? 1 : 0;

    if (name->octets + dot + origin->octets > DNS_NAME_MAX)
        return false;
    if (dot)
        name->text[name->len++] = '.';
    memcpy(name->text + name->len, origin->text, origin->len + 1);
    name->len += origin->len;
    name->octets += dot + origin->octets;
    return true;
}

static bool read_labels(const struct zone_token *token, const struct dns_name *origin, struct dns_name *name)
{
    uint8_t label[DNS_LABEL_MAX];
    size_t len = 0;

    for (size_t at = 0; at < token->len;) {
        bool is_dot = token->text[at] == '.';
        uint8_t octet;

        if (!read_octet(token, &at, &octet))
            return false;
        if (is_dot && !dns_name_add_label(name, label, len))
            return false;
        if (!is_dot && len == sizeof(label))
            return false;
        if (is_dot)
            len = 0;
        else
            label[len++] = octet;
    }
    if (len == 0) /* it ended in a dot: nothing is left out */
        return true;
    return dns_name_add_label(name, label, len) && add_origin(name, origin);
}

static bool read_name(struct parser *parser, const struct zone_token *token, struct dns_name *name)
{
    struct dns_name read = {0};

    if (is_word(token, "@"))
        read = parser->origin;
    else if (token->quoted || (!is_word(token, ".") && !read_labels(token, &parser->origin, &read)))
        return fail(parser, "\"%.*s\" is not a domain name", SHOWN(token));
    *name = read;
    return true;
}

static bool read_address(struct parser *parser, const struct zone_token *tokens, struct zone_record *record)
{
    bool is_v4 = record->kind == ZONE_A;
    char text[ADDR_TEXT_SIZE] = "";
    uint8_t octets[16];

    if (!tokens->quoted && tokens->len < sizeof(text))
        memcpy(text, tokens->text, tokens->len);
    if (inet_pton(is_v4 ? AF_INET : AF_INET6, text, octets) != 1)
        return fail(parser, "\"%.*s\" is not an %s address", SHOWN(tokens), is_v4 ? "IPv4" : "IPv6");
    record->addr = is_v4 ? addr_from_v4(octets) : addr_from_v6(octets);
    return true;
}

static bool keep_text(struct parser *parser, struct zone_record *record, const char *text, size_t len)
{
    record->text = malloc(len + 1);
    if (!record->text)
        return fail(parser, "out of memory");
    memcpy(record->text, text, len);
    record->text[len] = '\0';
    record->text_len = len;
    return true;
}

static bool read_target(struct parser *parser, const struct zone_token *tokens, struct zone_record *record)
{
    struct dns_name name = {0};

    if (!read_name(parser, tokens, &name))
        return false;
    if (record->kind == ZONE_CNAME)
        dns_name_fold(name.text);
    return keep_text(parser, record, name.text, name.len);
}

static bool read_exchange(struct parser *parser, const struct zone_token *tokens, struct zone_record *record)
{
    uint32_t preference;

    if (!read_number(tokens, UINT16_MAX, &preference))
        return fail(parser, "\"%.*s\" is not a preference (0 to 65535)", SHOWN(tokens));
    record->preference = (uint16_t)preference;
    return read_target(parser, tokens + 1, record);
}

static bool add_string(struct parser *parser, const struct zone_token *token, struct strbuf *text)
{
    size_t start = text->len;

    for (size_t at = 0; at < token->len;) {
        uint8_t octet;

        if (!read_octet(token, &at, &octet))
            return fail(parser, "\"%.*s\": a bad escape, they are \\X and \\DDD", SHOWN(token));
        strbuf_add_mem(text, &octet, 1);
    }
    if (!text->failed && text->len - start > STRING_MAX)
        return fail(parser, "a string has %zu octets, the most is 255: split it into several", text->len - start);
    return true;
}

static bool read_strings(struct parser *parser, const struct zone_token *tokens, struct zone_record *record)
{
    const struct zone_token *end = parser->lexer.tokens + parser->lexer.count;
    struct strbuf text = {.limit = RDATA_MAX};
    bool good = true;

    for (; good && tokens < end; tokens++)
        good = add_string(parser, tokens, &text);
    if (good && text.failed)
        good = fail(parser, "a TXT record of more than 65535 octets, or no memory for it");
    if (good)
        good = keep_text(parser, record, strbuf_text(&text), text.len);
    strbuf_free(&text);
    return good;
}

static bool read_nothing(struct parser *parser, const struct zone_token *tokens, struct zone_record *record)
{
    (void)parser;
    (void)tokens;
    (void)record;
    return true;
}

/* One row per type: how many tokens follow it, and what reads them. */
static const struct type_row {
    const char *name;
    enum zone_kind kind;
    size_t least, most;
    bool (*read)(struct parser *parser, const struct zone_token *tokens, struct zone_record *record);
} types[] = {
    {"A", ZONE_A, 1, 1, read_address},
    {"AAAA", ZONE_AAAA, 1, 1, read_address},
    {"TXT", ZONE_TXT, 1, SIZE_MAX, read_strings},
    {"MX", ZONE_MX, 2, 2, read_exchange},
    {"PTR", ZONE_PTR, 1, 1, read_target},
    {"CNAME", ZONE_CNAME, 1, 1, read_target},
    {"TIMEOUT", ZONE_TIMEOUT, 0, 0, read_nothing},
    {"SERVFAIL", ZONE_SERVFAIL, 0, 0, read_nothing},
};

static const struct type_row *find_type(const struct zone_token *token)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (is_word(token, types[i].name))
            return &types[i];
    return NULL;
}

static bool keep_record(struct parser *parser, struct zone_record *record)
{
    record->owner = record->owner_memory = strdup(parser->owner.text);
    if (!record->owner) {
        free(record->text);
        return fail(parser, "out of memory");
    }
    return zone_data_add(parser->data, record) || fail(parser, "out of memory");
}

/* Reads what follows the name: `[ttl] [IN] TYPE rdata`, or `[IN] [ttl] TYPE rdata`. */
static bool read_record(struct parser *parser, const struct zone_token *token, const struct zone_token *end)
{
    struct zone_record record = {.ttl_s = parser->ttl_s, .line = parser->lexer.entry_line};
    bool ttl_read = false, class_read = false;
    const struct type_row *type;

    for (; token < end; token++) {
        if (!ttl_read && is_number(token)) {
            if (!read_number(token, TTL_MAX_S, &record.ttl_s))
                return fail(parser, "\"%.*s\" is not a TTL", SHOWN(token));
            ttl_read = true;
        } else if (!class_read && is_word(token, "IN")) {
            class_read = true;
        } else {
            break;
        }
    }
    if (token == end)
        return fail(parser, "a record without a type");
    type = find_type(token);
    if (!type)
        return fail(parser, "unknown type \"%.*s\"; known are A, AAAA, TXT, MX, PTR, CNAME, TIMEOUT and SERVFAIL",
                    SHOWN(token));
    token++;
    if ((size_t)(end - token) < type->least || (size_t)(end - token) > type->most)
        return fail(parser, "too %s data for a record of type %s",
                    (size_t)(end - token) < type->least ? "little" : "much", type->name);
    record.kind = type->kind;
    return type->read(parser, token, &record) && keep_record(parser, &record);
}

static bool read_directive(struct parser *parser, const struct zone_token *tokens, size_t count)
{
    bool is_origin = is_word(tokens, "$ORIGIN");

    if (!is_origin && !is_word(tokens, "$TTL"))
        return fail(parser, "unknown directive \"%.*s\"; known are $ORIGIN and $TTL", SHOWN(tokens));
    if (count != 2)
        return fail(parser, "%s takes one value", is_origin ? "$ORIGIN" : "$TTL");
    if (is_origin)
        return read_name(parser, &tokens[1], &parser->origin);
    return read_number(&tokens[1], TTL_MAX_S, &parser->ttl_s) ||
           fail(parser, "\"%.*s\" is not a TTL in seconds", SHOWN(&tokens[1]));
}

static bool read_entry(struct parser *parser)
{
    const struct zone_token *tokens = parser->lexer.tokens;
    const struct zone_token *end = tokens + parser->lexer.count;

    if (parser->lexer.owner_omitted) {
        if (!parser->owner_known)
            return fail(parser, "a record that leaves out its name, and none was given before");
        return read_record(parser, tokens, end);
    }
    if (!tokens->quoted && tokens->text[0] == '$')
        return read_directive(parser, tokens, parser->lexer.count);
    if (!read_name(parser, tokens, &parser->owner))
        return false;
    dns_name_fold(parser->owner.text);
    parser->owner_known = true;
    return read_record(parser, tokens + 1, end);
}

/* Finds a name that has a CNAME and something else (RFC 1034 3.6.2). */
static const struct zone_record *find_conflict(const struct zone_data *data)
{
    for (size_t i = 1; i < data->count; i++) {
        const struct zone_record *a = &data->records[i - 1], *b = &data->records[i];

        if ((a->kind == ZONE_CNAME || b->kind == ZONE_CNAME) && strcmp(a->owner, b->owner) == 0)
            return b;
    }
    return NULL;
}

bool zone_data_parse(struct zone_data *data, const char *text, size_t len, const char *path, char *error,
                     size_t error_size)
{
    struct parser parser = {.data = data, .ttl_s = TTL_DEFAULT_S};
    const struct zone_record *conflict = NULL;
    unsigned line;
    bool good = true;

    parser.lexer = (struct zone_lexer){.next = text, .end = text + len, .line = 1};
    while (good && zone_lexer_next(&parser.lexer))
        good = read_entry(&parser);
    line = parser.lexer.error ? parser.lexer.line : parser.lexer.entry_line;
    if (good && parser.lexer.error)
        good = fail(&parser, "%s", parser.lexer.error);
    zone_lexer_free(&parser.lexer);
    data->negative_ttl_s = parser.ttl_s;
    if (good && !zone_data_finish(data))
        good = fail(&parser, "out of memory");
    conflict = good ? find_conflict(data) : NULL;
    if (conflict) {
        line = conflict->line;
        good = fail(&parser, "\"%s\" has a CNAME, so it can have nothing else", conflict->owner);
    }
    if (!good)
        snprintf(error, error_size, "%s:%u: %s", path, line, parser.problem);
    return good;
}
