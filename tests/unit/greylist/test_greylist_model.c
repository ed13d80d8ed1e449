/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule beside a model that knows no records: it has the whole history, and says what may come of a message by
 * looking through it. Histories are random, in the time of the test. The hour by which what is known is renewed late is
 * all that the model leaves open. */
#include "greylist/greylist_rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))
#define BIT(reason)       (1U << (reason))

enum {
    HISTORIES = 3000,
    STEPS = 150,
    ENTRIES = 6,
    SENDERS = 2, /* half of the entries each */
    HOUR = 3600,
    DAY = 24 * HOUR,
};

static const unsigned waiting = BIT(GREYLIST_NEW) | BIT(GREYLIST_EARLY) | BIT(GREYLIST_LATE);
static const unsigned uses = BIT(GREYLIST_CAME_BACK) | BIT(GREYLIST_KNOWN_ENTRY) | BIT(GREYLIST_KNOWN_SENDER);

/* ---- Chance ---- */

static uint64_t chance;

static unsigned below(unsigned bound)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (unsigned)(chance >> 32) % bound;
}

/* ---- What has happened, and what is stored of it ---- */

struct event {
    int64_t time_s;
    unsigned entry;
    enum greylist_mode mode;
    enum greylist_reason reason;
};

struct row {
    struct greylist_record record;
    int64_t until_s;
};

struct world {
    unsigned number; /* of the history */
    struct greylist_terms terms;
    int64_t now_s;
    struct event events[STEPS];
    size_t count;
    struct row entries[ENTRIES], senders[SENDERS];
};

static unsigned sender_of(unsigned entry)
{
    return entry / (ENTRIES / SENDERS);
}

/* A store deletes what is over when it has the time. */
static void expire(struct row *rows, size_t count, int64_t now_s)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].until_s <= now_s && below(2) == 0)
            rows[i] = (struct row){{0, 0, 0, false}, 0};
}

static struct greylist_decision visit(struct world *world, unsigned entry)
{
    struct row *of_entry = &world->entries[entry], *of_sender = &world->senders[sender_of(entry)];
    struct greylist_stored stored = {of_entry->record, of_sender->record};
    struct greylist_decision decision = greylist_decide(&world->terms, &stored, world->now_s);

    if (decision.changes_entry)
        *of_entry = (struct row){decision.next.entry, decision.entry_until_s};
    if (decision.changes_sender)
        *of_sender = (struct row){decision.next.sender, decision.sender_until_s};
    expire(world->entries, ENTRIES, world->now_s);
    expire(world->senders, SENDERS, world->now_s);
    return decision;
}

/* ---- The model ---- */

/* The last event of an entry with one of these reasons; NULL: there is none. */
static const struct event *last_of(const struct world *world, unsigned entry, unsigned reasons)
{
    for (size_t i = world->count; i > 0; i--)
        if (world->events[i - 1].entry == entry && (BIT(world->events[i - 1].reason) & reasons))
            return &world->events[i - 1];
    return NULL;
}

/* How many entries of the sender have come back and are not forgotten, since each use was within a life of the one
 * before: a life that is an hour shorter if `is_least`. */
static unsigned count_back(const struct world *world, unsigned sender, bool is_least)
{
    const int64_t life_s = (int64_t)world->terms.life_s - (is_least ? HOUR : 0);
    int64_t later_s = world->now_s;
    unsigned found = 0;

    for (size_t i = world->count; i > 0; i--) {
        const struct event *event = &world->events[i - 1];

        if (sender_of(event->entry) != sender || !(BIT(event->reason) & uses))
            continue;
        if (later_s - event->time_s >= life_s)
            break;
        later_s = event->time_s;
        found += event->reason == GREYLIST_CAME_BACK;
    }
    return found;
}

/* Whether it went on as a first contact, or when it was early. */
static bool was_learned(const struct world *world, const struct event *first)
{
    for (const struct event *event = first; event < world->events + world->count; event++)
        if (event->entry == first->entry && event->mode == GREYLIST_LEARN && (BIT(event->reason) & waiting))
            return true;
    return false;
}

/* What comes of a message whose entry and sender are not known. */
static enum greylist_reason while_waiting(const struct world *world, const struct event *first)
{
    const struct greylist_terms *terms = &world->terms;
    int64_t age_s = first ? world->now_s - first->time_s : 0;

