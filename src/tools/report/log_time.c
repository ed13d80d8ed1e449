/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the times of log lines. */
#include "tools/report/log_time.h"

#include "base/calendar.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    HOUR_S = 3600,
    DAY_S = 86400,
    OLD_LEN = 15,
    OLD_HOUR_LEN = 9,
    ISO_LEN = 19,
    ISO_HOUR_LEN = 13,
    WEEKDAY_LEN = 4, /* "Sat " */
    UNIX_LEN = 10,   /* digits of seconds since 1970, from 2001 to 2286 */
};

/* Two digits as a number; -1 if they are none. */
static int two_digits(const char *text)
{
    if (!isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]))
        return -1;
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* Minutes and seconds in "MM:SS" as seconds; -1 if that is not there. */
static int seconds_of_hour(const char *text)
{
    const int minutes = two_digits(text), seconds = two_digits(text + 3);

    if (minutes < 0 || minutes > 59 || text[2] != ':' || seconds < 0 || seconds > 60)
        return -1;
    return minutes * 60 + seconds;
}

static int month_of(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++)
        if (memcmp(months + (size_t)i * 3, text, 3) == 0)
            return i;
    return -1;
}

/* Days from 1970-01-01 to this date of the Gregorian calendar: years that begin in March have their leap day last. */
static int64_t days_to(int year, int month, int day)
{
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static int64_t local_time(int year, int month, int day, int hour)
{
    struct tm local = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = day, .tm_hour = hour, .tm_isdst = -1};

    return calendar_from_local(&local);
}

/* When the hour in "Nov 28 02" began, in the last year in which that is not in the future. */
static bool old_hour(const struct log_time *reader, const char *text, int64_t *hour_s)
{
    const int month = month_of(text), hour = two_digits(text + 7);
    const int day = text[4] == ' ' && isdigit((unsigned char)text[5]) ? text[5] - '0' : two_digits(text + 4);
    struct tm local;

    if (month < 0 || day < 1 || day > 31 || hour < 0 || hour > 23 || text[3] != ' ' || text[6] != ' ' ||
        !calendar_local(reader->now_s, &local))
        return false;
    *hour_s = local_time(local.tm_year + 1900, month, day, hour);
    if (*hour_s > reader->now_s + DAY_S) /* a clock may be wrong, by less than a day */
        *hour_s = local_time(local.tm_year + 1899, month, day, hour);
    return true;
}

static size_t read_old(struct log_time *reader, const char *text, size_t len, int64_t *time_s)
{
    int seconds;

    if (len < OLD_LEN || text[OLD_HOUR_LEN] != ':')
        return 0;
    seconds = seconds_of_hour(text + OLD_HOUR_LEN + 1);
    if (seconds < 0)
        return 0;
    if (memcmp(reader->hour_text, text, OLD_HOUR_LEN) != 0) {
        if (!old_hour(reader, text, &reader->hour_s))
            return 0;
        memcpy(reader->hour_text, text, OLD_HOUR_LEN);
    }
    *time_s = reader->hour_s + seconds;
    return OLD_LEN;
}

/* The zone at `text`: "Z", "+01:00", "+0100", " UTC". Returns its octets, 0 for none. */
static size_t read_zone(const char *text, size_t len, int *offset_s)
{
    const size_t colon = len >= 6 && text[3] == ':' ? 1 : 0;
    int hours, minutes;

    *offset_s = 0;
    if (len >= 1 && (text[0] == 'Z' || text[0] == 'z'))
        return 1;
    if (len >= 4 && memcmp(text, " UTC", 4) == 0 && (len == 4 || text[4] == ' '))
        return 4;
    if (len < 5 || (text[0] != '+' && text[0] != '-'))
        return 0;
    hours = two_digits(text + 1);
    minutes = two_digits(text + 3 + colon);
    if (hours < 0 || minutes < 0)
        return 0;
    *offset_s = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
    return 5 + colon;
}

/* When the hour in "2026-11-28T02" began, in UTC if that were its zone. */
static bool iso_hour(const char *text, int64_t *hour_s)
{
    const int century = two_digits(text), year = two_digits(text + 2), month = two_digits(text + 5);
    const int day = two_digits(text + 8), hour = two_digits(text + 11);

    if (century < 19 || year < 0 || text[4] != '-' || month < 1 || month > 12 || text[7] != '-' || day < 1 ||
        day > 31 || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || hour < 0 || hour > 23)
        return false;
    *hour_s = days_to(century * 100 + year, month, day) * DAY_S + (int64_t)hour * HOUR_S;
    return true;
}

/* What local time says of a time that was read as UTC. */
static int64_t as_local(int64_t utc_s)
{
    struct tm parts;

    if (!calendar_utc(utc_s, &parts))
        return utc_s;
    parts.tm_isdst = -1;
    return calendar_from_local(&parts);
}

