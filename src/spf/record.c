/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses SPF records (RFC 7208 section 12). */
#include "spf/record.h"

#include "spf/macro.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VERSION "v=spf1"

/* What may follow the name of a mechanism. */
enum argument { ARGUMENT_NONE, ARGUMENT_OPTIONAL, ARGUMENT_REQUIRED, ARGUMENT_NETWORK };

static const struct mechanism {
    const char *name;
    size_t name_len;
    enum term_kind kind;
    enum argument argument;
    bool has_prefix_lengths; /* dual-cidr-length */
} mechanisms[] = {
    {"all", 3, TERM_ALL, ARGUMENT_NONE, false},             /* RFC 7208 5.1 */
    {"include", 7, TERM_INCLUDE, ARGUMENT_REQUIRED, false}, /* 5.2 */
    {"a", 1, TERM_A, ARGUMENT_OPTIONAL, true},              /* 5.3 */
    {"mx", 2, TERM_MX, ARGUMENT_OPTIONAL, true},            /* 5.4 */
    {"ptr", 3, TERM_PTR, ARGUMENT_OPTIONAL, false},         /* 5.5 */
    {"ip4", 3, TERM_IP4, ARGUMENT_NETWORK, false},          /* 5.6 */
    {"ip6", 3, TERM_IP6, ARGUMENT_NETWORK, false},          /* 5.6 */
    {"exists", 6, TERM_EXISTS, ARGUMENT_REQUIRED, false},   /* 5.7 */
};

/* The state of parsing one term: what is left of it, from `at` to `end`. */
struct parser {
    const char *start; /* of the record */
    const char *at, *end;
    struct record_error *error;
};

