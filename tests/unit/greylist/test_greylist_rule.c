/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule by table: what is stored and the time, and what follows. */
#include "greylist/greylist_rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

enum { NOW = 1000000, HOUR = 3600, DELAY = 60, WINDOW = 1000, LIFE = 100000 };

struct rule_case {
    const char *what;
    struct greylist_stored stored;
    enum greylist_reason reason;
    uint32_t wait_s;
    int64_t waited_s;
    struct greylist_stored next; /* where it changes */
    bool changes_entry, changes_sender;
};

static void check_record(const struct rule_case *row, const struct greylist_record *is,
                         const struct greylist_record *wanted)
{
    if (is->first_s != wanted->first_s || is->last_s != wanted->last_s || is->count != wanted->count ||
        is->is_learned != wanted->is_learned)
        fail_msg("%s: first %lld, last %lld, count %u, learned %d", row->what, (long long)is->first_s,
                 (long long)is->last_s, (unsigned)is->count, is->is_learned);
}

static void check(const struct greylist_terms *terms, const struct rule_case *row)
{
    struct greylist_decision decision = greylist_decide(terms, &row->stored, NOW);

    if (decision.reason != row->reason)
        fail_msg("%s: %s", row->what, greylist_reason_name(decision.reason));
    if (decision.wait_s != row->wait_s || decision.waited_s != row->waited_s)
        fail_msg("%s: wait %u, waited %u", row->what, (unsigned)decision.wait_s, (unsigned)decision.waited_s);
    if (decision.defers != (terms->mode == GREYLIST_ON && row->wait_s > 0))
        fail_msg("%s: defers", row->what);
    if (decision.changes_entry != row->changes_entry || decision.changes_sender != row->changes_sender)
        fail_msg("%s: what changes", row->what);
    if (decision.changes_entry)
        check_record(row, &decision.next.entry, &row->next.entry);
    if (decision.changes_sender)
        check_record(row, &decision.next.sender, &row->next.sender);
    assert_int_equal(decision.entry_until_s, greylist_record_until(terms, &decision.next.entry, false));
    assert_int_equal(decision.sender_until_s, greylist_record_until(terms, &decision.next.sender, true));
}

/* Versions of clang-format differ in how they break braces. */
/* clang-format off */
#define PLAIN(first, last, count) {first, last, count, false}
#define LEARNED(first, last, count) {first, last, count, true}
#define NOTHING {{0, 0, 0, false}, {0, 0, 0, false}}
#define ENTRY(first, last, count) {PLAIN(first, last, count), {0, 0, 0, false}}
#define LEARNED_ENTRY(first, last, count) {LEARNED(first, last, count), {0, 0, 0, false}}
#define SENDER(first, last, count) {{0, 0, 0, false}, PLAIN(first, last, count)}
/* clang-format on */

