/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A search tree of patterns, each in the one form in which a part of an address or a name meets it. */
#include "policy/pattern_index.h"

#include "base/domain_text.h"
#include "mail/idna.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What the octets of a pattern are, and so what is compared with them. */
enum kind {
    LOCAL,        /* a local part */
    MAILBOX,      /* local part, @ and domain */
    DOMAIN,       /* a name */
    DOMAIN_BELOW, /* a name, and all below */
    ONLY_BELOW,   /* all below a name */
    PART,         /* any part of an address; each beginning of it has an entry too, with number 0 if it is no pattern */
};

/* In lower case, without quotes, with A-labels and without a trailing dot. */
struct key {
    enum kind kind;
    size_t len;
    const char *octets;
};

struct entry {
    struct key key;
    size_t number;
    char octets[];
};

static int compare_keys(const void *left, const void *right)
{
    const struct key *a = left, *b = right;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return memcmp(a->octets, b->octets, a->len);
}

/* ---- Texts in the form of keys ---- */

enum { TEXT_MAX = 2048 }; /* octets; no address is as long */

/* On the stack: a lookup that ran out of memory would find another pattern or none. */
struct text {
    char octets[TEXT_MAX];
    size_t len;
    bool is_too_long; /* then it stands for nobody */
};

/* Leaves the octets as they are: to zero them takes longer than most lookups. */
static void clear(struct text *text)
{
    text->len = 0;
    text->is_too_long = false;
}

static void add_octet(struct text *text, char octet)
{
    if (text->len == TEXT_MAX)
        text->is_too_long = true;
    else
        text->octets[text->len++] = (char)tolower((unsigned char)octet);
}

static void add_octets(struct text *text, const char *octets, size_t len)
{
    for (size_t i = 0; i < len; i++)
        add_octet(text, octets[i]);
}

static void add_domain(struct text *text, const char *domain)
{
    char ascii[IDNA_SIZE];
    const char *name = idna_ascii_form(domain, ascii);

    add_octets(text, name, domain_text_strlen(name));
}

/* Of a pattern's local part, which may be quoted, unlike an address's. */
static void add_written_local(struct text *text, const char *local, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (local[i] == '"')
            continue;
        if (local[i] == '\\' && i + 1 < len)
            i++;
        add_octet(text, local[i]);
    }
}

/* ---- Adding ---- */

static struct entry *find(const struct pattern_index *index, enum kind kind, const char *octets, size_t len)
{
    const struct key key = {.kind = kind, .len = len, .octets = octets};

    return (index->kinds & 1U << kind) != 0 ? search_tree_find(&index->tree, &key, compare_keys) : NULL;
}

static struct entry *new_entry(struct pattern_index *index, enum kind kind, const char *octets, size_t len)
{
    struct entry *entry = malloc(sizeof *entry + len);

    if (entry == NULL)
        return NULL;
    memcpy(entry->octets, octets, len);
    entry->key = (struct key){.kind = kind, .len = len, .octets = entry->octets};
    entry->number = 0;
    if (!search_tree_add(&index->tree, entry, compare_keys)) {
        free(entry);
        return NULL;
    }
    index->kinds |= 1U << kind;
    return entry;
}

static bool add(struct pattern_index *index, enum kind kind, const char *octets, size_t len, size_t number)
{
    struct entry *entry = find(index, kind, octets, len);

    if (entry == NULL)
        entry = new_entry(index, kind, octets, len);
    if (entry != NULL && number > entry->number)
        entry->number = number;
    return entry != NULL;
}

static bool add_text(struct pattern_index *index, enum kind kind, const struct text *text, size_t number)
{
    return text->len == 0 || text->is_too_long || add(index, kind, text->octets, text->len, number);
}

static bool add_part(struct pattern_index *index, const char *part, size_t number)
{
    struct text text;

    clear(&text);
    add_octets(&text, part, strlen(part));
    if (text.is_too_long)
        return true;
    for (size_t len = 1; len < text.len; len++)
        if (!add(index, PART, text.octets, len, 0))
            return false;
    return add_text(index, PART, &text, number);
}

