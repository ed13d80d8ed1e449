/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of results for some addresses: how the list grows, and what is found in it. */
#include "policy/rules.h"

#include <stdlib.h>
#include <string.h>

bool rule_list_add(struct rule_list *list, const char *pattern, result_set refused)
{
    struct rule *items = realloc(list->items, (list->count + 1) * sizeof *items);

    if (items == NULL)
        return false;
    list->items = items;
    items[list->count] = (struct rule){.pattern = strdup(pattern), .refused = refused};
    if (items[list->count].pattern == NULL)
        return false;
    if (!pattern_index_add_mailbox(&list->index, pattern, list->count + 1)) {
        free(items[list->count].pattern);
        return false;
    }
    list->count++;
    list->refused |= refused;
    return true;
}

void rule_list_free(struct rule_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].pattern);
    free(list->items);
    pattern_index_free(&list->index);
    *list = (struct rule_list){0};
}

bool rule_list_find(const struct rule_list *list, const struct address *address, result_set *refused)
{
    const size_t number = address != NULL ? pattern_index_find_mailbox(&list->index, address) : 0;

    if (number > 0)
        *refused = list->items[number - 1].refused;
    return number > 0;
}
