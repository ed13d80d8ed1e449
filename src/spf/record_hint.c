/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guesses what the writer of a wrong term wanted, and shows how it is written. */
#include "spf/record_hint.h"

#include "base/addr.h"
#include "base/edit_distance.h"

#include <string.h>
#include <strings.h>

/* How each term is written (RFC 7208 section 12), and what is found in its place. */
static const struct usage {
    const char *name, *usage;
    bool is_mechanism;
} usages[] = {
    {"all", "all stands alone: -all, ~all or ?all", true},
    {"include", "a domain after a colon: include:example.org", true},
    {"a", "a, a:example.org, a:example.org/24 or a:example.org/24//64", true},
    {"mx", "mx, mx:example.org, mx:example.org/24 or mx:example.org/24//64", true},
    {"ptr", "ptr or ptr:example.org, without a prefix length; better none at all", true},
    {"ip4", "an IPv4 address or network: ip4:192.0.2.1 or ip4:192.0.2.0/24", true},
    {"ip6", "an IPv6 address or network: ip6:2001:db8::1 or ip6:2001:db8::/32", true},
    {"exists", "a domain after a colon: exists:%{i}.example.org", true},
    {"redirect", "one redirect=example.org", false},
    {"exp", "one exp=text.example.org", false},
};

enum { USAGE_COUNT = sizeof(usages) / sizeof(usages[0]) };

static const char unknown[] = "a term is one of all, include, a, mx, ptr, ip4, ip6, exists, redirect= and exp=";

/* The usage of the term that a name means, or nearly means: fewer than `best` letters differ. */
static const struct usage *find_usage(const char *name, size_t len, unsigned best)
{
    const struct usage *nearest = NULL;
    char word[EDIT_DISTANCE_MAX + 1];

    if (len > EDIT_DISTANCE_MAX)
        return NULL;
    memcpy(word, name, len);
    word[len] = '\0';
    for (size_t i = 0; i < USAGE_COUNT; i++) {
        unsigned distance = edit_distance(usages[i].name, word);

        if (distance < best) {
            best = distance;
            nearest = &usages[i];
        }
    }
    return nearest;
}

const char *record_hint_mechanism(const char *name, size_t len)
{
    const struct usage *usage = find_usage(name, len, (unsigned)len / 3 + 1); /* ra= is no misspelt a */

    return usage && usage->is_mechanism ? usage->name : NULL;
}

/* A bare address, or one after a name that says nothing of its kind. */
static const char *address_hint(const char *word, size_t len)
{
    char text[ADDR_TEXT_SIZE];
    struct addr addr;
    size_t address_len = 0;

    while (address_len < len && word[address_len] != '/')
        address_len++;
    if (address_len >= sizeof(text))
        return NULL;
    memcpy(text, word, address_len);
    text[address_len] = '\0';
    if (!addr_parse(text, &addr))
        return NULL;
    return addr.family == ADDR_V4 ? "an address has its kind before it: ip4:192.0.2.1"
                                  : "an address has its kind before it: ip6:2001:db8::1";
}

/* True if the error at `offset` lies after a percent sign of the word. */
static bool is_in_macro(const char *word, size_t offset)
{
    return memchr(word, '%', offset + 1) != NULL;
}

const char *record_hint(const char *text, size_t len, size_t offset)
{
    size_t start = offset < len ? offset : len, end, name_len = 0;
    const struct usage *usage;
    const char *hint;

    while (start > 0 && text[start - 1] != ' ')
        start--;
    for (end = start; end < len && text[end] != ' '; end++)
        if ((unsigned char)text[end] < ' ' || (unsigned char)text[end] > '~')
            return "a record holds printable US-ASCII only";
    if (offset < end && is_in_macro(text + start, offset - start))
        return "a macro is %{i} and the like, a percent sign itself is %%";
    if (start < end && strchr("+-~?", text[start]))
        start++;
    if (start == end)
        return "the mechanism comes directly after its sign: -all";
    while (start + name_len < end && !strchr(":/=", text[start + name_len]))
        name_len++;
    usage = find_usage(text + start, name_len, (unsigned)name_len / 2 + 1);
    if (usage)
        return usage->usage;
    hint = address_hint(text + start, end - start);
    return hint ? hint : unknown;
}
