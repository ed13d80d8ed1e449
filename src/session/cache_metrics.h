/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics of the caches: that of the results, and that of the DNS. */
#ifndef SMF_SESSION_CACHE_METRICS_H
#define SMF_SESSION_CACHE_METRICS_H

#include "base/metrics_text.h"
#include "base/ttl_cache.h"

#include <stddef.h>

struct cache_state {
    struct ttl_cache_stats results;
    size_t results_limit, dns_limit; /* octets */
};

/* Appends the families. libunbound tells neither how much it caches nor what it drops, so those have no sample for the
 * DNS. */
void cache_metrics_write(struct metrics_text *text, const struct cache_state *state);

#endif
