/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long something took: a histogram with fixed buckets. Lock-free. */
#ifndef SMF_BASE_HISTOGRAM_H
#define SMF_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 13 };

/* Upper bounds of the buckets in microseconds, rising; the last bucket has none. */
extern const uint64_t histogram_bounds_us[HISTOGRAM_BOUNDS];

/* Zeroed: empty. */
struct histogram {
    _Atomic uint64_t buckets[HISTOGRAM_BOUNDS + 1]; /* each value is in one of them */
    _Atomic uint64_t sum_us;
};

/* Adds one value. Any thread. */
void histogram_add(struct histogram *histogram, uint64_t value_us);

/* Microseconds since some fixed moment; never goes back. */
uint64_t histogram_now_us(void);

#endif
