/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts by hour around the first message, and their sums. */
#include "tools/report/timeline.h"

#include "base/calendar.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOUR_S = 3600, HALF = 400 * 24, HOURS = 2 * HALF };

struct hour {
    uint32_t messages, results[RESULT_COUNT], refused, deferred;
};

struct timeline {
    bool is_begun;
    int64_t base; /* the first hour that there is room for, in hours since 1970 */
    size_t first, last;
    struct hour hours[HOURS];
};

struct timeline *timeline_create(void)
{
    return calloc(1, sizeof(struct timeline));
}

void timeline_destroy(struct timeline *timeline)
{
    free(timeline);
}

static void note_range(struct timeline *timeline, size_t at)
{
    if (!timeline->is_begun || at < timeline->first)
        timeline->first = at;
    if (!timeline->is_begun || at > timeline->last)
        timeline->last = at;
    timeline->is_begun = true;
}

bool timeline_add(struct timeline *timeline, const struct log_entry *message, const struct entry_check *check)
{
    const int64_t hour = message->time_s / HOUR_S;
    struct hour *at;

    if (message->time_s < 0)
        return false;
    if (!timeline->is_begun)
        timeline->base = hour - HALF;
    if (hour < timeline->base || hour >= timeline->base + HOURS)
        return false;
    note_range(timeline, (size_t)(hour - timeline->base));
    at = &timeline->hours[hour - timeline->base];
    at->messages++;
    if (check != NULL)
        at->results[check->result]++;
    at->refused += message->fate == FATE_REFUSED;
    at->deferred += message->fate == FATE_DEFERRED;
    return true;
}

/* The shortest usual span of which few enough cover the range, in hours. */
static int64_t step_for(int64_t hours)
{
    static const int steps[] = {1, 2, 3, 6, 12, 24, 48, 168, 336, 672};
    size_t i = 0;

    while (i + 1 < sizeof steps / sizeof *steps && hours / steps[i] + 2 > TIMELINE_BINS_MAX)
        i++;
    return steps[i];
}

/* Local time's hours ahead of UTC: days begin at midnight here. */
static int64_t zone_hours(int64_t hour)
{
    const int64_t moment = hour * HOUR_S;
    struct tm local, utc;

    if (!calendar_local(moment, &local) || !calendar_utc(moment, &utc))
        return 0;
    utc.tm_isdst = local.tm_isdst;
    return (calendar_from_local(&local) - calendar_from_local(&utc)) / HOUR_S;
}

size_t timeline_bins(const struct timeline *timeline, struct timeline_bin bins[TIMELINE_BINS_MAX], int64_t *step_s)
{
    const int64_t first = timeline->base + (int64_t)timeline->first, zone = zone_hours(first);
    const int64_t step = step_for((int64_t)(timeline->last - timeline->first) + 1);
    const int64_t start = (first + zone) / step * step - zone;
    size_t count = 0;

    *step_s = step * HOUR_S;
    if (!timeline->is_begun)
        return 0;
    for (size_t i = timeline->first; i <= timeline->last; i++) {
        const struct hour *hour = &timeline->hours[i];
        const size_t at = (size_t)((timeline->base + (int64_t)i - start) / step);

        while (count <= at)
            bins[count] = (struct timeline_bin){.start_s = (start + (int64_t)count * step) * HOUR_S}, count++;
        bins[at].messages += hour->messages;
        bins[at].refused += hour->refused;
        bins[at].deferred += hour->deferred;
        for (int result = 0; result < RESULT_COUNT; result++)
            bins[at].results[result] += hour->results[result];
    }
    return count;
}
