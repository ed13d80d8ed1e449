/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times, kept in steps of at most 1.6 %, so that any number of them takes the same memory. */
#ifndef BENCH_LOAD_HISTOGRAM_H
#define BENCH_LOAD_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_STEP_BITS = 6, HISTOGRAM_BUCKETS = 64 << HISTOGRAM_STEP_BITS };

/* Zeroed: empty. */
struct histogram {
    uint64_t count;
    int64_t max_ns;
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, int64_t ns);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The time that `percent` of all do not exceed, in milliseconds; 0 where there is none. */
double histogram_percentile_ms(const struct histogram *histogram, double percent);

#endif