static size_t read_iso(struct log_time *reader, const char *text, size_t len, int64_t *time_s)
{
    size_t at = ISO_LEN, zone;
    int seconds, offset_s;

    if (len < ISO_LEN || text[4] != '-' || text[ISO_HOUR_LEN] != ':')
        return 0;
    seconds = seconds_of_hour(text + ISO_HOUR_LEN + 1);
    if (seconds < 0)
        return 0;
    if (memcmp(reader->iso_text, text, ISO_HOUR_LEN) != 0) {
        if (!iso_hour(text, &reader->iso_hour_s))
            return 0;
        memcpy(reader->iso_text, text, ISO_HOUR_LEN);
    }
    if (at < len && (text[at] == '.' || text[at] == ',')) /* fractions of a second */
        for (at++; at < len && isdigit((unsigned char)text[at]); at++)
            ;
    zone = read_zone(text + at, len - at, &offset_s);
    *time_s = reader->iso_hour_s + seconds - offset_s;
    if (zone == 0)
        *time_s = as_local(*time_s);
    return at + zone;
}

static size_t count_digits(const char *text, size_t len)
{
    size_t count = 0;

    while (count < len && isdigit((unsigned char)text[count]))
        count++;
    return count;
}

/* "1795831384.123456", as journalctl -o short-unix has it. */
static size_t read_unix(const char *text, size_t len, int64_t *time_s)
{
    const size_t fraction = len > UNIX_LEN + 1 ? count_digits(text + UNIX_LEN + 1, len - UNIX_LEN - 1) : 0;
    int64_t seconds = 0;

    if (fraction == 0 || text[UNIX_LEN] != '.')
        return 0;
    for (size_t i = 0; i < UNIX_LEN; i++)
        seconds = seconds * 10 + (text[i] - '0');
    *time_s = seconds;
    return UNIX_LEN + 1 + fraction;
}

/* "Sat 2026-11-28 02:03:04 UTC", as journalctl -o short-full has it. A zone of another name is that of this host. */
static size_t read_full(struct log_time *reader, const char *text, size_t len, int64_t *time_s)
{
    const size_t used = read_iso(reader, text + WEEKDAY_LEN, len - WEEKDAY_LEN, time_s);

    return used > 0 ? used + WEEKDAY_LEN : 0;
}

size_t log_time_read(struct log_time *reader, const char *text, size_t len, int64_t *time_s)
{
    if (len <= WEEKDAY_LEN)
        return 0;
    if (count_digits(text, len) == UNIX_LEN)
        return read_unix(text, len, time_s);
    if (isdigit((unsigned char)text[0]))
        return read_iso(reader, text, len, time_s);
    return isdigit((unsigned char)text[WEEKDAY_LEN]) && text[WEEKDAY_LEN - 1] == ' ' && len > WEEKDAY_LEN + 4 &&
                   text[WEEKDAY_LEN + 4] == '-'
               ? read_full(reader, text, len, time_s)
               : read_old(reader, text, len, time_s);
}

/* "-2h" and the like. */
static bool parse_ago(const struct log_time *reader, const char *text, int64_t *time_s)
{
    static const struct {
        char unit;
        int seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', HOUR_S}, {'d', DAY_S}, {'w', 7 * DAY_S}};
    char *end;
    const long count = strtol(text, &end, 10);

    if (count > 0 || count < -1000000 || end == text || end[0] == '\0' || end[1] != '\0')
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (units[i].unit == end[0]) {
            *time_s = reader->now_s + (int64_t)count * units[i].seconds;
            return true;
        }
    }
    return false;
}

/* Midnight so many days ago, by local time. */
static bool parse_day(const struct log_time *reader, int days_ago, int64_t *time_s)
{
    struct tm local;

    if (!calendar_local(reader->now_s, &local))
        return false;
    *time_s = local_time(local.tm_year + 1900, local.tm_mon, local.tm_mday - days_ago, 0);
    return true;
}

bool log_time_parse(struct log_time *reader, const char *text, int64_t *time_s)
{
    const size_t len = strlen(text);
    char day[ISO_LEN + 1];
    int64_t read_s;

    if (strcmp(text, "now") == 0) {
        *time_s = reader->now_s;
        return true;
    }
    if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0)
        return parse_day(reader, text[0] == 't' ? 0 : 1, time_s);
    if (text[0] == '-')
        return parse_ago(reader, text, time_s);
    if (len == 10) { /* a date alone */
        memcpy(day, text, 10);
        memcpy(day + 10, " 00:00:00", 10);
        return log_time_read(reader, day, ISO_LEN, time_s) == ISO_LEN;
    }
    if (log_time_read(reader, text, len, &read_s) != len || len == 0)
        return false;
    *time_s = read_s;
    return true;
}
