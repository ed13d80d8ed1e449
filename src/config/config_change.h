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

#endif
