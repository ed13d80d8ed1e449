/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function for each kind of mistake that people make in a term. */
#include "spf/record_guess.h"

#include "base/addr.h"
#include "base/edit_distance.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_LEN = 12, ADDRESS_MAX = 80 };

/* Other scripts' and word processors' characters, and what they stand for. */
static const struct foreign {
    const char *octets, *ascii, *reason;
} foreigners[] = {
    {"\xe2\x80\x9c", "", "a typographic quotation mark"},
    {"\xe2\x80\x9d", "", "a typographic quotation mark"},
    {"\xe2\x80\x9e", "", "a typographic quotation mark"},
    {"\xe2\x80\x98", "", "a typographic quotation mark"},
    {"\xe2\x80\x99", "", "a typographic quotation mark"},
    {"\xc2\xab", "", "a typographic quotation mark"},
    {"\xc2\xbb", "", "a typographic quotation mark"},
    {"\xe2\x80\x90", "-", "a typographic hyphen"},
    {"\xe2\x80\x91", "-", "a typographic hyphen"},
    {"\xe2\x80\x92", "-", "a typographic dash"},
    {"\xe2\x80\x93", "-", "a typographic dash"},
    {"\xe2\x80\x94", "-", "a typographic dash"},
    {"\xe2\x88\x92", "-", "a typographic minus sign"},
    {"\xef\xbc\x9a", ":", "a full-width colon"},
    {"\xef\xbd\x9e", "~", "a full-width tilde"},
    {"\xcb\x9c", "~", "a small tilde"},
    {"\xc2\xa0", " ", "a no-break space"},
    {"\xe2\x80\xaf", " ", "a no-break space"},
    {"\xe3\x80\x80", " ", "an ideographic space"},
    {"\xe2\x80\x8b", "", "an invisible space of no width"},
    {"\xe2\x80\x8c", "", "an invisible character"},
    {"\xe2\x80\x8d", "", "an invisible character"},
    {"\xc2\xad", "", "an invisible hyphen"},
    {"\xef\xbb\xbf", "", "an invisible byte order mark"},
    {"\t", " ", "a tab, where only spaces separate terms"},
    {"\r", " ", "a line break"},
    {"\n", " ", "a line break"},
};

static bool is_plain(char c)
{
    return c >= ' ' && c <= '~';
}

static const struct foreign *find_foreigner(const char *text)
{
    for (size_t i = 0; i < sizeof(foreigners) / sizeof(*foreigners); i++)
        if (strncmp(text, foreigners[i].octets, strlen(foreigners[i].octets)) == 0)
            return &foreigners[i];
    return NULL;
}

bool record_guess_ascii(const char *text, struct strbuf *meant, size_t *at, const char **reason)
{
    const char *first = text;

    while (*first != '\0' && is_plain(*first))
        first++;
    if (*first == '\0')
        return false;
    *at = (size_t)(first - text);
    *reason = find_foreigner(first) ? find_foreigner(first)->reason : "an octet that is not printable US-ASCII";
    for (const char *p = text; *p != '\0';) {
        const struct foreign *foreign = is_plain(*p) ? NULL : find_foreigner(p);

        if (foreign)
            strbuf_add(meant, foreign->ascii);
        else
            strbuf_add_char(meant, *p);
        p += foreign ? strlen(foreign->octets) : 1;
    }
    return true;
}

/* Names of mechanisms and modifiers */

static const char *const names[] = {"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists", "redirect", "exp"};

enum { NAMES = sizeof(names) / sizeof(*names), MODIFIERS_FROM = 8 };

static bool is_qualifier(char c)
{
    return c != '\0' && strchr("+-~?", c) != NULL;
}

/* The letters of a name at `text`. */
static size_t name_length(const char *text)
{
    return strcspn(text, ":/=");
}

