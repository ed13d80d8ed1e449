/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts the rows of a store. */
#include "tools/greylist/greylist_counts.h"

#include <stdlib.h>

enum { ROOM_FIRST = 1024 };

static bool make_room(struct greylist_counts *counts)
{
    const size_t room = counts->wait_room > 0 ? 2 * counts->wait_room : ROOM_FIRST;
    uint32_t *waits;

    if (counts->wait_count < counts->wait_room)
        return true;
    waits = realloc(counts->waits_s, room * sizeof *waits);
    counts->no_memory |= waits == NULL;
    if (waits == NULL)
        return false;
    counts->waits_s = waits;
    counts->wait_room = room;
    return true;
}

void greylist_counts_add(struct greylist_counts *counts, const struct backend_row *row,
                         const struct greylist_view *view)
{
    const enum greylist_row_state state = greylist_row_state(row, view);
    const int64_t waited_s = greylist_row_waited_s(row);

    if (row->is_sender)
        counts->senders[state]++;
    else
        counts->entries[state]++;
    if (waited_s >= 0 && make_room(counts))
        counts->waits_s[counts->wait_count++] = waited_s < UINT32_MAX ? (uint32_t)waited_s : UINT32_MAX;
}

static int compare(const void *a, const void *b)
{
    const uint32_t *first = a, *second = b;

    return (*first > *second) - (*first < *second);
}

void greylist_counts_sort(struct greylist_counts *counts)
{
    if (counts->wait_count > 1)
        qsort(counts->waits_s, counts->wait_count, sizeof *counts->waits_s, compare);
}

uint32_t greylist_counts_wait(const struct greylist_counts *counts, unsigned percent)
{
    const size_t count = counts->wait_count, rank = (count * percent + 99) / 100; /* from 1 */

    return count > 0 ? counts->waits_s[rank > 0 ? rank - 1 : 0] : 0;
}

void greylist_counts_free(struct greylist_counts *counts)
{
    free(counts->waits_s);
    *counts = (struct greylist_counts){.no_memory = counts->no_memory};
}