static bool fails(const struct parser *parser, const char *at, const char *reason)
{
    *parser->error = (struct record_error){(size_t)(at - parser->start), reason};
    return false;
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(const char *text, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(text, name, len) == 0;
}

bool record_is_spf(const char *text, size_t len)
{
    size_t version = strlen(VERSION);

    return len >= version && strncasecmp(text, VERSION, version) == 0 && (len == version || text[version] == ' ');
}

bool term_asks_dns(const struct term *term)
{
    switch (term->kind) {
    case TERM_INCLUDE:
    case TERM_A:
    case TERM_MX:
    case TERM_PTR:
    case TERM_EXISTS:
    case TERM_REDIRECT:
        return true;
    case TERM_ALL:
    case TERM_IP4:
    case TERM_IP6:
    case TERM_EXP:
    case TERM_OTHER:
        return false;
    }
    return false;
}

bool term_matches_without_lookup(const struct term *term, const struct addr *client)
{
    if (term->kind == TERM_ALL)
        return true;
    return (term->kind == TERM_IP4 || term->kind == TERM_IP6) && term->network.base.family == client->family &&
           addr_same_prefix(&term->network.base, client, term->network.bits);
}

const char *term_openness(const struct term *term)
{
    enum { WIDE_V4 = 8, WIDE_V6 = 19 }; /* shorter prefixes than registries allocate */
    unsigned bits4 = 32, bits6 = 128;

    if (term->qualifier != '+')
        return NULL;
    if (term->kind == TERM_ALL)
        return "lets everybody send mail for the domain";
    if (term->kind == TERM_IP4)
        bits4 = term->network.bits;
    if (term->kind == TERM_IP6)
        bits6 = term->network.bits;
    if (term->kind == TERM_A || term->kind == TERM_MX) {
        bits4 = term->bits4;
        bits6 = term->bits6;
    }
    if (bits4 == 0 || bits6 == 0)
        return bits4 == 0 ? "lets every IPv4 client send mail for the domain"
                          : "lets every IPv6 client send mail for the domain";
    return bits4 < WIDE_V4 || bits6 < WIDE_V6 ? "is wider than any network that a registry allocates" : NULL;
}

/* Reads the digits from `digits` to `end` as a prefix length: no leading zero, at most `max` (RFC 7208 12). */
static bool read_bits(const char *digits, const char *end, unsigned max, unsigned char *bits)
{
    unsigned value = 0;

    if (digits == end || end - digits > 3 || (*digits == '0' && end - digits > 1))
        return false;
    for (const char *p = digits; p < end; p++) {
        if (!is_digit(*p))
            return false;
        value = value * 10 + (unsigned)(*p - '0');
    }
    if (value > max)
        return false;
    *bits = (unsigned char)value;
    return true;
}

/* Finds `marker` and digits at the end of what is left; NULL if that is not how it ends. */
static const char *find_length(const struct parser *parser, const char *marker)
{
    const char *digits = parser->end;
    ptrdiff_t marker_len = (ptrdiff_t)strlen(marker);

    while (digits > parser->at && is_digit(digits[-1]))
        digits--;
    if (digits == parser->end || digits - parser->at < marker_len)
        return NULL;
    return memcmp(digits - marker_len, marker, (size_t)marker_len) == 0 ? digits - marker_len : NULL;
}

/* dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ]; takes it off the end (RFC 7208 5.3, 12). */
static bool read_dual_length(struct parser *parser, struct term *term)
{
    const char *length = find_length(parser, "//");

    if (length) {
        if (!read_bits(length + 2, parser->end, 128, &term->bits6))
            return fails(parser, length, "not an IPv6 prefix length");
        parser->end = length;
    }
    length = find_length(parser, "/");
    if (length) {
        if (!read_bits(length + 1, parser->end, 32, &term->bits4))
            return fails(parser, length, "not an IPv4 prefix length");
        parser->end = length;
    }
    return true;
}

/* Takes all that is left as a domain-spec (RFC 7208 7.1). */
static bool read_domain(struct parser *parser, struct term *term)
{
    struct macro_error error;

    term->domain = parser->at;
    term->domain_len = (size_t)(parser->end - parser->at);
    if (macro_check_domain(term->domain, term->domain_len, &error))
        return true;
    return fails(parser, parser->at + error.offset, error.reason);
}

/* ip4-network [ ip4-cidr-length ] or ip6-network [ ip6-cidr-length ] (RFC 7208 5.6). */
static bool read_network(struct parser *parser, struct term *term)
{
    bool is_v4 = term->kind == TERM_IP4;
    unsigned char octets[16], bits = is_v4 ? 32 : 128;
    const char *slash = memchr(parser->at, '/', (size_t)(parser->end - parser->at));
    size_t len = (size_t)((slash ? slash : parser->end) - parser->at);
    char address[ADDR_TEXT_SIZE];

    if (len >= sizeof(address) || memchr(parser->at, '\0', len))
        return fails(parser, parser->at, "not an address");
    memcpy(address, parser->at, len);
    address[len] = '\0';
    if (inet_pton(is_v4 ? AF_INET : AF_INET6, address, octets) != 1)
        return fails(parser, parser->at, is_v4 ? "not an IPv4 address" : "not an IPv6 address");
    if (slash && !read_bits(slash + 1, parser->end, bits, &bits))
        return fails(parser, slash, "not a prefix length");
    term->network.base = is_v4 ? addr_from_v4(octets) : addr_from_v6(octets);
    term->network.bits = bits;
    return true;
}

/* What follows a mechanism's name: [ ":" domain-spec ] [ dual-cidr-length ] or ":" network. */
static bool read_argument(struct parser *parser, const struct mechanism *mechanism, struct term *term)
{
    if (mechanism->has_prefix_lengths && !read_dual_length(parser, term))
        return false;
    if (parser->at == parser->end) {
        if (mechanism->argument == ARGUMENT_REQUIRED || mechanism->argument == ARGUMENT_NETWORK)
            return fails(parser, parser->at, "a mechanism without its argument");
        return true;
    }
    if (mechanism->argument == ARGUMENT_NONE || *parser->at != ':')
        return fails(parser, parser->at, "not allowed after this mechanism");
    parser->at++;
    return mechanism->argument == ARGUMENT_NETWORK ? read_network(parser, term) : read_domain(parser, term);
}

/* directive = [ qualifier ] mechanism (RFC 7208 4.6.1). */
static bool read_directive(struct parser *parser, struct term *term)
{
    const char *name;
    size_t len;

    if (*parser->at == '+' || *parser->at == '-' || *parser->at == '~' || *parser->at == '?')
        term->qualifier = *parser->at++;
    name = parser->at;
    while (parser->at < parser->end && *parser->at != ':' && *parser->at != '/')
        parser->at++;
    len = (size_t)(parser->at - name);
    for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
        if (len == mechanisms[i].name_len && strncasecmp(name, mechanisms[i].name, len) == 0) {
            term->kind = mechanisms[i].kind;
            return read_argument(parser, &mechanisms[i], term);
        }
    }
    return fails(parser, name, "an unknown mechanism");
}

/* The length of the name of a modifier, whose "=" follows it; 0 if this is none. RFC 7208 12: name = ALPHA *( ALPHA /
 * DIGIT / "-" / "_" / "." ) */
