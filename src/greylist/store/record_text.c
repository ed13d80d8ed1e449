/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stored record as text, and back. */
#include "greylist/store/record_text.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

static const int64_t time_max_s = 253402300799; /* the end of the year 9999: sums of it and a life fit */

static int64_t within_bounds(int64_t time_s)
{
    return time_s < 0 ? 0 : time_s > time_max_s ? time_max_s : time_s;
}

size_t record_text_write(const struct greylist_record *record, char text[RECORD_TEXT_SIZE])
{
    return (size_t)snprintf(text, RECORD_TEXT_SIZE, "%" PRId64 " %" PRId64 " %" PRIu32 " %d",
                            within_bounds(record->first_s), within_bounds(record->last_s), record->count,
                            record->is_learned ? 1 : 0);
}

struct reading {
    const char *at, *end;
    bool is_wrong;
};

/* The number that begins here, `max` at most, without zeros before it. */
static uint64_t next_number(struct reading *reading, uint64_t max)
{
    const char *first = reading->at;
    uint64_t number = 0;

    for (; reading->at < reading->end && *reading->at >= '0' && *reading->at <= '9'; reading->at++) {
        const uint64_t digit = (uint64_t)(*reading->at - '0');

        if (digit > max || number > (max - digit) / 10) {
            reading->is_wrong = true;
            return 0;
        }
        number = number * 10 + digit;
    }
    if (reading->at == first || (*first == '0' && reading->at - first > 1))
        reading->is_wrong = true;
    return number;
}

static void skip_blank(struct reading *reading)
{
    if (reading->at < reading->end && *reading->at == ' ')
        reading->at++;
    else
        reading->is_wrong = true;
}

bool record_text_read(const char *text, size_t len, struct greylist_record *record)
{
    struct reading reading = {.at = text, .end = text + len};
    struct greylist_record found = {0};

    found.first_s = (int64_t)next_number(&reading, (uint64_t)time_max_s);
    skip_blank(&reading);
    found.last_s = (int64_t)next_number(&reading, (uint64_t)time_max_s);
    skip_blank(&reading);
    found.count = (uint32_t)next_number(&reading, UINT32_MAX);
    skip_blank(&reading);
    found.is_learned = next_number(&reading, 1) == 1;
    if (reading.is_wrong || reading.at != reading.end)
        return false;
    *record = found;
    return true;
}
