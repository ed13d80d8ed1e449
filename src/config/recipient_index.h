/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the RecipientPolicy of a recipient among any number of them, without a look at each. */
#ifndef SMF_CONFIG_RECIPIENT_INDEX_H
#define SMF_CONFIG_RECIPIENT_INDEX_H

#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>

struct recipient_index;

/* Builds one of the patterns of these, each with an @; NULL if out of memory, or if the system has no random octets. It
 * refers to nothing of them afterwards. */
struct recipient_index *recipient_index_create(const struct recipient_policies *policies);
void recipient_index_destroy(struct recipient_index *index); /* NULL is fine */

/* The number of the last one that covers the address as whitelist_has_mailbox has it, counted from 1; 0: none does. Any
 * thread. Takes as many steps as its domain has labels. */
size_t recipient_index_find(const struct recipient_index *index, const struct address *address);

#endif
