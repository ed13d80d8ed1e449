/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of search.h, of which each node begins with a pointer to its entry (POSIX.1-2008, tsearch). */
#include "base/search_tree.h"

#include <search.h>
#include <stdlib.h>

void *search_tree_find(const struct search_tree *tree, const void *key, search_tree_order order)
{
    void *const *node = (void *const *)tfind(key, &tree->root, order);

    return node != NULL ? *node : NULL;
}

bool search_tree_add(struct search_tree *tree, void *entry, search_tree_order order)
{
    return tsearch(entry, &tree->root, order) != NULL;
}

void search_tree_remove(struct search_tree *tree, const void *key, search_tree_order order)
{
    void *entry = search_tree_find(tree, key, order);

    (void)tdelete(entry, &tree->root, order);
    free(entry);
}

void search_tree_free(struct search_tree *tree, search_tree_order order)
{
    while (tree->root != NULL)
        search_tree_remove(tree, *(void **)tree->root, order);
}
