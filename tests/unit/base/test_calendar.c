/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dates of any year: against known ones, and against the C library as far as its time_t goes. */
#include "base/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHOWN "%Y-%m-%d %H:%M:%S %a %j"

static const char *const zones[] = {"UTC0",
                                    "CET-1CEST,M3.5.0,M10.5.0/3",
                                    "EST5EDT,M3.2.0,M11.1.0",
                                    "LHST-10:30LHDT-11,M10.1.0,M4.1.0",
                                    "IST-5:30",
                                    "AOE12",
                                    "LINT-14"};

static void set_zone(const char *zone)
{
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

static const char *shown(const struct tm *parts, char text[64])
{
    assert_true(strftime(text, 64, SHOWN, parts) > 0);
    return text;
}

static void test_known(void **state)
{
    static const struct {
        int64_t time_s;
        const char *utc, *local; /* the second zone */
    } cases[] = {
        {0, "1970-01-01 00:00:00 Thu 001", "1970-01-01 01:00:00 Thu 001"},
        {-1, "1969-12-31 23:59:59 Wed 365", "1970-01-01 00:59:59 Thu 001"},
        {INT64_C(-2208988800), "1900-01-01 00:00:00 Mon 001", "1900-01-01 01:00:00 Mon 001"},
        {1795831384, "2026-11-28 02:03:04 Sat 332", "2026-11-28 03:03:04 Sat 332"},
        {INT64_C(2147483647), "2038-01-19 03:14:07 Tue 019", "2038-01-19 04:14:07 Tue 019"},
        {INT64_C(2147483648), "2038-01-19 03:14:08 Tue 019", "2038-01-19 04:14:08 Tue 019"},
        {INT64_C(2177452799), "2038-12-31 23:59:59 Fri 365", "2039-01-01 00:59:59 Sat 001"},
        {INT64_C(2540246400), "2050-07-01 00:00:00 Fri 182", "2050-07-01 02:00:00 Fri 182"},
        {INT64_C(4102444800), "2100-01-01 00:00:00 Fri 001", "2100-01-01 01:00:00 Fri 001"},
        {INT64_C(4107542400), "2100-03-01 00:00:00 Mon 060", "2100-03-01 01:00:00 Mon 060"},
        {INT64_C(13574563200), "2400-02-29 00:00:00 Tue 060", "2400-02-29 01:00:00 Tue 060"},
        {INT64_C(253402300799), "9999-12-31 23:59:59 Fri 365", "10000-01-01 00:59:59 Sat 001"},
    };

    (void)state;
    set_zone(zones[1]);
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        struct tm parts;
        char text[64];

        assert_true(calendar_utc(cases[n].time_s, &parts));
        assert_string_equal(shown(&parts, text), cases[n].utc);
        assert_true(calendar_local(cases[n].time_s, &parts));
        assert_string_equal(shown(&parts, text), cases[n].local);
        assert_int_equal(calendar_from_local(&parts), cases[n].time_s);
    }
}

static void test_no_such_year(void **state)
{
    static const int64_t cases[] = {INT64_MIN, INT64_C(-2208988801), INT64_C(253402300800), INT64_MAX};
    struct tm parts;

    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        assert_false(calendar_utc(cases[n], &parts));
        assert_false(calendar_local(cases[n], &parts));
    }
}

/* What the C library says, and back again. */
static void compare(int64_t time_s)
{
    const time_t moment = (time_t)time_s;
    struct tm theirs, ours;
    char their_text[64], our_text[64];

    assert_true(calendar_local(time_s, &ours));
    if (ours.tm_isdst == 0) /* an hour of autumn comes twice */
        assert_int_equal(calendar_from_local(&ours), time_s);
    if (moment != time_s)
        return;
    assert_non_null(localtime_r(&moment, &theirs));
    assert_string_equal(shown(&ours, our_text), shown(&theirs, their_text));
    assert_int_equal(ours.tm_isdst, theirs.tm_isdst);
    assert_true(calendar_utc(time_s, &ours));
    assert_non_null(gmtime_r(&moment, &theirs));
    assert_string_equal(shown(&ours, our_text), shown(&theirs, their_text));
}

static void test_as_the_library(void **state)
{
    static const int64_t from_s = -2145916800; /* 1902 */
    enum { STEP_S = 5 * 86400 + 7 * 3600 + 1801 };

    (void)state;
    for (size_t n = 0; n < sizeof zones / sizeof *zones; n++) {
        set_zone(zones[n]);
        for (int64_t time_s = from_s; time_s < INT64_C(17000000000); time_s += STEP_S)
            compare(time_s);
    }
}

/* Days before the first of a month, as for midnight so many days ago; and daylight saving time by the zone's rules. */
static void test_from_local(void **state)
{
    static const struct {
        struct tm parts;
        int64_t time_s;
    } cases[] = {
        {{.tm_year = 150, .tm_mon = 6, .tm_mday = 1, .tm_isdst = -1}, INT64_C(2540239200)},
        {{.tm_year = 200, .tm_mon = 0, .tm_mday = 0, .tm_isdst = -1}, INT64_C(4102354800)},
        {{.tm_year = 126, .tm_mon = 10, .tm_mday = 28, .tm_hour = 3, .tm_min = 3, .tm_sec = 4, .tm_isdst = -1},
         1795831384},
    };

    (void)state;
    set_zone(zones[1]);
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++)
        assert_int_equal(calendar_from_local(&cases[n].parts), cases[n].time_s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known), cmocka_unit_test(test_no_such_year),
                                       cmocka_unit_test(test_as_the_library), cmocka_unit_test(test_from_local)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
