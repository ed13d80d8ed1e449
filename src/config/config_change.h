/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between two configurations, for a reload. */
#ifndef SMF_CONFIG_CONFIG_CHANGE_H
#define SMF_CONFIG_CONFIG_CHANGE_H

#include "base/strbuf.h"
#include "config/config.h"

#include <stdbool.h>

/* True if all options are the same. Out of memory they are not. */
bool config_is_same(const struct config *a, const struct config *b);

/* The same for what answers DNS queries, and so for what is cached of it: the file of ZoneFile may have changed. */
bool config_has_same_dns(const struct config *a, const struct config *b);

/* Appends the keys that differ and that only a new start can change, separated by ", ". Returns how many there are. */
size_t config_restart_keys(const struct config *a, const struct config *b, struct strbuf *out);

/* The key of the first option from *next on, in the order of the table, that differs; *next is the one after it. NULL:
 * there is none. Begin with *next 0. Out of memory *failed is set, and an option counts as changed. */
const char *config_changed_key(const struct config *a, const struct config *b, size_t *next, bool *failed);

#endif
