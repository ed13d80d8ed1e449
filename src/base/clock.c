/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system's clock, as the interface that tests replace. */
#include "base/clock.h"

#include <stddef.h>

static int64_t system_monotonic_ms(void *context)
{
    struct timespec now;

    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_unix_s(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

const struct clock clock_system = {.monotonic_ms = system_monotonic_ms, .unix_s = system_unix_s};

int64_t clock_monotonic_ms(const struct clock *clock)
{
    return clock->monotonic_ms(clock->context);
}

int64_t clock_unix_s(const struct clock *clock)
{
    return clock->unix_s(clock->context);
}

struct timespec clock_moment_after(int64_t delay_ms)
{
    struct timespec moment;
    int64_t ns;

    clock_gettime(CLOCK_MONOTONIC, &moment);
    ns = moment.tv_nsec + delay_ms % 1000 * 1000000;
    moment.tv_sec += (time_t)(delay_ms / 1000 + ns / 1000000000);
    moment.tv_nsec = (long)(ns % 1000000000);
    return moment;
}
