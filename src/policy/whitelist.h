/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of who is not checked: pure lookups in what config read, none of which looks at each item. */
#ifndef SMF_POLICY_WHITELIST_H
#define SMF_POLICY_WHITELIST_H

#include "base/addr.h"
#include "base/search_tree.h"
#include "mail/address.h"
#include "policy/pattern_index.h"

#include <stdbool.h>
#include <stddef.h>

/* Lists have their items in the order in which they were added, as they were written, beside what finds them. Zeroed, a
 * list is empty. */
struct addr_list {
    struct addr_prefix *items;
    size_t count;
    struct search_tree tree; /* of the items that are in no other one */
};

struct text_list {
    char **items;
    size_t count;
};

/* Patterns of host names, and of addresses. The lookups compare them without case, and domains as A-labels (RFC 5891
 * 4). */
struct host_list {
    struct text_list texts;
    struct pattern_index index;
};

struct mailbox_list {
    struct text_list texts;
    struct pattern_index index;
};

struct nat_rule {
    struct addr from, to;
};

struct nat_list {
    struct nat_rule *items;
    size_t count;
    struct search_tree tree; /* of the last rule for each address */
};

/* Each _add appends and takes a copy; false, with the items as they were, if out of memory: addresses in a prefix that
 * was to be added may no longer be found then. Each _free empties. */
bool addr_list_add(struct addr_list *list, const struct addr_prefix *prefix);
void addr_list_free(struct addr_list *list);
bool text_list_add(struct text_list *list, const char *text);
void text_list_free(struct text_list *list);
bool host_list_add(struct host_list *list, const char *pattern);
void host_list_free(struct host_list *list);
bool mailbox_list_add(struct mailbox_list *list, const char *pattern);
void mailbox_list_free(struct mailbox_list *list);
bool nat_list_add(struct nat_list *list, const struct nat_rule *rule);
void nat_list_free(struct nat_list *list);

/* True if a prefix of the list contains `addr`; never for ADDR_NONE. */
bool whitelist_has_addr(const struct addr_list *list, const struct addr *addr);

/* True if `name` (any case, a trailing dot ignored) equals an item or lies below it on a label boundary; an item with a
 * leading dot holds only what is below. */
bool whitelist_has_host(const struct host_list *list, const char *name);

/* The same, but an item without a leading dot holds that name alone: for names that nobody verified, and where what is
 * below may belong to others. */
bool whitelist_has_exact_host(const struct host_list *list, const char *name);

/* True if a pattern of the list covers the address: `user@example.org` that address, `user@` that local part,
 * `@example.org` that domain, `@.example.org` that domain and below, a pattern without @: a substring of the whole
 * address. Compared without case. */
bool whitelist_has_mailbox(const struct mailbox_list *list, const struct address *address);

/* The address that `client` is to be checked as: its NAT rule's target, else itself. The last rule for it counts. */
struct addr nat_translate(const struct nat_list *list, const struct addr *client);

#endif