    if (!first)
        return GREYLIST_NEW;
    if (age_s < terms->delay_s)
        return GREYLIST_EARLY;
    if (was_learned(world, first))
        return age_s < terms->life_s ? GREYLIST_CAME_BACK : GREYLIST_NEW;
    if (age_s <= terms->window_s)
        return GREYLIST_CAME_BACK;
    return age_s < 2 * (int64_t)terms->window_s ? GREYLIST_LATE : GREYLIST_NEW;
}

static unsigned expect_entry(const struct world *world, unsigned entry)
{
    const struct event *first = last_of(world, entry, BIT(GREYLIST_NEW) | BIT(GREYLIST_LATE));
    const struct event *use = last_of(world, entry, BIT(GREYLIST_CAME_BACK) | BIT(GREYLIST_KNOWN_ENTRY));
    int64_t idle_s = use ? world->now_s - use->time_s : 0;

    if (!use || (first && first > use))
        return BIT(while_waiting(world, first));
    if (idle_s >= world->terms.life_s)
        return BIT(GREYLIST_NEW);
    return BIT(GREYLIST_KNOWN_ENTRY) | (idle_s >= world->terms.life_s - HOUR ? BIT(GREYLIST_NEW) : 0);
}

/* The reasons that there may be. */
static unsigned expect(const struct world *world, unsigned entry)
{
    unsigned wanted = world->terms.known_after;

    if (wanted > 0 && count_back(world, sender_of(entry), true) >= wanted)
        return BIT(GREYLIST_KNOWN_SENDER);
    if (wanted > 0 && count_back(world, sender_of(entry), false) >= wanted)
        return BIT(GREYLIST_KNOWN_SENDER) | expect_entry(world, entry);
    return expect_entry(world, entry);
}

/* ---- Both side by side ---- */

static void check(const struct world *world, unsigned entry, const struct greylist_decision *decision)
{
    const struct event *first = last_of(world, entry, BIT(GREYLIST_NEW) | BIT(GREYLIST_LATE));
    const char *name = greylist_reason_name(decision->reason);
    uint32_t wait_s = 0, waited_s = 0;

    if (!(BIT(decision->reason) & expect(world, entry)))
        fail_msg("history %u, step %zu: %s, not one of %x", world->number, world->count, name, expect(world, entry));
    if (BIT(decision->reason) & waiting)
        wait_s = world->terms.delay_s;
    if (decision->reason == GREYLIST_EARLY)
        wait_s -= (uint32_t)(world->now_s - first->time_s);
    if (decision->reason == GREYLIST_CAME_BACK && !was_learned(world, first))
        waited_s = (uint32_t)(world->now_s - first->time_s);
    if (decision->wait_s != wait_s || decision->waited_s != waited_s)
        fail_msg("history %u, step %zu: %s after %u s, in %u s", world->number, world->count, name,
                 (unsigned)decision->waited_s, (unsigned)decision->wait_s);
    if (decision->defers != (wait_s > 0 && world->terms.mode == GREYLIST_ON))
        fail_msg("history %u, step %zu: %s", world->number, world->count,
                 decision->defers ? "deferred" : "let through");
}

static void begin_history(struct world *world, unsigned number)
{
    static const uint32_t lives[] = {2 * HOUR, 10 * HOUR, 3 * DAY};

    chance = UINT64_C(0x9e3779b97f4a7c15) * (number + 1);
    *world = (struct world){.number = number, .now_s = 1700000000};
    world->terms = (struct greylist_terms){GREYLIST_ON, 1 + below(300), 301 + below(HOUR),
                                           lives[below(ARRAY_SIZE(lives))], below(4)};
}

/* Often a moment about which something changes. */
static int64_t step_s(const struct world *world)
{
    const struct greylist_terms *terms = &world->terms;
    const uint32_t moments[] = {0, 0, terms->delay_s, terms->window_s, 2 * terms->window_s, HOUR, terms->life_s};

    switch (below(4)) {
    case 0:
        return below(5);
    case 1:
        return below(2 * terms->delay_s);
    case 2:
        return below(terms->window_s);
    default:
        return (int64_t)moments[below(ARRAY_SIZE(moments))] + below(3);
    }
}

