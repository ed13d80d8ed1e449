/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Days as two digits, and for how long they are current. */
#include "srs/srs_stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DAY_S             INT64_C(86400)
#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

static void test_days(void **state)
{
    static const struct {
        int64_t now_s;
        const char *stamp;
    } rows[] = {
        {-1, "AA"},           {-DAY_S, "AA"},       {INT64_MIN, "AA"},     {0, "AA"},
        {DAY_S - 1, "AA"},    {DAY_S, "AB"},        {31 * DAY_S, "A7"},    {32 * DAY_S, "BA"},
        {1023 * DAY_S, "77"}, {1024 * DAY_S, "AA"}, {20784 * DAY_S, "JQ"}, {INT64_MAX, "KE"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char stamp[SRS_STAMP_LEN + 1];

        srs_stamp_write(rows[i].now_s, stamp);
        assert_string_equal(stamp, rows[i].stamp);
    }
}

static void test_form(void **state)
{
    static const struct {
        const char *text;
        bool is_one;
    } rows[] = {{"AZ", true},  {"az", true},  {"27", true},  {"", false},        {"A", false},  {"AAA", false},
                {"A1", false}, {"8A", false}, {"A0", false}, {"9A", false},      {"A=", false}, {"@A", false},
                {"[A", false}, {"`A", false}, {"A{", false}, {"\xc3\xa4", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(srs_stamp_is_one(rows[i].text, strlen(rows[i].text)), rows[i].is_one);
    assert_false(srs_stamp_is_one("A\0", 2));
    assert_true(srs_stamp_is_one("AAA", 2));
}

/* Of each stamp: how old it is, and in which days of the cycle it is current. */
static void test_lifetime(void **state)
{
    static const unsigned ages[] = {1, 21, 1022};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
        for (int64_t day = 0; day < 1024; day++) {
            int64_t then_s = (2048 + day) * DAY_S;
            char stamp[SRS_STAMP_LEN + 1];

            srs_stamp_write(then_s, stamp);
            assert_true(srs_stamp_is_one(stamp, 2));
            assert_true(srs_stamp_is_current(stamp, then_s, ages[i]));
            assert_true(srs_stamp_is_current(stamp, then_s + ages[i] * DAY_S, ages[i]));
            assert_true(srs_stamp_is_current(stamp, then_s - DAY_S, ages[i]));
            if (ages[i] == SRS_STAMP_MAX_AGE)
                continue;
            assert_false(srs_stamp_is_current(stamp, then_s + (ages[i] + 1) * DAY_S, ages[i]));
            assert_false(srs_stamp_is_current(stamp, then_s - 2 * DAY_S, ages[i]));
        }
    }
    assert_true(srs_stamp_is_current("jq", 20784 * DAY_S, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_days), cmocka_unit_test(test_form),
                                       cmocka_unit_test(test_lifetime)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
