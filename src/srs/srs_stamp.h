/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The day in an SRS address: two digits of base32, modulo 1,024 days. Pure. */
#ifndef SMF_SRS_SRS_STAMP_H
#define SMF_SRS_SRS_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SRS_STAMP_LEN = 2,
    SRS_STAMP_MAX_AGE = 1022, /* days of a lifetime at most: one of the 1,024 is tomorrow, and one is never valid */
};

/* Writes the stamp of the day (UTC) of `now_s`, which counts seconds since 1970; a time before is 1970's first day. */
void srs_stamp_write(int64_t now_s, char out[SRS_STAMP_LEN + 1]);

/* True if `len` octets of `text` are a stamp, in any case. */
bool srs_stamp_is_one(const char *text, size_t len);

/* True if that stamp's day is today, one of the `max_age_days` before, or tomorrow: where two hosts share a secret, one
 * clock reaches midnight first. After 1,024 days it is true again. */
bool srs_stamp_is_current(const char *stamp, int64_t now_s, unsigned max_age_days);

#endif
