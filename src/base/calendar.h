/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dates of the Gregorian calendar, whatever time_t holds: where it has 32 bits it ends in January 2038, but logs, and
 * who asks for some of their lines, may name any date. Pure but for the zone of the process (TZ); any thread. */
#ifndef SMF_BASE_CALENDAR_H
#define SMF_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { CALENDAR_FIRST_YEAR = 1900, CALENDAR_LAST_YEAR = 9999 };

/* A moment, in seconds since 1970-01-01 UTC, as date and time by local time or UTC. False, with nothing to be read in
 * `parts`, if its year in UTC is none of those above. The zone's rules of 2037 last for ever. */
bool calendar_local(int64_t time_s, struct tm *parts);
bool calendar_utc(int64_t time_s, struct tm *parts);

/* The moment of a local date and time in one of these years, in seconds since 1970-01-01 UTC; parts out of their range
 * and tm_isdst are as for mktime. */
int64_t calendar_from_local(const struct tm *parts);

#endif
