/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results that are refused for some addresses instead of those for all others. Pure lookups in what config read. */
#ifndef SMF_POLICY_RULES_H
#define SMF_POLICY_RULES_H

#include "mail/address.h"
#include "mail/result.h"
#include "policy/pattern_index.h"

#include <stdbool.h>
#include <stddef.h>

/* Addresses, as a pattern that whitelist_has_mailbox takes, and the results that are refused for them. */
struct rule {
    char *pattern;
    result_set refused;
};

struct rule_list {
    struct rule *items;
    size_t count;
    result_set refused;         /* by some rule */
    struct pattern_index index; /* a rule's number is its place, from 1 */
};

/* Appends a rule, with a copy of the pattern. False, with the list as it was, if out of memory. */
bool rule_list_add(struct rule_list *list, const char *pattern, result_set refused);
void rule_list_free(struct rule_list *list); /* empties it */

/* Finds the rule for an address (NULL: for none); the last one that covers it counts. False, with *refused untouched,
 * if there is none. */
bool rule_list_find(const struct rule_list *list, const struct address *address, result_set *refused);

#endif
