/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of what the program did. */
#include "base/stats.h"

#include <stdatomic.h>

static _Atomic uint64_t counters[STATS_COUNT];

static const char *const names[STATS_COUNT] = {
#define STATS_ROW(id, name) [id] = (name),
    STATS_TABLE(STATS_ROW)
#undef STATS_ROW
};

void stats_add(enum stats_counter counter, uint64_t n)
{
    if (n > 0)
        atomic_fetch_add_explicit(&counters[counter], n, memory_order_relaxed);
}

uint64_t stats_get(enum stats_counter counter)
{
    return atomic_load_explicit(&counters[counter], memory_order_relaxed);
}

const char *stats_name(enum stats_counter counter)
{
    return names[counter];
}
