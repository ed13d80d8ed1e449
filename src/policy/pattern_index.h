/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns of addresses or of host names, found without a look at each: a lookup takes a few steps for each label of
 * the name, however many patterns there are. Pure; any thread, while nothing is added. */
#ifndef SMF_POLICY_PATTERN_INDEX_H
#define SMF_POLICY_PATTERN_INDEX_H

#include "base/search_tree.h"
#include "mail/address.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed, it is empty. It is one of addresses or of hosts, never both. */
struct pattern_index {
    struct search_tree tree;
    unsigned kinds; /* of the patterns in it, a bit each */
};

/* Adds a pattern of addresses, as config_form_check_mailbox_pattern knows them and whitelist.h says what they mean; or
 * of hosts: a name, or a dot and a name. `number` is above 0. False, with nothing found that was not before, if out of
 * memory. It refers to nothing of `pattern` afterwards. */
bool pattern_index_add_mailbox(struct pattern_index *index, const char *pattern, size_t number);
bool pattern_index_add_host(struct pattern_index *index, const char *pattern, size_t number);

void pattern_index_free(struct pattern_index *index); /* empties it */

/* The highest number among the patterns that cover the address; 0: none does. */
size_t pattern_index_find_mailbox(const struct pattern_index *index, const struct address *address);

/* The same for a host name (any case, a trailing dot ignored). A name in the index stands for itself, and for what is
 * below if `with_below`; a dot and a name only for what is below. */
size_t pattern_index_find_host(const struct pattern_index *index, const char *name, bool with_below);

#endif