/* These are the same with GREYLIST_ON and with GREYLIST_LEARN. */
static const struct rule_case known[] = {
    {"back at once",
     ENTRY(NOW - DELAY, 0, 0),
     GREYLIST_CAME_BACK,
     0,
     DELAY,
     {PLAIN(NOW - DELAY, NOW, 1), PLAIN(NOW, NOW, 1)},
     true,
     true},
    {"back at the end",
     ENTRY(NOW - WINDOW, 0, 0),
     GREYLIST_CAME_BACK,
     0,
     WINDOW,
     {PLAIN(NOW - WINDOW, NOW, 1), PLAIN(NOW, NOW, 1)},
     true,
     true},
    {"the second of a sender",
     {PLAIN(NOW - DELAY, 0, 0), PLAIN(NOW - 9, NOW - 9, 1)},
     GREYLIST_CAME_BACK,
     0,
     DELAY,
     {PLAIN(NOW - DELAY, NOW, 1), PLAIN(NOW - 9, NOW, 2)},
     true,
     true},
    {"the sender's are over",
     {PLAIN(NOW - DELAY, 0, 0), PLAIN(5, NOW - LIFE, 1)},
     GREYLIST_CAME_BACK,
     0,
     DELAY,
     {PLAIN(NOW - DELAY, NOW, 1), PLAIN(NOW, NOW, 1)},
     true,
     true},
    {"learned",
     LEARNED_ENTRY(NOW - LIFE + 1, 0, 0),
     GREYLIST_CAME_BACK,
     0,
     0,
     {LEARNED(NOW - LIFE + 1, NOW, 1), PLAIN(NOW, NOW, 1)},
     true,
     true},
    {"just now", ENTRY(9, NOW - HOUR + 1, 3), GREYLIST_KNOWN_ENTRY, 0, 0, NOTHING, false, false},
    {"an hour ago", ENTRY(9, NOW - HOUR, 3), GREYLIST_KNOWN_ENTRY, 0, 0, ENTRY(9, NOW, 4), true, false},
    {"its last day", ENTRY(9, NOW - LIFE + 1, 3), GREYLIST_KNOWN_ENTRY, 0, 0, ENTRY(9, NOW, 4), true, false},
    {"its sender, too",
     {PLAIN(9, NOW, 3), PLAIN(9, NOW - HOUR, 1)},
     GREYLIST_KNOWN_ENTRY,
     0,
     0,
     SENDER(9, NOW, 1),
     false,
     true},
    {"counted to the end", ENTRY(9, NOW - LIFE + 1, UINT32_MAX), GREYLIST_KNOWN_ENTRY, 0, 0, ENTRY(9, NOW, UINT32_MAX),
     true, false},
    {"an hour to come", ENTRY(9, NOW + HOUR, 3), GREYLIST_KNOWN_ENTRY, 0, 0, NOTHING, false, false},
    {"more to come", ENTRY(9, NOW + HOUR + 1, 3), GREYLIST_KNOWN_ENTRY, 0, 0, ENTRY(9, NOW, 4), true, false},
    {"at the end of time", ENTRY(9, INT64_MAX, 3), GREYLIST_KNOWN_ENTRY, 0, 0, ENTRY(9, NOW, 4), true, false},
    {"a known sender", SENDER(9, NOW, 2), GREYLIST_KNOWN_SENDER, 0, 0, NOTHING, false, false},
    {"it is renewed", SENDER(9, NOW - HOUR, 7), GREYLIST_KNOWN_SENDER, 0, 0, SENDER(9, NOW, 7), false, true},
    {"before all else", {PLAIN(NOW - 1, 0, 0), PLAIN(9, NOW, 2)}, GREYLIST_KNOWN_SENDER, 0, 0, NOTHING, false, false},
};

static const struct rule_case on[] = {
    {"nothing", NOTHING, GREYLIST_NEW, DELAY, 0, ENTRY(NOW, 0, 0), true, false},
    {"once more", ENTRY(NOW, 0, 0), GREYLIST_EARLY, DELAY, 0, NOTHING, false, false},
    {"a second early", ENTRY(NOW - DELAY + 1, 0, 0), GREYLIST_EARLY, 1, 0, NOTHING, false, false},
    {"from the future", ENTRY(NOW + 500, 0, 0), GREYLIST_EARLY, DELAY, 0, ENTRY(NOW, 0, 0), true, false},
    {"from the end of time", ENTRY(INT64_MAX, 0, 0), GREYLIST_EARLY, DELAY, 0, ENTRY(NOW, 0, 0), true, false},
    {"a second late", ENTRY(NOW - WINDOW - 1, 0, 0), GREYLIST_LATE, DELAY, 0, ENTRY(NOW, 0, 0), true, false},
    {"late still", ENTRY(NOW - 2 * WINDOW + 1, 0, 0), GREYLIST_LATE, DELAY, 0, ENTRY(NOW, 0, 0), true, false},
    {"over", ENTRY(NOW - 2 * WINDOW, 0, 0), GREYLIST_NEW, DELAY, 0, ENTRY(NOW, 0, 0), true, false},
    {"negative", ENTRY(INT64_MIN, 0, 0), GREYLIST_NEW, DELAY, 0, ENTRY(NOW, 0, 0), true, false},
    {"a known one is over", ENTRY(9, NOW - LIFE, 3), GREYLIST_NEW, DELAY, 0, ENTRY(NOW, 0, 0), true, false},
    {"a learned one is over", LEARNED_ENTRY(NOW - LIFE, 0, 0), GREYLIST_NEW, DELAY, 0, ENTRY(NOW, 0, 0), true, false},
    {"a learned one is early", LEARNED_ENTRY(NOW - 1, 0, 0), GREYLIST_EARLY, DELAY - 1, 0, NOTHING, false, false},
    {"one of a sender is not enough", SENDER(9, NOW, 1), GREYLIST_NEW, DELAY, 0, ENTRY(NOW, 0, 0), true, false},
    {"a known sender is over", SENDER(9, NOW - LIFE, 2), GREYLIST_NEW, DELAY, 0, ENTRY(NOW, 0, 0), true, false},
};

