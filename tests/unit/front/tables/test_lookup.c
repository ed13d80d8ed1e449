/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a lookup answers to each outcome, at once and later on another thread, and without memory. */
#include "front/tables/lookup.h"

#include "base/stats.h"
#include <pthread.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

/* What the service was asked, and answers. */
static struct {
    struct forwarding_answer answer;
    char sender[64], recipient[64];
    bool is_late;
    forwarding_done done;
    void *context;
} service;

static atomic_int times_ready;

static void tell_answer(void)
{
    char address[64] = "";
    struct forwarding_answer answer = service.answer;

    if (answer.address != NULL)
        (void)snprintf(address, sizeof address, "%s", answer.address);
    answer.address = answer.address != NULL ? address : NULL;
    service.done(service.context, &answer);
    memset(address, 'x', sizeof address); /* it is gone */
}

static void *tell_late(void *unused)
{
    tell_answer();
    return unused;
}

static void start(forwarding_done done, void *context)
{
    service.done = done;
    service.context = context;
    if (!service.is_late)
        tell_answer();
}

static void forward_sender(void *context, const char *sender, forwarding_done done, void *done_context)
{
    (void)context;
    (void)snprintf(service.sender, sizeof service.sender, "%s", sender);
    start(done, done_context);
}

static void forward_recipient(void *context, const char *recipient, forwarding_done done, void *done_context)
{
    (void)context;
    (void)snprintf(service.recipient, sizeof service.recipient, "%s", recipient);
    start(done, done_context);
}

static const struct front_host host = {.forward_sender = forward_sender, .forward_recipient = forward_recipient};

static void count_ready(void *context)
{
    (void)context;
    times_ready++;
}

static void ask(struct lookup *lookup, enum table_direction direction, const char *key, bool is_late)
{
    char own_key[64];
    struct table_request request = {.direction = direction, .name = "", .key = own_key};
    pthread_t thread;

    (void)snprintf(own_key, sizeof own_key, "%s", key != NULL ? key : "");
    request.key = key != NULL ? own_key : NULL;
    service.sender[0] = service.recipient[0] = '\0';
    service.done = NULL;
    service.is_late = is_late;
    times_ready = 0;
    if (lookup_start(lookup, &host, &request, count_ready, NULL)) {
        assert_int_equal(times_ready, 0);
        return;
    }
    memset(own_key, 'x', sizeof own_key); /* it is not needed any more */
    assert_true(is_late);
    assert_int_equal(pthread_create(&thread, NULL, tell_late, NULL), 0);
    pthread_join(thread, NULL);
    assert_int_equal(times_ready, 1);
}

static void test_outcomes(void **state)
{
    static const struct {
        struct forwarding_answer answer;
        enum table_answer forward, reverse;
    } cases[] = {
        {{.status = SRS_DONE, .address = "new@a.example"}, TABLE_FOUND, TABLE_FOUND},
        {{.status = SRS_DONE, .address = "new\n@a.example"}, TABLE_NOT_FOUND, TABLE_NOT_FOUND},
        {{.status = SRS_DONE, .is_permitted = true}, TABLE_NOT_FOUND, TABLE_NOT_FOUND},
        {{.status = SRS_NO_MEMORY}, TABLE_NOT_FOUND, TABLE_TRY_LATER},
        {{.status = SRS_NULL_SENDER}, TABLE_NOT_FOUND, TABLE_NOT_FOUND},
        {{.status = SRS_OWN_DOMAIN}, TABLE_NOT_FOUND, TABLE_NOT_FOUND},
        {{.status = SRS_TOO_LONG}, TABLE_NOT_FOUND, TABLE_NOT_FOUND},
        {{.status = SRS_FOREIGN}, TABLE_NOT_FOUND, TABLE_NOT_FOUND},
        {{.status = SRS_WRONG_HASH}, TABLE_NOT_FOUND, TABLE_NOT_FOUND},
        {{.status = SRS_EXPIRED}, TABLE_NOT_FOUND, TABLE_NOT_FOUND},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        const bool is_late = i % 2 == 1;
        struct lookup lookup;

        service.answer = cases[i / 2].answer;
        ask(&lookup, TABLE_FORWARD, "a@b.example", is_late);
        assert_int_equal(lookup.answer, cases[i / 2].forward);
        assert_string_equal(strbuf_text(&lookup.address), lookup.answer == TABLE_FOUND ? "new@a.example" : "");
        assert_string_equal(service.sender, "a@b.example");
        lookup_end(&lookup);
        ask(&lookup, TABLE_REVERSE, "c<@d.example.>", is_late);
        assert_int_equal(lookup.answer, cases[i / 2].reverse);
        assert_string_equal(strbuf_text(&lookup.address), lookup.answer == TABLE_FOUND ? "new<@a.example.>" : "");
        assert_string_equal(service.recipient, "c@d.example");
        lookup_end(&lookup);
    }
}

/* Nobody is asked about what is no address, or no table. */
static void test_not_asked(void **state)
{
    static const struct {
        enum table_direction direction;
        const char *key;
        enum table_answer answer;
    } cases[] = {
        {TABLE_OTHER, "a@b.example", TABLE_UNKNOWN}, {TABLE_OTHER, NULL, TABLE_UNKNOWN},
        {TABLE_FORWARD, NULL, TABLE_NOT_FOUND},      {TABLE_REVERSE, NULL, TABLE_NOT_FOUND},
        {TABLE_FORWARD, "a\n@b", TABLE_NOT_FOUND},   {TABLE_REVERSE, "a\177@b", TABLE_NOT_FOUND},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lookup lookup;

        ask(&lookup, cases[i].direction, cases[i].key, false);
        assert_null(service.done);
        assert_int_equal(lookup.answer, cases[i].answer);
        lookup_end(&lookup);
    }
}

/* Not found would refuse a bounce. */
static void test_memory(void **state)
{
    struct lookup lookup;

    (void)state;
    service.answer = (struct forwarding_answer){.status = SRS_DONE, .address = "new@a.example"};
    for (int direction = TABLE_FORWARD; direction <= TABLE_REVERSE; direction++) {
        const uint64_t faults = stats_get(STATS_FAULTS);

        alloc_fail_at(1);
        ask(&lookup, (enum table_direction)direction, "a@b.example", false);
        alloc_fail_at(0);
        assert_int_equal(lookup.answer, direction == TABLE_FORWARD ? TABLE_NOT_FOUND : TABLE_TRY_LATER);
        assert_int_equal(stats_get(STATS_FAULTS), faults + 1);
        assert_string_equal(strbuf_text(&lookup.address), "");
        lookup_end(&lookup);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_not_asked),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
