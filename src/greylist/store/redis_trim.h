/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps a Redis database within its bound: the server deletes what is over, but knows no number of keys. */
#ifndef SMF_GREYLIST_STORE_REDIS_TRIM_H
#define SMF_GREYLIST_STORE_REDIS_TRIM_H

#include "greylist/store/backend.h"
#include "greylist/store/redis_scan.h"
#include "greylist/store/waiting_window.h"

#include <stdbool.h>
#include <stdint.h>

struct redis_bound {
    const char *prefix;
    uint64_t max;
    struct waiting_window window;
};

/* Counts the keys of the database, others' too: a database that only greylisting uses is counted exactly. If there are
 * as many as `max` or more, looks at the next few, and goes by what share of them is ours: *is_crowded says whether
 * ours are as many. Then those go that are too late or over soon, and of what is too much those who do not wait, at
 * most the half of those that it looks at; there is more to delete if it is not enough. `scan` goes on where the last
 * call left off; zeroed at first. False, with what is wrong appended to `problem`. */
bool redis_trim(struct redis_scan *scan, struct redis_link *link, const struct redis_bound *bound,
                struct backend_expiry *expiry, bool *is_crowded, struct strbuf *problem);

#endif
