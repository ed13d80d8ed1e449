/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table of patterns in the one form that each address meets them in. */
#include "config/recipient_index.h"

#include "base/domain_text.h"
#include "base/hash_table.h"
#include "mail/idna.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct entry {
    struct hash_link link;
    size_t number; /* of the last policy with this pattern, from 1 */
    char *key;
};

struct recipient_index {
    uint8_t seed[HASH_SEED_SIZE]; /* random: tables of users may be the users' own */
    struct hash_table table;
    struct entry *entries;
    size_t count;
};

/* ---- Keys: local part, @, and domain, in lower case, without quotes, with A-labels and without a trailing dot ---- */

enum { KEY_MAX = 2048 }; /* octets; no address is as long */

/* On the stack: a lookup that ran out of memory would find the settings of others. */
struct key {
    char octets[KEY_MAX + 1]; /* with a NUL behind the key */
    size_t len;
    bool is_too_long; /* then it stands for nobody */
};

static void cut(struct key *key, size_t len)
{
    key->len = len;
    key->octets[len] = '\0';
    key->is_too_long = false;
}

static void add_octet(struct key *key, char octet)
{
    if (key->len == KEY_MAX) {
        key->is_too_long = true;
        return;
    }
    key->octets[key->len++] = (char)tolower((unsigned char)octet);
    key->octets[key->len] = '\0';
}

static void add_octets(struct key *key, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        add_octet(key, text[i]);
}

/* Of a pattern's local part, which may be quoted. */
static void add_written_local(struct key *key, const char *local, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (local[i] == '"')
            continue;
        if (local[i] == '\\' && i + 1 < len)
            i++;
        add_octet(key, local[i]);
    }
}

/* `domain` is what follows the @ of a pattern, with its leading dot if it has one. */
static void add_written_domain(struct key *key, const char *domain)
{
    char ascii[IDNA_SIZE];
    const bool with_below = *domain == '.';
    const char *name = idna_ascii_form(domain + with_below, ascii);

    if (with_below)
        add_octet(key, '.');
    add_octets(key, name, domain_text_strlen(name));
}

static void add_pattern(struct key *key, const char *pattern)
{
    const char *at = strrchr(pattern, '@');

    add_written_local(key, pattern, (size_t)(at - pattern));
    add_octet(key, '@');
    add_written_domain(key, at + 1);
}

/* ---- The table ---- */

static uint64_t hash_of(const struct recipient_index *index, const struct key *key)
{
    return hash_octets(index->seed, key->octets, key->len);
}

static struct entry *find(const struct recipient_index *index, const struct key *key, uint64_t hash)
{
    struct hash_link *link = hash_table_first(&index->table, hash);

    while (link != NULL && strcmp(((struct entry *)link)->key, key->octets) != 0)
        link = hash_table_next(link);
    return (struct entry *)link;
}

/* False if out of memory. */
static bool add(struct recipient_index *index, const char *pattern, size_t number)
{
    struct key key = {.len = 0};
    struct entry *entry;
    uint64_t hash;

    add_pattern(&key, pattern);
    if (key.is_too_long)
        return true;
    hash = hash_of(index, &key);
    entry = find(index, &key, hash);
    if (entry == NULL) {
        entry = &index->entries[index->count];
        entry->key = strdup(key.octets);
        if (entry->key == NULL)
            return false;
        index->count++;
        entry->link.hash = hash;
        hash_table_add(&index->table, &entry->link);
    }
    entry->number = number;
    return true;
}

static size_t count_patterns(const struct recipient_policies *policies)
{
    size_t count = 0;

    for (size_t i = 0; i < policies->count; i++)
        count += policies->items[i].patterns.count;
    return count;
}

static bool fill(struct recipient_index *index, const struct recipient_policies *policies)
{
    for (size_t i = 0; i < policies->count; i++)
        for (size_t n = 0; n < policies->items[i].patterns.count; n++)
            if (!add(index, policies->items[i].patterns.items[n], i + 1))
                return false;
    return true;
}

struct recipient_index *recipient_index_create(const struct recipient_policies *policies)
{
    struct recipient_index *index = calloc(1, sizeof *index);
    const size_t count = count_patterns(policies);

    if (index == NULL)
        return NULL;
    for (index->table.bucket_count = 1; index->table.bucket_count < count;)
        index->table.bucket_count *= 2;
    index->table.buckets = (struct hash_link **)calloc(index->table.bucket_count, sizeof(struct hash_link *));
    index->entries = calloc(count > 0 ? count : 1, sizeof *index->entries);
    if (index->table.buckets != NULL && index->entries != NULL &&
        getrandom(index->seed, sizeof index->seed, 0) == (ssize_t)sizeof index->seed && fill(index, policies))
        return index;
    recipient_index_destroy(index);
    return NULL;
}

void recipient_index_destroy(struct recipient_index *index)
{
    if (index == NULL)
        return;
    for (size_t i = 0; i < index->count; i++)
        free(index->entries[i].key);
    free(index->entries);
    free((void *)index->table.buckets);
    free(index);
}

/* ---- Lookups ---- */

static void look(const struct recipient_index *index, const struct key *key, size_t *last)
{
    const struct entry *entry = key->is_too_long ? NULL : find(index, key, hash_of(index, key));

    if (entry != NULL && entry->number > *last)
        *last = entry->number;
}

/* Looks for `@domain`, and for `@.domain` of the domain and of each above. */
static void look_for_domain(const struct recipient_index *index, const char *domain, size_t *last)
{
    const char *end = domain + domain_text_strlen(domain);
    struct key key = {.len = 0};

    add_octet(&key, '@');
    add_octets(&key, domain, (size_t)(end - domain));
    look(index, &key, last);
    for (const char *name = domain; name != NULL;) {
        cut(&key, 1);
        add_octet(&key, '.');
        add_octets(&key, name, (size_t)(end - name));
        look(index, &key, last);
        if (name == domain && name < end) /* of ".org", nothing stands before the dot */
            name++;
        name = memchr(name, '.', (size_t)(end - name));
        name = name != NULL && name + 1 < end ? name + 1 : NULL;
    }
}

size_t recipient_index_find(const struct recipient_index *index, const struct address *address)
{
    char ascii[IDNA_SIZE];
    const char *domain = idna_ascii_form(address->domain, ascii);
    struct key key = {.len = 0};
    size_t last = 0;

    add_octets(&key, address->local, strlen(address->local));
    add_octet(&key, '@');
    look(index, &key, &last);
    if (domain_text_strlen(domain) > 0) {
        add_octets(&key, domain, domain_text_strlen(domain));
        look(index, &key, &last);
        look_for_domain(index, domain, &last);
    }
    return last;
}