static const struct rule_case learn[] = {
    {"nothing", NOTHING, GREYLIST_NEW, DELAY, 0, LEARNED_ENTRY(NOW, 0, 0), true, false},
    {"late", ENTRY(NOW - WINDOW - 1, 0, 0), GREYLIST_LATE, DELAY, 0, LEARNED_ENTRY(NOW, 0, 0), true, false},
    {"early, and it goes on", ENTRY(NOW - 1, 0, 0), GREYLIST_EARLY, DELAY - 1, 0, LEARNED_ENTRY(NOW - 1, 0, 0), true,
     false},
    {"early", LEARNED_ENTRY(NOW - 1, 0, 0), GREYLIST_EARLY, DELAY - 1, 0, NOTHING, false, false},
};

static const struct rule_case never_known[] = {
    {"its sender does not count", ENTRY(NOW - DELAY, 0, 0), GREYLIST_CAME_BACK, 0, DELAY, ENTRY(NOW - DELAY, NOW, 1),
     true, false},
    {"nor one that is known", SENDER(9, NOW, 9), GREYLIST_NEW, DELAY, 0, ENTRY(NOW, 0, 0), true, false},
};

static struct greylist_terms terms_of(enum greylist_mode mode, unsigned known_after)
{
    return (struct greylist_terms){mode, DELAY, WINDOW, LIFE, known_after};
}

static void check_all(enum greylist_mode mode, unsigned known_after, const struct rule_case *rows, size_t count)
{
    struct greylist_terms terms = terms_of(mode, known_after);

    for (size_t i = 0; i < count; i++)
        check(&terms, &rows[i]);
}

static void test_table(void **state)
{
    (void)state;
    check_all(GREYLIST_ON, 2, known, ARRAY_SIZE(known));
    check_all(GREYLIST_LEARN, 2, known, ARRAY_SIZE(known));
    check_all(GREYLIST_ON, 2, on, ARRAY_SIZE(on));
    check_all(GREYLIST_LEARN, 2, learn, ARRAY_SIZE(learn));
    check_all(GREYLIST_ON, 0, never_known, ARRAY_SIZE(never_known));
}

static void test_until(void **state)
{
    struct greylist_terms terms = terms_of(GREYLIST_ON, 2);
    static const struct {
        struct greylist_record record;
        bool is_sender;
        int64_t until_s;
    } rows[] = {
        {PLAIN(NOW, 0, 0), false, NOW + 2 * WINDOW}, {LEARNED(NOW, 0, 0), false, NOW + LIFE},
        {PLAIN(5, NOW, 1), false, NOW + LIFE},       {LEARNED(5, NOW, 1), false, NOW + LIFE},
        {PLAIN(5, NOW, 1), true, NOW + LIFE},        {PLAIN(5, INT64_MAX - 1, 1), true, INT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(greylist_record_until(&terms, &rows[i].record, rows[i].is_sender), rows[i].until_s);
}

/* A host whose clock has not been set yet is in 1970, or before. */
static void test_no_clock(void **state)
{
    struct greylist_terms terms = terms_of(GREYLIST_ON, 2);
    struct greylist_stored nothing = NOTHING;

    (void)state;
    for (int64_t now_s = -1; now_s <= 1; now_s++) {
        struct greylist_decision decision = greylist_decide(&terms, &nothing, now_s);

        assert_int_equal(decision.reason, GREYLIST_NEW);
        assert_int_equal(decision.next.entry.first_s, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_until),
        cmocka_unit_test(test_no_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
