/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of who is not checked: pure lookups in what config read. */
#ifndef SMF_POLICY_WHITELIST_H
#define SMF_POLICY_WHITELIST_H

#include "base/addr.h"
#include "mail/address.h"

#include <stdbool.h>
#include <stddef.h>

struct addr_list {
    struct addr_prefix *items;
    size_t count;
};

/* Texts as they were written; the lookups compare them without case, and domains as A-labels (RFC 5891 4). */
struct text_list {
    char **items;
    size_t count;
};

struct nat_rule {
    struct addr from, to;
};

struct nat_list {
    struct nat_rule *items;
    size_t count;
};

/* Each _add appends and takes a copy; false, with the list as it was, if out of memory. Each _free empties. */
bool addr_list_add(struct addr_list *list, const struct addr_prefix *prefix);
void addr_list_free(struct addr_list *list);
bool text_list_add(struct text_list *list, const char *text);
void text_list_free(struct text_list *list);
bool nat_list_add(struct nat_list *list, const struct nat_rule *rule);
void nat_list_free(struct nat_list *list);

/* True if a prefix of the list contains `addr`; never for ADDR_NONE. */
bool whitelist_has_addr(const struct addr_list *list, const struct addr *addr);

/* True if `name` (any case, a trailing dot ignored) equals an item or lies below it on a label boundary; an item with a
 * leading dot holds only what is below. */
bool whitelist_has_host(const struct text_list *list, const char *name);

/* The same, but an item without a leading dot holds that name alone: for names that nobody verified, and where what is
 * below may belong to others. */
bool whitelist_has_exact_host(const struct text_list *list, const char *name);

/* True if a pattern of the list covers the address: `user@example.org` that address, `user@` that local part,
 * `@example.org` that domain,
 * `@.example.org` that domain and below, a pattern without @: a substring of the whole address. Compared without case.
 */
bool whitelist_has_mailbox(const struct text_list *list, const struct address *address);

/* The address that `client` is to be checked as: its NAT rule's target, else itself. The last rule for it counts. */
struct addr nat_translate(const struct nat_list *list, const struct addr *client);

#endif