/* The index of the name that these letters are, or of the nearest one; NAMES: none. */
static size_t find_name(const char *text, size_t len, bool is_exact)
{
    char word[NAME_MAX_LEN + 1];
    unsigned best = is_exact ? 1 : (unsigned)len / 3 + 1 + (len > 3);
    size_t nearest = NAMES;

    if (len == 0 || len > NAME_MAX_LEN)
        return NAMES;
    memcpy(word, text, len);
    word[len] = '\0';
    for (size_t i = 0; i < NAMES; i++) {
        const unsigned distance = edit_distance(word, names[i]);

        if (distance < best) {
            best = distance;
            nearest = i;
        }
    }
    return nearest;
}

/* Addresses */

/* Appends `ip4:` or `ip6:` and the network, if the text is one: an address with or without a prefix length. */
static bool add_network(const char *text, struct strbuf *meant)
{
    char address[ADDRESS_MAX];
    const size_t len = strcspn(text, "/");
    unsigned char octets[16];

    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    if (inet_pton(AF_INET, address, octets) == 1)
        strbuf_add(meant, "ip4:");
    else if (inet_pton(AF_INET6, address, octets) == 1)
        strbuf_add(meant, "ip6:");
    else
        return false;
    strbuf_add(meant, text);
    return true;
}

/* The prefix length of a netmask (255.255.255.0), or -1. */
static int mask_bits(const char *text)
{
    unsigned char octets[4];
    unsigned long mask;
    int bits = 0;

    if (inet_pton(AF_INET, text, octets) != 1)
        return -1;
    mask = (unsigned long)octets[0] << 24 | (unsigned long)octets[1] << 16 | (unsigned long)octets[2] << 8 | octets[3];
    while (bits < 32 && (mask & (0x80000000UL >> bits)) != 0)
        bits++;
    return (mask & (0xffffffffUL >> bits)) == 0 || bits == 32 ? bits : -1;
}

/* What stands after the first colon or equals sign, and the sign before the name. */
struct parts {
    char sign[2]; /* "" if none */
    const char *name;
    size_t name_len;
    const char *argument; /* NULL: none */
};

static struct parts split(const char *word)
{
    struct parts parts = {.sign = ""};

    if (is_qualifier(*word))
        parts.sign[0] = *word++;
    parts.name = word;
    parts.name_len = name_length(word);
    if (word[parts.name_len] == ':' || word[parts.name_len] == '=')
        parts.argument = word + parts.name_len + 1;
    return parts;
}

static bool is_name(const struct parts *parts, const char *name)
{
    return parts->name_len == strlen(name) && strncasecmp(parts->name, name, parts->name_len) == 0;
}

/* ip4:2001:db8::1, ip6:192.0.2.1, a:192.0.2.1, mx:192.0.2.1, include:192.0.2.1, ipv4:..., 192.0.2.1 */
static bool guess_kind_of_address(const char *word, struct strbuf *meant, size_t *at, const char **reason)
{
    const struct parts parts = split(word);
    const bool is_named = find_name(parts.name, parts.name_len, true) != NAMES; /* a:2001:db8::1 is an address, too */

    *at = (size_t)(parts.name - word);
    strbuf_add(meant, parts.sign);
    *reason = "an address has its kind before it, ip4: or ip6:";
    if (!is_named && add_network(parts.name, meant))
        return true;
    if (!parts.argument || !add_network(parts.argument, meant))
        return false;
    if (is_name(&parts, "ip4"))
        *reason = "an IPv6 address after ip4:";
    else if (is_name(&parts, "ip6"))
        *reason = "an IPv4 address after ip6:";
    else if (is_named)
        *reason = "an address, where this mechanism takes a name";
    else
        *reason = "an unknown mechanism";
    return true;
}

static bool is_number(const char *text, size_t len)
{
    return len > 0 && strspn(text, "0123456789") >= len;
}

/* Appends a dotted IPv4 address of one to four parts, without leading zeros, "*" and missing parts as 0; *bits is what
 * is left of 32 then. Returns what follows it; NULL if it is none. */
