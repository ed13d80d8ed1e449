/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of results for some addresses: how the list grows, and what is found in it. */
#include "policy/rules.h"

#include "policy/whitelist.h"

#include <stdlib.h>
#include <string.h>

bool rule_list_add(struct rule_list *list, const char *pattern, result_set refused)
{
    char *copy = strdup(pattern);
    struct rule *items = realloc(list->items, (list->count + 1) * sizeof *items);

    if (items != NULL)
        list->items = items;
    if (copy == NULL || items == NULL) {
        free(copy);
        return false;
    }
    items[list->count++] = (struct rule){.pattern = copy, .refused = refused};
    return true;
}

void rule_list_free(struct rule_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].pattern);
    free(list->items);
    *list = (struct rule_list){0};
}

bool rule_list_find(const struct rule_list *list, const struct address *address, result_set *refused)
{
    for (size_t i = address != NULL ? list->count : 0; i > 0; i--) {
        const struct text_list pattern = {.items = &list->items[i - 1].pattern, .count = 1};

        if (whitelist_has_mailbox(&pattern, address)) {
            *refused = list->items[i - 1].refused;
            return true;
        }
    }
    return false;
}
