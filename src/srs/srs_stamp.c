/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes and reads the day of an SRS address. */
#include "srs/srs_stamp.h"

#include <string.h>

enum {
    DAY_S = 86400,
    CYCLE_DAYS = 1024,
    DIGIT_BITS = 5,
    DIGIT_MASK = (1 << DIGIT_BITS) - 1,
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char lower_digits[] = "abcdefghijklmnopqrstuvwxyz234567";

static unsigned day_of(int64_t now_s)
{
    return now_s > 0 ? (unsigned)(now_s / DAY_S % CYCLE_DAYS) : 0;
}

/* The value of a digit, or -1. */
static int digit_value(char c)
{
    const char *at = memchr(digits, c, sizeof digits - 1);
    const char *lower_at = memchr(lower_digits, c, sizeof lower_digits - 1);

    if (at != NULL)
        return (int)(at - digits);
    return lower_at != NULL ? (int)(lower_at - lower_digits) : -1;
}

void srs_stamp_write(int64_t now_s, char out[SRS_STAMP_LEN + 1])
{
    unsigned day = day_of(now_s);

    out[0] = digits[day >> DIGIT_BITS];
    out[1] = digits[day & DIGIT_MASK];
    out[2] = '\0';
}

bool srs_stamp_is_one(const char *text, size_t len)
{
    return len == SRS_STAMP_LEN && digit_value(text[0]) >= 0 && digit_value(text[1]) >= 0;
}

bool srs_stamp_is_current(const char *stamp, int64_t now_s, unsigned max_age_days)
{
    unsigned then = ((unsigned)digit_value(stamp[0]) << DIGIT_BITS) + (unsigned)digit_value(stamp[1]);
    unsigned age_days = (day_of(now_s) + CYCLE_DAYS - then) % CYCLE_DAYS;

    return age_days <= max_age_days || age_days == CYCLE_DAYS - 1;
}
