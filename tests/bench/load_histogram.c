/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A histogram whose buckets double their width with each power of two. */
#include "load_histogram.h"

static unsigned bucket_of(uint64_t ns)
{
    unsigned shift = 0;

    while (ns >> shift >= 2U << HISTOGRAM_STEP_BITS)
        shift++;
    return (shift << HISTOGRAM_STEP_BITS) + (unsigned)(ns >> shift);
}

/* The largest time in a bucket. */
static double bucket_end_ns(unsigned bucket)
{
    unsigned shift = bucket >> HISTOGRAM_STEP_BITS;

    if (shift < 2)
        return bucket;
    shift--;
    return (double)((uint64_t)(bucket - (shift << HISTOGRAM_STEP_BITS) + 1) << shift);
}

void histogram_add(struct histogram *histogram, int64_t ns)
{
    unsigned bucket = bucket_of(ns > 0 ? (uint64_t)ns : 0);

    histogram->count++;
    histogram->buckets[bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1]++;
    if (ns > histogram->max_ns)
        histogram->max_ns = ns;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    into->count += from->count;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
}

double histogram_percentile_ms(const struct histogram *histogram, double percent)
{
    double wanted = (double)histogram->count * percent / 100, seen = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS && histogram->count > 0; i++) {
        seen += histogram->buckets[i];
        if (seen >= wanted)
            return bucket_end_ns(i) / 1e6;
    }
    return 0;
}
