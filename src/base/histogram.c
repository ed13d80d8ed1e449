/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Histograms with fixed buckets. */
#include "base/histogram.h"

#include <time.h>

const uint64_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {1000,   2500,   5000,    10000,   25000,   50000,  100000,
                                                        250000, 500000, 1000000, 2500000, 5000000, 8000000};

void histogram_add(struct histogram *histogram, uint64_t value_us)
{
    int n = 0;

    while (n < HISTOGRAM_BOUNDS && value_us > histogram_bounds_us[n])
        n++;
    atomic_fetch_add_explicit(&histogram->buckets[n], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, value_us, memory_order_relaxed);
}

uint64_t histogram_now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}