static const char *add_dotted(const char *text, struct strbuf *meant, int *bits)
{
    int parts = 0;

    *bits = 32;
    for (; parts < 4; parts++) {
        const size_t len = strspn(text, "0123456789");
        const bool is_wild = *text == '*' || *text == 'x' || *text == 'X';

        if (len > 3 || (len == 0 && !is_wild))
            break;
        if (is_wild && *bits == 32)
            *bits = 8 * parts;
        strbuf_addf(meant, "%s%lu", parts > 0 ? "." : "", len > 0 ? strtoul(text, NULL, 10) : 0UL);
        text += len > 0 ? len : 1;
        if (*text != '.') {
            parts++;
            break;
        }
        text++;
    }
    if (parts < 2)
        return NULL;
    if (parts < 4 && *bits == 32)
        *bits = 8 * parts;
    for (; parts < 4; parts++)
        strbuf_add(meant, ".0");
    return text;
}

/* 192.0.2.*, 192.0.2, 010.0.0.1, 192.0.2.0-255, 192.0.2.0/255.255.255.0, 192.0.2.0\24, 192.0.2.1:25, 192.0.2.1//32 */
static bool guess_dotted(const char *word, struct strbuf *meant, size_t *at, const char **reason)
{
    const struct parts parts = split(word);
    const char *text = parts.argument ? parts.argument : parts.name, *rest;
    int bits = 32, mask = -1;

    strbuf_addf(meant, "%sip4:", parts.sign);
    rest = strspn(text, "0123456789") > 0 ? add_dotted(text, meant, &bits) : NULL;
    if (!rest)
        return false;
    *at = (size_t)(rest - word);
    if (*rest == '/' && rest[1] == '/')
        rest++;
    mask = *rest == '/' ? mask_bits(rest + 1) : -1;
    if (mask >= 0) {
        *reason = "a netmask, where the length of the prefix stands";
        strbuf_addf(meant, "/%d", mask);
    } else if ((*rest == '/' || *rest == '\\') && is_number(rest + 1, strlen(rest + 1))) {
        *reason = *rest == '/' ? "not an IPv4 network" : "a backslash, where a slash stands";
        strbuf_addf(meant, "/%s", rest + 1);
    } else if (*rest == ':' && is_number(rest + 1, strlen(rest + 1))) {
        *reason = "a port has no place in a record";
    } else if (bits == 32 && strcmp(rest, "-255") == 0 && rest[-2] == '.' && rest[-1] == '0') {
        *reason = "a range, where a network with a prefix length stands";
        strbuf_add(meant, "/24");
    } else if (*rest != '\0') {
        return false;
    } else {
        *reason = bits < 32 ? "not a whole IPv4 address; a network has a prefix length"
                            : "not an IPv4 address: a part of it begins with 0";
        *at = (size_t)(text - word);
        if (bits < 32)
            strbuf_addf(meant, "/%d", bits);
    }
    return true;
}

/* ip6:[2001:db8::1], ip6:[2001:db8::1]:25 */
static bool guess_brackets(const char *word, struct strbuf *meant, size_t *at, const char **reason)
{
    const struct parts parts = split(word);
    const char *open = strchr(word, '['), *close = open ? strchr(open, ']') : NULL;

    if (!close)
        return false;
    *at = (size_t)(open - word);
    *reason = "an address stands without brackets, and without a port";
    strbuf_addf(meant, "%sip6:%.*s%s", parts.sign, (int)(close - open - 1), open + 1, close[1] == '/' ? close + 1 : "");
    return true;
}

/* Names */

