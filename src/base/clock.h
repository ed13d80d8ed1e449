/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time, handed in where it is needed so that tests own it. */
#ifndef SMF_BASE_CLOCK_H
#define SMF_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

struct clock {
    int64_t (*monotonic_ms)(void *context); /* milliseconds since some fixed moment; never goes back */
    int64_t (*unix_s)(void *context);       /* seconds since 1970, for the %{t} macro (RFC 7208 7.2) */
    void *context;
};

/* The system's clock. Lives as long as the program. */
extern const struct clock clock_system;

int64_t clock_monotonic_ms(const struct clock *clock);
int64_t clock_unix_s(const struct clock *clock);

/* The moment `delay_ms` (0 or more) from now on the system's CLOCK_MONOTONIC, whatever clock the caller goes by: for
 * waits of threads. */
struct timespec clock_moment_after(int64_t delay_ms);

#endif
