/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C library is asked about years that any time_t holds. Another year is asked about as its twin, a year of as many
 * days that begins on the same weekday: each date of it has the weekday, and by the zone's rules the hours, of the same
 * date there. */
#include "base/calendar.h"

#include <stddef.h>

enum {
    DAY_S = 86400,
    DAYS_TO_1970 = 719162, /* from 0001-01-01 */
    TM_YEAR_0 = 1900,      /* which struct tm counts from */
    HELD_FIRST = 1902,     /* years that 32 bits hold as a whole, in each zone */
    HELD_LAST = 2037,
    TWIN_FIRST = 2010, /* to HELD_LAST: 28 years without an exception have each kind of year */
};

static int64_t days_before(int year)
{
    const int64_t whole = year - 1;

    return whole * 365 + whole / 4 - whole / 100 + whole / 400 - DAYS_TO_1970;
}

static int64_t seconds_between(int from, int to)
{
    return (days_before(to) - days_before(from)) * DAY_S;
}

static int days_of(int year)
{
    return (int)(days_before(year + 1) - days_before(year));
}

static int year_of(int64_t time_s)
{
    int year = 1970 + (int)(time_s / DAY_S / (time_s < 0 ? 365 : 366)) - 1; /* never too late */

    while (days_before(year + 1) * DAY_S <= time_s)
        year++;
    return year;
}

static int twin_of(int year)
{
    int twin = TWIN_FIRST;

    if (year >= HELD_FIRST && year <= HELD_LAST)
        return year;
    while (twin < HELD_LAST && (days_of(twin) != days_of(year) || (days_before(year) - days_before(twin)) % 7 != 0))
        twin++;
    return twin;
}

/* A local date may be of the year before, whose 31 December is not the twin's in each case. */
static void move_year(struct tm *parts, int years)
{
    const int from = parts->tm_year + TM_YEAR_0;

    if (parts->tm_mon > 1)
        parts->tm_yday += days_of(from + years) - days_of(from);
    parts->tm_year += years;
}

static bool split(int64_t time_s, struct tm *parts, struct tm *(*convert)(const time_t *, struct tm *))
{
    time_t moment;
    int year, twin;

    if (time_s < days_before(CALENDAR_FIRST_YEAR) * DAY_S || time_s >= days_before(CALENDAR_LAST_YEAR + 1) * DAY_S)
        return false;
    year = year_of(time_s);
    twin = twin_of(year);
    moment = (time_t)(time_s - seconds_between(twin, year));
    if (convert(&moment, parts) == NULL)
        return false;
    move_year(parts, year - twin);
    return true;
}

bool calendar_local(int64_t time_s, struct tm *parts)
{
    return split(time_s, parts, localtime_r);
}

bool calendar_utc(int64_t time_s, struct tm *parts)
{
    return split(time_s, parts, gmtime_r);
}

int64_t calendar_from_local(const struct tm *parts)
{
    const int year = parts->tm_year + TM_YEAR_0, twin = twin_of(year);
    struct tm moved = *parts;

    moved.tm_year = twin - TM_YEAR_0;
    return (int64_t)mktime(&moved) + seconds_between(twin, year);
}
