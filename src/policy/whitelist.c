/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of who is not checked: how they grow, and what they cover. */
#include "policy/whitelist.h"

#include "base/domain_text.h"
#include "base/text_search.h"
#include "mail/idna.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Room for one item more in an array of `count` items; NULL, with the array as it was, if out of memory. The room is
 * doubled whenever the count reaches a power of two. */
static void *grown_items(void *items, size_t count, size_t item_size)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return items;

    size_t room = count > 0 ? count * 2 : 1;
    if (room > SIZE_MAX / 2 / item_size)
        return NULL;
    return realloc(items, room * item_size);
}

bool addr_list_add(struct addr_list *list, const struct addr_prefix *prefix)
{
    struct addr_prefix *items = grown_items(list->items, list->count, sizeof *items);

    if (items == NULL)
        return false;
    items[list->count++] = *prefix;
    list->items = items;
    return true;
}

void addr_list_free(struct addr_list *list)
{
    free(list->items);
    *list = (struct addr_list){0};
}

bool text_list_add(struct text_list *list, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return false;

    char **items = grown_items((void *)list->items, list->count, sizeof *items);
    if (items == NULL) {
        free(copy);
        return false;
    }
    items[list->count++] = copy;
    list->items = items;
    return true;
}

void text_list_free(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free((void *)list->items);
    *list = (struct text_list){0};
}

bool nat_list_add(struct nat_list *list, const struct nat_rule *rule)
{
    struct nat_rule *items = grown_items(list->items, list->count, sizeof *items);

    if (items == NULL)
        return false;
    items[list->count++] = *rule;
    list->items = items;
    return true;
}

void nat_list_free(struct nat_list *list)
{
    free(list->items);
    *list = (struct nat_list){0};
}

bool whitelist_has_addr(const struct addr_list *list, const struct addr *addr)
{
    for (size_t i = 0; i < list->count; i++)
        if (addr_prefix_contains(&list->items[i], addr))
            return true;
    return false;
}

static bool same_name(const char *a, const char *b)
{
    size_t len = domain_text_strlen(a);

    return len > 0 && len == domain_text_strlen(b) && strncasecmp(a, b, len) == 0;
}

/* True if `name` has labels in front of `domain`, which may have a leading dot. */
static bool is_below(const char *domain, const char *name)
{
    if (*domain == '.')
        domain++;

    size_t domain_len = domain_text_strlen(domain), len = domain_text_strlen(name);
    if (domain_len == 0 || len < domain_len + 2)
        return false;

    const char *tail = name + (len - domain_len);
    return tail[-1] == '.' && strncasecmp(tail, domain, domain_len) == 0;
}

static bool covers_host(const char *item, const char *name)
{
    char ascii[IDNA_SIZE];
    bool only_below = *item == '.';
    const char *domain = idna_ascii_form(item + only_below, ascii);

    return is_below(domain, name) || (!only_below && same_name(domain, name));
}

bool whitelist_has_host(const struct text_list *list, const char *name)
{
    char ascii[IDNA_SIZE];

    if (list->count == 0)
        return false;
    name = idna_ascii_form(name, ascii);
    for (size_t i = 0; i < list->count; i++)
        if (covers_host(list->items[i], name))
            return true;
    return false;
}

bool whitelist_has_exact_host(const struct text_list *list, const char *name)
{
    char name_ascii[IDNA_SIZE], item_ascii[IDNA_SIZE];

    if (list->count == 0)
        return false;
    name = idna_ascii_form(name, name_ascii);
    for (size_t i = 0; i < list->count; i++) {
        bool only_below = *list->items[i] == '.';
        const char *item = idna_ascii_form(list->items[i] + only_below, item_ascii);

        if (only_below ? is_below(item, name) : same_name(item, name))
            return true;
    }
    return false;
}

/* Compares a pattern's local part, which may be quoted, with an address's, which no longer is. */
static bool same_local(const char *written, size_t len, const char *local)
{
    for (size_t i = 0; i < len; i++) {
        if (written[i] == '"')
            continue;
        if (written[i] == '\\' && i + 1 < len)
            i++;
        if (tolower((unsigned char)written[i]) != tolower((unsigned char)*local++))
            return false;
    }
    return *local == '\0';
}

/* `domain` is what follows the @ of a pattern; with a leading dot it is itself and all below. */
static bool covers_domain(const char *domain, const char *name)
{
    char ascii[IDNA_SIZE];
    bool with_below = *domain == '.';

    domain = idna_ascii_form(domain + with_below, ascii);
    return same_name(domain, name) || (with_below && is_below(domain, name));
}

static bool covers_mailbox(const char *pattern, const struct address *address, const char *domain)
{
    const char *at = strrchr(pattern, '@');

    if (at == NULL)
        return *pattern != '\0' && text_search_has_nocase(address->text, pattern);
    if (at == pattern && at[1] == '\0')
        return false;
    if (at != pattern && !same_local(pattern, (size_t)(at - pattern), address->local))
        return false;
    return at[1] == '\0' || covers_domain(at + 1, domain);
}

bool whitelist_has_mailbox(const struct text_list *list, const struct address *address)
{
    char ascii[IDNA_SIZE];
    const char *domain;

    if (list->count == 0)
        return false;
    domain = idna_ascii_form(address->domain, ascii);
    for (size_t i = 0; i < list->count; i++)
        if (covers_mailbox(list->items[i], address, domain))
            return true;
    return false;
}

struct addr nat_translate(const struct nat_list *list, const struct addr *client)
{
    for (size_t i = list->count; i > 0; i--)
        if (addr_equal(&list->items[i - 1].from, client))
            return list->items[i - 1].to;
    return *client;
}