static size_t modifier_name(const struct parser *parser)
{
    const char *p = parser->at;

    if (!is_alpha(*p))
        return 0;
    while (p < parser->end && (is_alpha(*p) || is_digit(*p) || *p == '-' || *p == '_' || *p == '.'))
        p++;
    return p < parser->end && *p == '=' ? (size_t)(p - parser->at) : 0;
}

/* modifier = redirect / explanation / unknown-modifier (RFC 7208 6, 12). */
static bool read_modifier(struct parser *parser, size_t name_len, struct term *term)
{
    const char *name = parser->at;
    struct macro_error error;

    parser->at += name_len + 1;
    if (is_name(name, name_len, "redirect")) {
        term->kind = TERM_REDIRECT;
        return read_domain(parser, term);
    }
    if (is_name(name, name_len, "exp")) {
        term->kind = TERM_EXP;
        return read_domain(parser, term);
    }
    term->kind = TERM_OTHER;
    if (macro_check(parser->at, (size_t)(parser->end - parser->at), MACRO_IN_DOMAIN, &error))
        return true;
    return fails(parser, parser->at + error.offset, error.reason);
}

static bool read_term(struct parser *parser, struct term *term)
{
    size_t name_len = modifier_name(parser);

    *term = (struct term){
        .qualifier = '+', .text = parser->at, .len = (size_t)(parser->end - parser->at), .bits4 = 32, .bits6 = 128};
    return name_len > 0 ? read_modifier(parser, name_len, term) : read_directive(parser, term);
}

/* At least the number of terms: that of all words, the version too. */
static size_t count_words(const char *text, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
    return count;
}

/* RFC 7208 6: redirect and exp must not appear twice. */
static bool note_modifier(const struct parser *parser, struct record *record, const struct term *term)
{
    const struct term **slot;

    if (term->kind != TERM_REDIRECT && term->kind != TERM_EXP)
        return true;
    slot = term->kind == TERM_REDIRECT ? &record->redirect : &record->exp;
    if (*slot)
        return fails(parser, term->text, "a second modifier of this name");
    *slot = term;
    return true;
}

/* Which terms are kept. */
struct selection {
    const struct addr *client; /* NULL: all */
    size_t max;                /* but for modifiers */
};

static bool is_kept(const struct selection *selection, const struct record *record, const struct term *term)
{
    const size_t modifiers = (record->redirect ? 1U : 0U) + (record->exp ? 1U : 0U);

    if (!selection->client || term->kind == TERM_REDIRECT || term->kind == TERM_EXP)
        return true;
    return record->count - modifiers < selection->max &&
           (term_asks_dns(term) || term_matches_without_lookup(term, selection->client));
}

/* record = version terms *SP; terms = *( 1*SP ( directive / modifier ) ) (RFC 7208 4.5, 4.6.1). */
static bool read_terms(struct record *record, const struct selection *selection, struct record_error *error)
{
    const char *at = record->text + strlen(VERSION), *end = record->text + record->len;
    struct parser parser = {.start = record->text, .error = error};

    for (;;) {
        struct term *term = &record->terms[record->count];

        while (at < end && *at == ' ')
            at++;
        if (at == end)
            return true;
        parser.at = at;
        while (at < end && *at != ' ')
            at++;
        parser.end = at;
        if (!read_term(&parser, term) || !note_modifier(&parser, record, term))
            return false;
        record->all_count++;
        record->count += is_kept(selection, record, term);
    }
}

static enum record_status parse(const char *text, size_t len, const struct selection *selection, struct record *out,
                                struct record_error *error)
{
    enum { MODIFIERS_MAX = 2 }; /* that are kept; one more is an error */
    size_t room = (selection->client ? selection->max + MODIFIERS_MAX : count_words(text, len)) + 1;
    struct record record = {.len = len};
    enum record_status status = RECORD_NO_MEMORY;

    record.text = calloc(len + 1, 1);
    record.terms = calloc(room, sizeof(*record.terms));
    if (!record.text || !record.terms)
        goto done;
    memcpy(record.text, text, len);
    status = read_terms(&record, selection, error) ? RECORD_OK : RECORD_SYNTAX;
done:
    if (status == RECORD_OK)
        *out = record;
    else
        record_free(&record);
    return status;
}

enum record_status record_parse(const char *text, size_t len, struct record *out, struct record_error *error)
{
    return parse(text, len, &(struct selection){.client = NULL}, out, error);
}

enum record_status record_parse_for(const char *text, size_t len, const struct addr *client, size_t max,
                                    struct record *out, struct record_error *error)
{
    return parse(text, len, &(struct selection){client, max}, out, error);
}

void record_free(struct record *record)
{
    free(record->text);
    free(record->terms);
    *record = (struct record){0};
}
