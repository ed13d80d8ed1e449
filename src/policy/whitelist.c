/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of who is not checked: how they grow, and what they cover. */
#include "policy/whitelist.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- Networks ---- */

/* Those that overlap are equal: none in the tree do. */
static int compare_prefixes(const void *left, const void *right)
{
    const struct addr_prefix *a = left, *b = right;

    if (a->base.family != b->base.family)
        return a->base.family < b->base.family ? -1 : 1;
    if (addr_same_prefix(&a->base, &b->base, a->bits < b->bits ? a->bits : b->bits))
        return 0;
    return memcmp(a->base.bytes, b->base.bytes, sizeof a->base.bytes);
}

/* Adds a prefix to the tree in place of those that it contains, unless one contains it. */
static bool cover(struct search_tree *tree, const struct addr_prefix *prefix)
{
    const struct addr_prefix *other = search_tree_find(tree, prefix, compare_prefixes);
    struct addr_prefix *copy;

    if (other != NULL && other->bits <= prefix->bits)
        return true;
    copy = malloc(sizeof *copy);
    if (copy == NULL)
        return false;
    *copy = *prefix;
    for (; other != NULL; other = search_tree_find(tree, prefix, compare_prefixes))
        search_tree_remove(tree, other, compare_prefixes);
    if (search_tree_add(tree, copy, compare_prefixes))
        return true;
    free(copy);
    return false;
}

bool addr_list_add(struct addr_list *list, const struct addr_prefix *prefix)
{
    struct addr_prefix *items = grown_items(list->items, list->count, sizeof *items);

    if (items == NULL)
        return false;
    list->items = items;
    if (!cover(&list->tree, prefix))
        return false;
    items[list->count++] = *prefix;
    return true;
}

void addr_list_free(struct addr_list *list)
{
    search_tree_free(&list->tree, compare_prefixes);
    free(list->items);
    *list = (struct addr_list){0};
}

bool whitelist_has_addr(const struct addr_list *list, const struct addr *addr)
{
    const struct addr_prefix whole = {.base = *addr, .bits = addr->family == ADDR_V4 ? 32 : 128};

    return addr->family != ADDR_NONE && search_tree_find(&list->tree, &whole, compare_prefixes) != NULL;
}

/* ---- NAT ---- */

/* The tree's entries are rules, in the order of the addresses that they are for. */
static int compare_rules(const void *left, const void *right)
{
    const struct nat_rule *a = left, *b = right;

    if (a->from.family != b->from.family)
        return a->from.family < b->from.family ? -1 : 1;
    return memcmp(a->from.bytes, b->from.bytes, sizeof a->from.bytes);
}

/* Adds a rule to the tree, or gives the one for this address its target. */
static bool translate(struct search_tree *tree, const struct nat_rule *rule)
{
    struct nat_rule *known = search_tree_find(tree, rule, compare_rules);
    struct nat_rule *copy = known != NULL ? known : malloc(sizeof *copy);

    if (copy == NULL)
        return false;
    *copy = *rule;
    if (known != NULL || search_tree_add(tree, copy, compare_rules))
        return true;
    free(copy);
    return false;
}

bool nat_list_add(struct nat_list *list, const struct nat_rule *rule)
{
    struct nat_rule *items = grown_items(list->items, list->count, sizeof *items);

    if (items == NULL)
        return false;
    list->items = items;
    if (!translate(&list->tree, rule))
        return false;
    items[list->count++] = *rule;
    return true;
}

void nat_list_free(struct nat_list *list)
{
    search_tree_free(&list->tree, compare_rules);
    free(list->items);
    *list = (struct nat_list){0};
}

struct addr nat_translate(const struct nat_list *list, const struct addr *client)
{
    const struct nat_rule key = {.from = *client};
    const struct nat_rule *rule = search_tree_find(&list->tree, &key, compare_rules);

    return rule != NULL ? rule->to : *client;
}

/* ---- Texts ---- */

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

typedef bool (*add_pattern)(struct pattern_index *index, const char *pattern, size_t number);

/* Adds a text, and the pattern that it is to the index. */
static bool add_both(struct text_list *texts, struct pattern_index *index, const char *pattern, add_pattern add)
{
    if (!text_list_add(texts, pattern))
        return false;
    if (add(index, pattern, texts->count))
        return true;
    free(texts->items[--texts->count]);
    return false;
}

bool host_list_add(struct host_list *list, const char *pattern)
{
    return add_both(&list->texts, &list->index, pattern, pattern_index_add_host);
}

void host_list_free(struct host_list *list)
{
    text_list_free(&list->texts);
    pattern_index_free(&list->index);
}

bool mailbox_list_add(struct mailbox_list *list, const char *pattern)
{
    return add_both(&list->texts, &list->index, pattern, pattern_index_add_mailbox);
}

void mailbox_list_free(struct mailbox_list *list)
{
    text_list_free(&list->texts);
    pattern_index_free(&list->index);
}

bool whitelist_has_host(const struct host_list *list, const char *name)
{
    return pattern_index_find_host(&list->index, name, true) > 0;
}

bool whitelist_has_exact_host(const struct host_list *list, const char *name)
{
    return pattern_index_find_host(&list->index, name, false) > 0;
}

bool whitelist_has_mailbox(const struct mailbox_list *list, const struct address *address)
{
    return pattern_index_find_mailbox(&list->index, address) > 0;
}
