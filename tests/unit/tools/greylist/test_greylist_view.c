/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of what `smf-spf greylist` makes of the rows of a store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/alloc_fail.h"
#include "tools/greylist/greylist_counts.h"
#include "tools/greylist/greylist_json.h"
#include "tools/greylist/greylist_row.h"
#include "tools/greylist/greylist_text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NOW = 1800000000 };

static const struct greylist_view view = {.known_after = 2, .now_s = NOW};

static struct backend_row row(const char *key, bool is_sender, int64_t first_s, int64_t last_s, uint32_t count)
{
    return (struct backend_row){.key = key,
                                .is_sender = is_sender,
                                .record = {.first_s = first_s, .last_s = last_s, .count = count},
                                .until_s = NOW + 100};
}

static void each_row_has_a_state(void **state)
{
    static const struct {
        bool is_sender, is_learned, is_over;
        uint32_t count;
        unsigned known_after;
        const char *name;
    } cases[] = {
        {false, false, false, 0, 2, "waiting"}, {false, false, false, 1, 2, "known"},
        {false, false, false, 9, 0, "known"},   {false, true, false, 0, 2, "learned"},
        {false, true, false, 1, 2, "known"},    {false, false, true, 0, 2, "over"},
        {false, false, true, 3, 2, "over"},     {true, false, false, 1, 2, "counted"},
        {true, false, false, 2, 2, "known"},    {true, false, false, 9, 0, "counted"},
        {true, false, true, 9, 2, "over"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct greylist_view judged = {.known_after = cases[i].known_after, .now_s = NOW};
        struct backend_row found = row("k", cases[i].is_sender, NOW - 9, 0, cases[i].count);

        found.record.is_learned = cases[i].is_learned;
        if (cases[i].is_over)
            found.until_s = NOW;
        assert_string_equal(greylist_row_state_name(greylist_row_state(&found, &judged)), cases[i].name);
    }
}

static void domains_that_pass_are_senders(void **state)
{
    static const struct {
        const char *key;
        bool is_sender, expected;
    } cases[] = {
        {"192.0.2.0/24 example.org", true, true},
        {"192.0.2.0/24 example.org bob@our.example", false, false},
        {"pass example.org", false, true},
        {"pass example.org", true, true},
        {"pass example.org bob@our.example", false, false},
        {"passes example.org", false, false},
        {"pass", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct backend_row found = row(cases[i].key, cases[i].is_sender, NOW, NOW, 1);

        assert_int_equal(greylist_row_is_sender(&found), cases[i].expected);
    }
}

static void waits_are_those_of_one_message(void **state)
{
    struct backend_row found = row("k", false, NOW - 300, NOW - 200, 1);

    (void)state;
    assert_int_equal(greylist_row_waited_s(&found), 100);
    found.record.last_s = NOW - 301; /* the clock went back */
    assert_int_equal(greylist_row_waited_s(&found), -1);
    found = row("k", false, NOW - 300, NOW - 200, 2);
    assert_int_equal(greylist_row_waited_s(&found), -1);
    found = row("k", false, NOW - 300, 0, 0);
    assert_int_equal(greylist_row_waited_s(&found), -1);
    found = row("k", true, NOW - 300, NOW - 200, 1);
    assert_int_equal(greylist_row_waited_s(&found), -1);
    found = row("k", false, NOW - 300, NOW - 200, 1);
    found.record.is_learned = true;
    assert_int_equal(greylist_row_waited_s(&found), -1);
}

/* Entries that waited 10, 20, ... seconds, in no order. */
static void add_waits(struct greylist_counts *counts, size_t how_many)
{
    for (size_t i = 0; i < how_many; i++) {
        const int64_t waited_s = 10 * (int64_t)(1 + (i * 7) % how_many);
        const struct backend_row found = row("k", false, NOW - waited_s, NOW, 1);

        greylist_counts_add(counts, &found, &view);
    }
    greylist_counts_sort(counts);
}

static void waits_are_put_in_order(void **state)
{
    static const struct {
        size_t how_many;
        uint32_t half_s, most_s, longest_s;
    } cases[] = {{0, 0, 0, 0}, {1, 10, 10, 10}, {2, 10, 20, 20}, {10, 50, 90, 100}, {5000, 25000, 45000, 50000}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct greylist_counts counts = {.waits_s = NULL};

        add_waits(&counts, cases[i].how_many);
        assert_int_equal(counts.wait_count, cases[i].how_many);
        assert_int_equal(greylist_counts_wait(&counts, 50), cases[i].half_s);
        assert_int_equal(greylist_counts_wait(&counts, 90), cases[i].most_s);
        assert_int_equal(greylist_counts_wait(&counts, 100), cases[i].longest_s);
        greylist_counts_free(&counts);
    }
}

/* Two entries and a sender, of which one entry waits. */
static void add_some(struct greylist_counts *counts)
{
    const struct backend_row rows[] = {row("a", false, NOW - 5, 0, 0), row("b", false, NOW - 90, NOW - 20, 1),
                                       row("c", true, NOW - 90, NOW, 2), row("d", true, NOW - 90, NOW, 1)};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        greylist_counts_add(counts, &rows[i], &view);
    greylist_counts_sort(counts);
}

static void text_is_a_line_a_row(void **state)
{
    struct backend_row found = row("192.0.2.0/24 example.org bob@our.example", false, NOW - 90, 0, 0);
    struct strbuf out = STRBUF_INIT;

    (void)state;
    greylist_text_head(&out);
    greylist_text_row(&found, &view, &out);
    found.key = "pass \x1b[2Jexample.org";
    found.record = (struct greylist_record){.first_s = NOW - 90, .last_s = NOW, .count = 4000000000U};
    greylist_text_row(&found, &view, &out);
    assert_string_equal(
        strbuf_text(&out),
        "state    first contact          count  last message         deleted              who, and for whom\n"
        "waiting  2027-01-15 07:58:30        0  -                    2027-01-15 08:01:40  "
        "192.0.2.0/24 example.org bob@our.example\n"
        "known    2027-01-15 07:58:30 4000000000  2027-01-15 08:00:00  2027-01-15 08:01:40  "
        "pass \\x1b[2Jexample.org\n");
    strbuf_free(&out);
}

static void text_has_what_was_counted(void **state)
{
    struct greylist_counts counts = {.waits_s = NULL};
    struct strbuf out = STRBUF_INIT;

    (void)state;
    add_some(&counts);
    greylist_text_counts(&counts, &out);
    assert_string_equal(strbuf_text(&out),
                        "         1  have been deferred and have not come back\n"
                        "         1  have come back and are known\n"
                        "         0  were seen while nobody was deferred, and have not come again\n"
                        "         1  senders are known for all recipients\n"
                        "         1  senders are on the way there\n"
                        "         0  are over, and are about to be deleted\n"
                        "waits of 1 that came back: half up to 70 s, 90 % up to 70 s, the longest 70 s\n");
    greylist_counts_free(&counts);
    strbuf_free(&out);
}

static void json_is_an_object_a_line(void **state)
{
    const struct backend_row found = row("192.0.2.0/24 a\xff.example b@c", false, NOW - 90, NOW - 20, 1);
    struct greylist_counts counts = {.waits_s = NULL};
    struct strbuf out = STRBUF_INIT;

    (void)state;
    add_some(&counts);
    assert_true(greylist_json_row(&found, &view, &out));
    assert_true(greylist_json_counts(&counts, &out));
    assert_true(greylist_json_forgotten(3, 1, &out));
    assert_string_equal(
        strbuf_text(&out),
        "{\"key\": \"192.0.2.0/24 a\\\\xff.example b@c\", \"kind\": \"entry\", \"state\": \"known\", \"first_s\": "
        "1799999910, \"last_s\": 1799999980, \"count\": 1, \"learned\": false, \"until_s\": 1800000100, \"waited_s\": "
        "70}\n"
        "{\"waiting\": 1, \"known\": 1, \"learned\": 0, \"senders_known\": 1, \"senders_counted\": 1, \"over\": 0, "
        "\"waits\": 1, \"wait_median_s\": 70, \"wait_90_percent_s\": 70, \"wait_longest_s\": 70}\n"
        "{\"entries\": 3, \"senders\": 1}\n");
    greylist_counts_free(&counts);
    strbuf_free(&out);
}

/* Without memory the counts say so. (jansson's own allocations do not fail here.) */
static void survives_no_memory(void **state)
{
    const struct backend_row found = row("k", false, NOW - 90, NOW - 20, 1);
    struct greylist_counts counts = {.waits_s = NULL};

    (void)state;
    alloc_fail_at(1);
    greylist_counts_add(&counts, &found, &view);
    alloc_fail_at(0);
    assert_true(counts.no_memory);
    assert_int_equal(counts.wait_count, 0);
    greylist_counts_free(&counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_has_a_state),           cmocka_unit_test(domains_that_pass_are_senders),
        cmocka_unit_test(waits_are_those_of_one_message), cmocka_unit_test(waits_are_put_in_order),
        cmocka_unit_test(text_is_a_line_a_row),           cmocka_unit_test(text_has_what_was_counted),
        cmocka_unit_test(json_is_an_object_a_line),       cmocka_unit_test(survives_no_memory),
    };

    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
