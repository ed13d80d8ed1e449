/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS that is silent: what is asked, how long anybody waits, and what happens when it is back. And a cache under many
 * threads with the system's clock, whose thread has to meet the deadlines. */
#include "dns/dns_cache.h"

#include "base/stats.h"
#include "unit/dns/scripted_dns.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEGABYTE = 1 << 20 };

static struct scripted_dns script;
static struct dns *cache;

static int stop(void **state)
{
    (void)state;
    dns_destroy(cache);
    cache = NULL;
    return script.is_gone ? 0 : -1;
}

static void pass(int64_t ms)
{
    for (; ms > 50; ms -= 50)
        script_pass(&script, cache, 50);
    script_pass(&script, cache, ms);
}

/* Starts a cache that knows known.example for long and stale.example no more, and has the DNS fall silent: one
 * question, about dead.example, waits for its 8 s in vain. */
static void begin_silence(void)
{
    struct listener listener = {0};

    cache = script_start(&script, MEGABYTE, true);
    teach(&script, cache, "known.example", text_answer("known", 86400));
    teach(&script, cache, "stale.example", text_answer("stale", 10));
    pass(10000);
    script_ask(cache, "dead.example", 8000, &listener);
    pass(7950);
    expect_nothing(&listener);
    pass(50);
    expect_status(&listener, DNS_TIMEOUT);
}

static void test_nobody_waits(void **state)
{
    struct listener listener = {0};
    uint64_t outages = stats_get(STATS_DNS_OUTAGES);

    (void)state;
    begin_silence();
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages + 1);
    for (unsigned i = 0; i < 20; i++) {
        char name[32];

        snprintf(name, sizeof(name), "new%u.example", i);
        script_ask(cache, i % 2 ? "dead.example" : name, 8000, &listener);
        pass(450);
        expect_nothing(&listener);
        pass(50);
        expect_status(&listener, DNS_TIMEOUT);
    }
    expect_known(cache, "known.example", "known", 86380 - 8 + 0);
    expect_known(cache, "stale.example", "stale", 30);
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages + 1);
}

/* However many ask, four questions a second go out, and not many are under way. */
static void test_one_keeps_trying(void **state)
{
    struct listener listeners[200] = {{0}};
    size_t asked;

    (void)state;
    begin_silence();
    pass(1000);
    asked = script.asked;
    for (unsigned i = 0; i < 200; i++) {
        char name[32];

        snprintf(name, sizeof(name), "new%u.example", i);
        script_ask(cache, name, 8000, &listeners[i]);
        pass(50);
        assert_true(script_open(&script) <= 30);
    }
    assert_in_range(script.asked - asked, 38, 42);
    pass(500);
    for (unsigned i = 0; i < 200; i++)
        expect_status(&listeners[i], DNS_TIMEOUT);
    asked = script.asked;
    pass(20000); /* nobody asks, and it is tried all the same */
    assert_in_range(script.asked - asked, 78, 82);
    assert_true(script_open(&script) <= 30);
}

/* What was asked last is answered: from then on all is as before, and what still waited is asked. */
static void test_end(void **state)
{
    struct listener first = {0}, second = {0}, third = {0};

    (void)state;
    begin_silence();
    pass(1000);
    script_ask(cache, "first.example", 8000, &first);
    assert_string_equal(script.questions[script.asked - 1].name, "first.example");
    script_ask(cache, "second.example", 8000, &second);
    assert_string_equal(script.questions[script.asked - 1].name, "first.example");
    script_ask(cache, "dead.example", 8000, &third);
    script_reply_last(&script, dns_answer_empty(DNS_NXDOMAIN, 100));
    expect_status(&first, DNS_NXDOMAIN);
    pass(1);
    assert_string_equal(script.questions[script.asked - 1].name, "dead.example"); /* the oldest is asked last */
    assert_string_equal(script.questions[script.asked - 2].name, "second.example");
    script_reply(&script, script.asked - 1, text_answer("alive", 100));
    expect_text(&third, "alive", 100);
    pass(3000); /* patience is back for who had to hurry */
    expect_nothing(&second);
    script_reply(&script, script.asked - 2, text_answer("second", 100));
    expect_text(&second, "second", 100);
    script_ask(cache, "fourth.example", 8000, &first);
    pass(3000);
    expect_nothing(&first);
    script_reply_last(&script, text_answer("fourth", 100));
    expect_text(&first, "fourth", 100);
}