/* ip4:mail.example.org, mail.example.org */
static bool guess_name_for_address(const char *word, struct strbuf *meant, size_t *at, const char **reason)
{
    const struct parts parts = split(word);
    const bool is_bare = !parts.argument && memchr(parts.name, '.', parts.name_len) && parts.name[0] != '.';
    const char *name = is_bare ? parts.name : parts.argument;

    if (!is_bare && !is_name(&parts, "ip4") && !is_name(&parts, "ip6") && !is_name(&parts, "ip"))
        return false;
    if (!name || strspn(name, "0123456789.:/-") == strlen(name))
        return false;
    *at = (size_t)((is_bare ? parts.name : parts.argument) - word);
    *reason = is_bare ? "a name without a mechanism before it" : "a name, where this mechanism takes an address";
    strbuf_addf(meant, "%sa:%s", parts.sign, name);
    return true;
}

/* inclued:, redirect:, include=, ipv4: before a name that is none of these, --all, -~all, all- */
static bool guess_mechanism(const char *word, struct strbuf *meant, size_t *at, const char **reason)
{
    const size_t signs = strspn(word, "+-~?");
    const struct parts parts = split(signs > 1 ? word + signs - 1 : word);
    size_t len = parts.name_len, index;
    char sign[2] = {parts.sign[0], '\0'};

    if (signs > 1)
        sign[0] = word[0];
    if (!parts.argument && len > 1 && is_qualifier(parts.name[len - 1]) && sign[0] == '\0')
        sign[0] = parts.name[--len];
    index = find_name(parts.name, len, false);
    if (index == NAMES)
        return false;
    *at = signs > 1 ? 1 : (size_t)(parts.name - word) + (len < parts.name_len ? len : 0);
    *reason = "not the name of a mechanism";
    if (signs > 1)
        *reason = "a mechanism has one sign before it";
    else if (len < parts.name_len)
        *reason = "the sign stands before the mechanism";
    else if (find_name(parts.name, len, true) != NAMES) {
        *at += len;
        *reason = index < MODIFIERS_FROM ? "a mechanism takes a colon" : "a modifier takes an equals sign";
    }
    strbuf_addf(meant, "%s%s", index < MODIFIERS_FROM ? sign : "", names[index]);
    if (parts.argument)
        strbuf_addf(meant, "%c%s", index < MODIFIERS_FROM ? ':' : '=', parts.argument);
    else
        strbuf_add(meant, parts.name + parts.name_len);
    return true;
}

/* include:https://example.org/path, include:user@example.org, a:example.org:25, include:example.org/ */
static bool guess_domain(const char *word, struct strbuf *meant, size_t *at, const char **reason)
{
    const struct parts parts = split(word);
    const char *name = parts.argument, *slashes, *sign;
    size_t len;

    if (!name || is_name(&parts, "ip4") || is_name(&parts, "ip6"))
        return false;
    *at = (size_t)(name - word);
    slashes = strstr(name, "://");
    sign = strchr(name, '@');
    if (slashes) {
        *reason = "a URL, where a domain stands";
        name = slashes + 3;
    } else if (sign) {
        *reason = "a mail address, where a domain stands";
        name = sign + 1;
    } else if (name[0] == '.' || name[0] == '*') {
        *reason = "a domain begins with a label; there are no wildcards";
        name += strspn(name, ".*");
    }
    len = strcspn(name, ":/");
    if (name == parts.argument && name[len] == '\0')
        return false;
    if (name == parts.argument) {
        *at += len;
        *reason = name[len] == ':' ? "a port has no place in a record" : "a path has no place in a record";
    }
    strbuf_addf(meant, "%.*s%.*s", (int)(parts.argument - word), word, (int)len, name);
    return true;
}

/* mx/24/64 */
static bool guess_second_length(const char *word, struct strbuf *meant, size_t *at, const char **reason)
{
    const char *first = strchr(word, '/'), *second = first ? strchr(first + 1, '/') : NULL;

    if (!second || second == first + 1 || strchr(second + 1, '/'))
        return false;
    *at = (size_t)(second - word);
    *reason = "the IPv6 prefix length comes after two slashes";
    strbuf_addf(meant, "%.*s/%s", (int)(second - word), word, second);
    return true;
}

