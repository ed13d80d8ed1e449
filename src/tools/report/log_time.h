/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times at the beginning of log lines. */
#ifndef SMF_TOOLS_REPORT_LOG_TIME_H
#define SMF_TOOLS_REPORT_LOG_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a reader of times remembers. Set `now_s`; the rest begins as zero. */
struct log_time {
    int64_t now_s;      /* times without a year are in the year before this moment */
    char hour_text[16]; /* the last "Nov 28 02" of the old form, */
    int64_t hour_s;     /* and when that hour began */
    char iso_text[16];  /* the last "2026-11-28T02" of the other form, */
    int64_t iso_hour_s; /* and when it began, in UTC */
};

/* Reads "2026-11-28T02:03:04.567Z", "2026-11-28T02:03:04+0100" (RFC 3339, or without the colon in the zone; without a
 * zone local time; a space for the T), "Nov 28 02:03:04" (RFC 3164, local time), or what journalctl makes of it, "Sat
 * 2026-11-28 02:03:04 UTC" and "1795831384.567", at `text`. Returns the octets that it took and sets *time_s; 0, with
 * *time_s untouched, if there is no time. */
size_t log_time_read(struct log_time *reader, const char *text, size_t len, int64_t *time_s);

/* Reads what a person says: a time as above, "2026-11-28" (local midnight), "today", "yesterday", "-2h", "-7d", "-30m"
 * before now, or "now". False if it is none of them. */
bool log_time_parse(struct log_time *reader, const char *text, int64_t *time_s);

#endif