/* The name alone was silent: the next answer to another shows it, and nobody waits long for the name again. */
static void test_one_dead_name(void **state)
{
    struct listener listener = {0};

    (void)state;
    begin_silence();
    teach(&script, cache, "alive.example", text_answer("alive", 100));
    script_ask(cache, "dead.example", 8000, &listener);
    pass(500);
    expect_status(&listener, DNS_TIMEOUT);
    script_ask(cache, "dead.example", 8000, &listener);
    pass(1);
    expect_status(&listener, DNS_TIMEOUT);
    teach(&script, cache, "another.example", text_answer("alive", 100));
    pass(10000);
    expect_known_status(cache, "dead.example", DNS_TIMEOUT);
}

/* A name that is silent beside others that are not: it is to blame, and not waited for again. */
static void test_blame(void **state)
{
    struct listener listener = {0};
    uint64_t outages = stats_get(STATS_DNS_OUTAGES);

    (void)state;
    cache = script_start(&script, MEGABYTE, true);
    script_ask(cache, "dead.example", 8000, &listener);
    pass(4000);
    teach(&script, cache, "alive.example", text_answer("alive", 100));
    pass(4000);
    expect_status(&listener, DNS_TIMEOUT);
    expect_known_status(cache, "dead.example", DNS_TIMEOUT);
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages);
    pass(5000);
    teach(&script, cache, "more.example", text_answer("alive", 100));
    script_ask(cache, "dead.example", 8000, &listener);
    pass(500); /* it failed before */
    expect_status(&listener, DNS_TIMEOUT);
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages);
}

/* Too short a wait proves nothing. */
static void test_short_deadlines(void **state)
{
    struct listener listener = {0};
    uint64_t outages = stats_get(STATS_DNS_OUTAGES);

    (void)state;
    cache = script_start(&script, MEGABYTE, true);
    for (unsigned i = 0; i < 10; i++) {
        script_ask(cache, "example.com", 50, &listener);
        pass(50);
        expect_status(&listener, DNS_TIMEOUT);
    }
    assert_int_equal(script.asked, 1);
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages);
}

/* A backend that has given every server up need not be waited for to be believed. */
static void test_given_up(void **state)
{
    struct listener listener = {0}, other = {0};
    uint64_t outages = stats_get(STATS_DNS_OUTAGES);
    size_t asked;

    (void)state;
    cache = script_start(&script, MEGABYTE, true);
    script_ask(cache, "example.com", 8000, &listener);
    script_reply_last(&script, dns_answer_empty(DNS_TIMEOUT, 0));
    expect_status(&listener, DNS_TIMEOUT);
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages + 1);
    for (unsigned i = 0; i < 10; i++) {
        asked = script.asked;
        pass(250);
        assert_int_equal(script.asked, asked + 1);
        script_reply_last(&script, dns_answer_empty(DNS_TIMEOUT, 0));
    }
    script_ask(cache, "other.example", 8000, &other);
    script_ask(cache, "example.com", 8000, &listener);
    assert_string_equal(script.questions[script.asked - 1].name, "other.example");
    script_reply_last(&script, text_answer("back", 10));
    expect_text(&other, "back", 10);
    pass(1);
    script_reply_last(&script, text_answer("back", 10));
    expect_text(&listener, "back", 10);
    pass(5000);
    assert_int_equal(script_open(&script), 0);
}