bool pattern_index_add_mailbox(struct pattern_index *index, const char *pattern, size_t number)
{
    const char *at = strrchr(pattern, '@');
    struct text text;

    if (at == NULL)
        return add_part(index, pattern, number);
    clear(&text);
    if (at == pattern) {
        add_domain(&text, at + 1 + (at[1] == '.'));
        return add_text(index, at[1] == '.' ? DOMAIN_BELOW : DOMAIN, &text, number);
    }
    add_written_local(&text, pattern, (size_t)(at - pattern));
    if (at[1] != '\0') {
        add_octet(&text, '@');
        add_domain(&text, at + 1);
    }
    return add_text(index, at[1] != '\0' ? MAILBOX : LOCAL, &text, number);
}

bool pattern_index_add_host(struct pattern_index *index, const char *pattern, size_t number)
{
    const bool only_below = *pattern == '.';
    struct text text;

    clear(&text);
    add_domain(&text, pattern + only_below);
    return add_text(index, only_below ? ONLY_BELOW : DOMAIN, &text, number);
}

void pattern_index_free(struct pattern_index *index)
{
    search_tree_free(&index->tree, compare_keys);
    index->kinds = 0;
}

/* ---- Lookups ---- */

static void look(const struct pattern_index *index, enum kind kind, const char *octets, size_t len, size_t *last)
{
    const struct entry *entry = find(index, kind, octets, len);

    if (entry != NULL && entry->number > *last)
        *last = entry->number;
}

/* The next name above `above`, which is `name` or one above it; NULL: there is none. Before each stands a dot, and
 * before that something. */
static const char *next_above(const char *name, const char *above, const char *end)
{
    const char *dot = memchr(above, '.', (size_t)(end - above));

    if (dot == name)
        dot = memchr(dot + 1, '.', (size_t)(end - dot - 1));
    return dot != NULL && dot + 1 < end ? dot + 1 : NULL;
}

static void look_for_name(const struct pattern_index *index, const char *name, size_t len, bool with_below,
                          size_t *last)
{
    const char *end = name + len;

    if (len == 0)
        return;
    look(index, DOMAIN, name, len, last);
    look(index, DOMAIN_BELOW, name, len, last);
    for (const char *above = next_above(name, name, end); above != NULL; above = next_above(name, above, end)) {
        look(index, DOMAIN_BELOW, above, (size_t)(end - above), last);
        look(index, ONLY_BELOW, above, (size_t)(end - above), last);
        if (with_below)
            look(index, DOMAIN, above, (size_t)(end - above), last);
    }
}

/* Looks at each place for the patterns that begin there, as long as one does. */
static void look_for_parts(const struct pattern_index *index, const char *address, size_t *last)
{
    struct text text;

    if ((index->kinds & 1U << PART) == 0)
        return;
    clear(&text);
    add_octets(&text, address, strlen(address));
    for (size_t begin = 0; begin < text.len; begin++) {
        const struct entry *entry = NULL;

        for (size_t len = 1; begin + len <= text.len; len++) {
            entry = find(index, PART, text.octets + begin, len);
            if (entry == NULL)
                break;
            if (entry->number > *last)
                *last = entry->number;
        }
    }
}

size_t pattern_index_find_mailbox(const struct pattern_index *index, const struct address *address)
{
    const size_t local_len = strlen(address->local);
    struct text text;
    size_t last = 0;

    if (index->kinds == 0)
        return 0;
    clear(&text);
    look_for_parts(index, address->text, &last);
    add_octets(&text, address->local, local_len);
    add_octet(&text, '@');
    add_domain(&text, address->domain);
    if (text.is_too_long)
        return last;
    look(index, LOCAL, text.octets, local_len, &last);
    look(index, MAILBOX, text.octets, text.len, &last);
    look_for_name(index, text.octets + local_len + 1, text.len - local_len - 1, false, &last);
    return last;
}

size_t pattern_index_find_host(const struct pattern_index *index, const char *name, bool with_below)
{
    struct text text;
    size_t last = 0;

    if (index->kinds == 0)
        return 0;
    clear(&text);
    add_domain(&text, name);
    if (!text.is_too_long)
        look_for_name(index, text.octets, text.len, with_below, &last);
    return last;
}
