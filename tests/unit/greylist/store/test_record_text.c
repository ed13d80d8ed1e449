/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as text: there and back, and texts that are none. */
#include "greylist/store/record_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const int64_t last_s = 253402300799; /* of the year 9999 */

static void check(struct greylist_record record, const char *expected)
{
    char text[RECORD_TEXT_SIZE];
    struct greylist_record again = {.count = 77};

    assert_int_equal(record_text_write(&record, text), strlen(expected));
    assert_string_equal(text, expected);
    assert_true(record_text_read(text, strlen(text), &again));
    assert_int_equal(record_text_write(&again, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void test_writes(void **state)
{
    (void)state;
    check((struct greylist_record){0}, "0 0 0 0");
    check((struct greylist_record){1700000000, 1700000061, 2, false}, "1700000000 1700000061 2 0");
    check((struct greylist_record){1, 0, 0, true}, "1 0 0 1");
    check((struct greylist_record){last_s, last_s, UINT32_MAX, true}, "253402300799 253402300799 4294967295 1");
    check((struct greylist_record){-1, INT64_MIN, 1, false}, "0 0 1 0");
    check((struct greylist_record){INT64_MAX, last_s + 1, 1, false}, "253402300799 253402300799 1 0");
}

static void test_reads(void **state)
{
    static const char text[] = "1700000000 1700000061 4294967295 1";
    struct greylist_record record;

    (void)state;
    assert_true(record_text_read(text, strlen(text), &record));
    assert_int_equal(record.first_s, 1700000000);
    assert_int_equal(record.last_s, 1700000061);
    assert_int_equal(record.count, UINT32_MAX);
    assert_true(record.is_learned);
}

static void test_no_records(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "0",
        "0 0 0",
        "0 0 0 ",
        "0 0 0 0 ",
        "0 0 0 0 0",
        "0 0 0 2",
        "0 0 0 -1",
        "0 0 0 01",
        "00 0 0 0",
        "-1 0 0 0",
        "+1 0 0 0",
        " 0 0 0 0",
        "0  0 0 0",
        "0\t0 0 0",
        "x",
        "1 2 3 true",
        "1e3 0 0 0",
        "0 0 4294967296 0",
        "253402300800 0 0 0",
        "0 253402300800 0 0",
        "99999999999999999999999999 0 0 0",
        "18446744073709551616 0 0 0",
        "0x1 0 0 0",
        "0 0 0 0\n",
        "0 0 0 10",
    };
    const struct greylist_record before = {3, 4, 5, true};

    (void)state;
    for (size_t n = 0; n < sizeof texts / sizeof *texts; n++) {
        struct greylist_record record = before;

        if (record_text_read(texts[n], strlen(texts[n]), &record))
            fail_msg("\"%s\" is taken for a record", texts[n]);
        assert_memory_equal(&record, &before, sizeof before);
    }
}

static void test_octets(void **state)
{
    static const char with_nul[] = "0 0 0 0\0";
    struct greylist_record record;

    (void)state;
    assert_false(record_text_read(with_nul, sizeof with_nul - 1, &record));
    assert_true(record_text_read("1 2 3 0 and more", 7, &record)); /* not beyond its length */
    assert_false(record_text_read("\xff\xfe", 2, &record));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_no_records),
        cmocka_unit_test(test_octets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
