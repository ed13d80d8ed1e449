/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `smf-spf greylist stats`: what is counted of the rows of a store. Pure. */
#ifndef SMF_TOOLS_GREYLIST_GREYLIST_COUNTS_H
#define SMF_TOOLS_GREYLIST_GREYLIST_COUNTS_H

#include "tools/greylist/greylist_row.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct greylist_counts {
    uint64_t entries[ROW_STATE_COUNT], senders[ROW_STATE_COUNT];
    uint32_t *waits_s; /* of those whose wait is known; in order once they are sorted */
    size_t wait_count, wait_room;
    bool no_memory;
};

/* Counts one row. Begin with zeroes. */
void greylist_counts_add(struct greylist_counts *counts, const struct backend_row *row,
                         const struct greylist_view *view);

/* Puts the waits in order; before greylist_counts_wait. */
void greylist_counts_sort(struct greylist_counts *counts);

/* The wait that `percent` of all do not exceed, in seconds; 0 if none is known. */
uint32_t greylist_counts_wait(const struct greylist_counts *counts, unsigned percent);

void greylist_counts_free(struct greylist_counts *counts);

#endif