static void go_on(struct world *world, unsigned seen[GREYLIST_KNOWN_SENDER + 1])
{
    unsigned entry = below(ENTRIES);
    struct greylist_decision decision;

    if (below(10) == 0)
        world->terms.mode = below(3) == 0 ? GREYLIST_LEARN : GREYLIST_ON;
    world->now_s += step_s(world);
    decision = visit(world, entry);
    check(world, entry, &decision);
    world->events[world->count++] = (struct event){world->now_s, entry, world->terms.mode, decision.reason};
    seen[decision.reason]++;
}

static void test_histories(void **state)
{
    static struct world world;
    unsigned seen[GREYLIST_KNOWN_SENDER + 1] = {0};

    (void)state;
    for (unsigned number = 0; number < HISTORIES; number++) {
        begin_history(&world, number);
        while (world.count < STEPS)
            go_on(&world, seen);
    }
    for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
        assert_true(seen[i] > HISTORIES);
}

/* ---- A clock that jumps ---- */

/* To anywhere, the time before 1970 and the end of time among it, or by a little. */
static int64_t jump(int64_t now_s)
{
    static const int64_t places[] = {INT64_MIN, -1, 0, 1, 1700000000, INT64_MAX - 4000 * (int64_t)DAY};
    int64_t by_s = below(4 * DAY);

    switch (below(4)) {
    case 0:
        return places[below(ARRAY_SIZE(places))];
    case 1:
        return now_s > INT64_MIN + by_s ? now_s - by_s : now_s;
    case 2:
        return now_s < INT64_MAX - 4000 * (int64_t)DAY - by_s ? now_s + by_s : now_s;
    default:
        return now_s;
    }
}

/* Whatever the clock has done before: who comes back when it was told to is not deferred, and nobody waits longer than
 * the delay. */
static void check_return(struct world *world, unsigned entry)
{
    struct greylist_decision first = visit(world, entry), second;

    if (first.wait_s > world->terms.delay_s)
        fail_msg("history %u: %u s to wait at %lld", world->number, (unsigned)first.wait_s, (long long)world->now_s);
    if (world->now_s < 1)
        world->now_s = 1; /* which it was taken for */
    world->now_s += first.wait_s;
    second = visit(world, entry);
    if (second.defers || !(BIT(second.reason) & uses))
        fail_msg("history %u: %s, then %s at %lld", world->number, greylist_reason_name(first.reason),
                 greylist_reason_name(second.reason), (long long)world->now_s);
}

/* Whoever is known stays so when the clock is put back. */
static void check_back(struct world *world, unsigned entry)
{
    struct greylist_decision decision;

    world->now_s -= world->now_s > 0 ? (int64_t)(below(1000) * (uint64_t)DAY) : 0;
    decision = visit(world, entry);
    if (decision.defers || !(BIT(decision.reason) & uses))
        fail_msg("history %u: %s at %lld", world->number, greylist_reason_name(decision.reason),
                 (long long)world->now_s);
}

static void test_jumps(void **state)
{
    static struct world world;

    (void)state;
    for (unsigned number = 0; number < HISTORIES; number++) {
        begin_history(&world, number);
        for (unsigned i = 0; i < STEPS; i++) {
            unsigned entry = below(ENTRIES);

            world.now_s = jump(world.now_s);
            if (below(3) > 0) {
                (void)visit(&world, entry);
                continue;
            }
            check_return(&world, entry);
            check_back(&world, entry);
        }
    }
}

/* The same with records of any numbers: a store may be shared, and files may be damaged. */
static void test_any_records(void **state)
{
    static const int64_t times[] = {INT64_MIN, -5, 0, 1, 1699990000, 1700000000, 1700100000, INT64_MAX - 1, INT64_MAX};
    static struct world world;

    (void)state;
    for (unsigned number = 0; number < 10 * HISTORIES; number++) {
        begin_history(&world, number);
        for (unsigned i = 0; i < 2; i++) {
            struct row *row = i == 0 ? &world.entries[0] : &world.senders[0];

            row->record = (struct greylist_record){times[below(ARRAY_SIZE(times))], times[below(ARRAY_SIZE(times))],
                                                   below(2) == 0 ? UINT32_MAX : below(4), below(2) == 0};
            row->until_s = greylist_record_until(&world.terms, &row->record, i == 1);
        }
        check_return(&world, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories),
        cmocka_unit_test(test_jumps),
        cmocka_unit_test(test_any_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
