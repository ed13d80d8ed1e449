/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps a Redis database within its bound: the server deletes what is over, but knows no number of keys. */
#ifndef SMF_GREYLIST_STORE_REDIS_TRIM_H
#define SMF_GREYLIST_STORE_REDIS_TRIM_H

#include "greylist/store/backend.h"
#include "greylist/store/redis_scan.h"

#include <stdint.h>

/* Counts the keys of the database, others' too: a database that only greylisting uses is counted exactly. If there are
 * more than `max`, looks at the next few, goes by what share of them is ours, and deletes the half of ours that is over
 * first, or fewer if that is enough; there is more to delete if it is not. `scan` goes on where the last call left off;
 * zeroed at first. False, with what is wrong appended to `problem`. */
bool redis_trim(struct redis_scan *scan, struct redis_link *link, const char *prefix, uint64_t max,
                struct backend_expiry *expiry, struct strbuf *problem);

#endif
