/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Balanced trees of entries, found in as many steps as their number has binary digits: POSIX's tsearch, without its
 * pointers to pointers. They grow one by one, and need neither a seed nor room in advance. Plain data, without a lock:
 * any number of threads may look for entries while nobody changes the tree. */
#ifndef SMF_BASE_SEARCH_TREE_H
#define SMF_BASE_SEARCH_TREE_H

#include <stdbool.h>

/* Says whether one entry, or the key of one, stands before (< 0), at (0) or after another; an order for all that are in
 * the tree at a time. */
typedef int (*search_tree_order)(const void *, const void *);

/* Zeroed, it is empty. */
struct search_tree {
    void *root;
};

/* The entry at `key`, NULL if there is none. */
void *search_tree_find(const struct search_tree *tree, const void *key, search_tree_order order);

/* Adds an entry, one allocation that belongs to the tree from then on. There must be none at its place. False, with the
 * tree as it was and the entry still the caller's, if out of memory. */
bool search_tree_add(struct search_tree *tree, void *entry, search_tree_order order);

/* Takes the entry at `key`, which must be there, out of the tree and frees it. */
void search_tree_remove(struct search_tree *tree, const void *key, search_tree_order order);

/* Frees all entries; the tree is empty. */
void search_tree_free(struct search_tree *tree, search_tree_order order);

#endif