static void test_destroy_in_outage(void **state)
{
    struct listener listeners[20] = {{0}};

    (void)state;
    begin_silence();
    for (unsigned i = 0; i < 20; i++) {
        char name[32];

        snprintf(name, sizeof(name), "new%u.example", i);
        script_ask(cache, name, 8000, &listeners[i]);
    }
    stop(NULL);
    for (unsigned i = 0; i < 20; i++)
        expect_status(&listeners[i], DNS_TIMEOUT);
}

/* ---- Threads ---- */

/* Answers most at once and some never: those whose name begins with an x. */
struct busy_dns {
    struct dns dns;
    atomic_uint asked;
    pthread_mutex_t lock;
    struct scripted_question silent[64];
    size_t silent_count;
};

static void busy_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                       void *context)
{
    struct busy_dns *busy = (struct busy_dns *)dns;

    (void)type;
    busy->asked++;
    if (name[0] != 'x') {
        done(context, text_answer(name, 1));
        return;
    }
    pthread_mutex_lock(&busy->lock);
    assert_true(busy->silent_count < sizeof(busy->silent) / sizeof(busy->silent[0]));
    busy->silent[busy->silent_count++] =
        (struct scripted_question){.deadline_ms = deadline_ms, .done = done, .context = context};
    pthread_mutex_unlock(&busy->lock);
}

static void busy_destroy(struct dns *dns)
{
    struct busy_dns *busy = (struct busy_dns *)dns;

    for (size_t i = 0; i < busy->silent_count; i++)
        busy->silent[i].done(busy->silent[i].context, dns_answer_empty(DNS_TIMEOUT, 0));
    pthread_mutex_destroy(&busy->lock);
}

static const struct dns_ops busy_ops = {.query = busy_query, .destroy = busy_destroy};

struct asking_thread {
    pthread_t thread;
    struct dns *dns;
    unsigned number;
    unsigned wrong;
};

static void *ask_much(void *context)
{
    struct asking_thread *self = context;

    for (unsigned i = 0; i < 3000; i++) {
        const struct dns_answer *answer;
        int64_t deadline_ms = clock_monotonic_ms(&clock_system) + 60000;
        char name[32];

        snprintf(name, sizeof(name), "name%u.example", (i * (1 + self->number)) % 700);
        answer = dns_ask(self->dns, name, DNS_TXT, deadline_ms);
        if (answer->status != DNS_OK || strcmp(answer->records[0].text, name) != 0 || answer->ttl_s > 1)
            self->wrong++;
        dns_answer_release(answer);
    }
    return NULL;
}

static void *ask_in_vain(void *context)
{
    struct asking_thread *self = context;

    for (unsigned i = 0; i < 10; i++) {
        char name[32];
        const struct dns_answer *answer;

        snprintf(name, sizeof(name), "x%u.example", i % 3);
        answer = dns_ask(self->dns, name, DNS_TXT, clock_monotonic_ms(&clock_system) + 20);
        self->wrong += answer->status != DNS_TIMEOUT;
        dns_answer_release(answer);
    }
    return NULL;
}

static void test_threads(void **state)
{
    enum { THREADS = 6 };
    static struct busy_dns busy;
    struct asking_thread threads[THREADS];
    const struct dns_cache_config config = {.octets = 64 * 1024, .serve_stale = true};
    struct dns *dns;

    (void)state;
    busy.dns = (struct dns){.ops = &busy_ops, .clock = &clock_system};
    pthread_mutex_init(&busy.lock, NULL);
    dns = dns_cache_create(&config, &busy.dns);
    assert_non_null(dns);
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = (struct asking_thread){.dns = dns, .number = i};
        assert_int_equal(pthread_create(&threads[i].thread, NULL, i % 3 == 2 ? ask_in_vain : ask_much, &threads[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i].thread, NULL);
        assert_int_equal(threads[i].wrong, 0);
    }
    assert_int_equal(busy.silent_count, 3);
    dns_destroy(dns);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_waits),
        TEST(test_one_keeps_trying),
        TEST(test_end),
        TEST(test_one_dead_name),
        TEST(test_blame),
        TEST(test_short_deadlines),
        TEST(test_given_up),
        cmocka_unit_test(test_destroy_in_outage),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