/* Punctuation and missing spaces */

static const char *separator_reason(char c)
{
    switch (c) {
    case ',':
        return "a comma: terms have a space between them, and nothing else";
    case ';':
        return "a semicolon: terms have a space between them, and nothing else";
    case '"':
    case '\'':
    case '`':
        return "a quotation mark, which is not part of the record";
    default:
        return "a punctuation mark that is not part of the term";
    }
}

#define PUNCTUATION ",;\"'`.:)(<>[]|/\\"

/* include:example.org, and "mx and (mx) */
static bool guess_punctuation(const char *word, struct strbuf *meant, size_t *at, const char **reason)
{
    const size_t before = strspn(word, PUNCTUATION);
    size_t end = strlen(word);

    while (end > before && strchr(PUNCTUATION, word[end - 1]))
        end--;
    if (end == before || (before == 0 && word[end] == '\0'))
        return false;
    *at = before > 0 ? 0 : end;
    *reason = separator_reason(word[*at]);
    strbuf_add_mem(meant, word + before, end - before);
    return true;
}

/* ip4:192.0.2.1,ip4:192.0.2.2 and ip4:192.0.2.1,192.0.2.2 */
static bool guess_list(const char *word, struct strbuf *meant, size_t *at, const char **reason)
{
    const struct parts parts = split(word);
    const char *part = word;

    *at = strcspn(word, ",;|\"");
    if (word[*at] == '\0')
        return false;
    *reason = separator_reason(word[*at]);
    while (*part != '\0') {
        const size_t len = strcspn(part, ",;|\"");
        const bool has_name = memchr(part, ':', len) || memchr(part, '=', len) || !parts.argument;
        char unused[NAME_MAX_LEN + 1] = "";

        (void)snprintf(unused, sizeof(unused), "%.*s", (int)(len < NAME_MAX_LEN ? len : NAME_MAX_LEN), part);
        if (len > 0 && meant->len > 0)
            strbuf_add_char(meant, ' ');
        if (len > 0 && !has_name &&
            find_name(unused + (is_qualifier(unused[0]) ? 1 : 0), strlen(unused) - (is_qualifier(unused[0]) ? 1 : 0),
                      true) == NAMES)
            strbuf_addf(meant, "%.*s", (int)(parts.argument - word), word);
        strbuf_add_mem(meant, part, len);
        part += len + (part[len] != '\0');
    }
    return true;
}

/* True if a mechanism can begin here, in the middle of a word. */
static bool can_begin(const char *text)
{
    const char *name = text + (is_qualifier(*text) ? 1 : 0);
    const size_t len = name_length(name);
    const size_t index = find_name(name, len, true);

    if (index == NAMES || (index >= MODIFIERS_FROM) != (name[len] == '='))
        return false;
    return is_qualifier(*text) || len > 2 || name[len] != '\0'; /* example.a is a name */
}

/* include:example.com~all and ip4:192.0.2.1ip4:192.0.2.2 */
static bool guess_missing_space(const char *word, struct strbuf *meant, size_t *at, const char **reason)
{
    for (size_t i = 1; word[i] != '\0'; i++) {
        if (!can_begin(word + i) || (!is_qualifier(word[i]) && word[i - 1] == ':'))
            continue;
        *at = i;
        *reason = "a space is missing here";
        strbuf_addf(meant, "%.*s %s", (int)i, word, word + i);
        return true;
    }
    return false;
}

record_guess *const record_guesses[] = {
    record_guess_ascii,     guess_punctuation,   guess_list,      guess_missing_space,
    guess_kind_of_address,  guess_brackets,      guess_dotted,    guess_domain,
    guess_name_for_address, guess_second_length, guess_mechanism,
};
const size_t record_guess_count = sizeof(record_guesses) / sizeof(*record_guesses);
