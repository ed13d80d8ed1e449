/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages by hour. Plain data. */
#ifndef SMF_TOOLS_REPORT_TIMELINE_H
#define SMF_TOOLS_REPORT_TIMELINE_H

#include "tools/report/log_entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TIMELINE_BINS_MAX = 60 };

/* What came in a span of time. */
struct timeline_bin {
    int64_t start_s;
    uint64_t messages, results[RESULT_COUNT], refused, deferred;
};

struct timeline;

struct timeline *timeline_create(void);           /* NULL if out of memory */
void timeline_destroy(struct timeline *timeline); /* NULL is fine */

/* Counts a message. False for one without a time, or more than 400 days away from the first. `check`: its result; NULL
 * if it has none. */
bool timeline_add(struct timeline *timeline, const struct log_entry *message, const struct entry_check *check);

/* Adds the hours up to at most TIMELINE_BINS_MAX bins, in order and of equal length, from the first hour with a message
 * to the last. Returns how many there are, and their length. */
size_t timeline_bins(const struct timeline *timeline, struct timeline_bin bins[TIMELINE_BINS_MAX], int64_t *step_s);

#endif
