/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue and the cache in front of a backend of the test's: batches, a backend that blocks, goes away, is full, and
 * comes back; who is answered, and how often. */
#include "greylist/store/greylist_store.h"

#include "base/clock.h"
#include "base/log.h"
#include "greylist/store/backend.h"
#include "support/alloc_fail.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000, MANY = STORE_WAITING_MAX + 500 };

/* A backend that remembers nothing: each subject is "known", unless its entry begins with "new". */
struct fake {
    struct backend backend;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_blocked, opens, works, is_full;
    size_t left_to_delete;
    unsigned opened, closed, destroyed, batches, inside, expiries;
    size_t visits, largest;
};

static struct fake fake;
static _Atomic int64_t now_s, now_ms;

static int64_t own_unix_s(void *context)
{
    (void)context;
    return now_s;
}

static int64_t own_monotonic_ms(void *context)
{
    (void)context;
    return now_ms;
}

static const struct clock own_clock = {.unix_s = own_unix_s, .monotonic_ms = own_monotonic_ms};

static bool fake_open(struct backend *backend, struct strbuf *problem)
{
    bool opens;

    (void)backend;
    pthread_mutex_lock(&fake.lock);
    opens = fake.opens;
    fake.opened++;
    pthread_mutex_unlock(&fake.lock);
    if (!opens)
        strbuf_add(problem, "there is none");
    return opens;
}

static void fake_close(struct backend *backend)
{
    (void)backend;
    pthread_mutex_lock(&fake.lock);
    fake.closed++;
    pthread_mutex_unlock(&fake.lock);
}

static void fake_destroy(struct backend *backend)
{
    (void)backend;
    fake.destroyed++;
}

static void answer(struct backend_visit *visit)
{
    struct greylist_stored known = {.entry = {.first_s = visit->now_s - 1000, .last_s = visit->now_s, .count = 1}};

    if (strncmp(visit->subject.entry, "new", 3) == 0)
        known.entry = (struct greylist_record){0};
    visit->decision = greylist_decide(&visit->terms, &known, visit->now_s);
    visit->answer = fake.is_full ? STORE_FULL : STORE_ANSWERED;
}

static bool fake_visit(struct backend *backend, struct backend_visit *const *visits, size_t count,
                       struct strbuf *problem)
{
    bool works;

    (void)backend;
    pthread_mutex_lock(&fake.lock);
    fake.inside++;
    pthread_cond_broadcast(&fake.changed);
    while (fake.is_blocked)
        pthread_cond_wait(&fake.changed, &fake.lock);
    works = fake.works;
    for (size_t i = 0; works && i < count; i++)
        answer(visits[i]);
    fake.batches++;
    fake.visits += count;
    fake.largest = count > fake.largest ? count : fake.largest;
    pthread_mutex_unlock(&fake.lock);
    if (!works || fake.is_full)
        strbuf_add(problem, "it broke");
    return works;
}

static bool fake_expire(struct backend *backend, int64_t now, struct backend_expiry *expiry, struct strbuf *problem)
{
    (void)backend, (void)now, (void)problem;
    pthread_mutex_lock(&fake.lock);
    fake.expiries++;
    expiry->deleted = fake.left_to_delete < BACKEND_EXPIRY_STEP ? fake.left_to_delete : BACKEND_EXPIRY_STEP;
    fake.left_to_delete -= expiry->deleted;
    expiry->entries = fake.left_to_delete + 7;
    expiry->has_more = fake.left_to_delete > 0;
    pthread_mutex_unlock(&fake.lock);
    return true;
}

static const struct backend_functions functions = {
    .open = fake_open, .close = fake_close, .destroy = fake_destroy, .visit = fake_visit, .expire = fake_expire};

/* --- Who has visited, and what was said. --- */

struct told {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t count, by_answer[STORE_ANSWER_COUNT], without_decision;
    struct greylist_decision last;
};

static struct told told;

static void done(void *context, enum store_answer store_answer, const struct greylist_decision *decision)
{
    atomic_uint *times = context;

    pthread_mutex_lock(&told.lock);
    told.count++;
    told.by_answer[store_answer]++;
    if (decision != NULL)
        told.last = *decision;
    if ((decision != NULL) != (store_answer == STORE_ANSWERED))
        told.without_decision++;
    if (times != NULL)
        (*times)++;
    pthread_cond_broadcast(&told.changed);
    pthread_mutex_unlock(&told.lock);
}

static void wait_until_told(size_t count)
{
    const struct timespec moment = {.tv_sec = time(NULL) + PATIENCE_MS / 1000};
    int problem = 0;

    pthread_mutex_lock(&told.lock);
    while (told.count < count && problem == 0)
        problem = pthread_cond_timedwait(&told.changed, &told.lock, &moment);
    assert_int_equal(told.count, count);
    assert_int_equal(told.without_decision, 0);
    pthread_mutex_unlock(&told.lock);
}

static const struct greylist_terms terms = {.mode = GREYLIST_ON, .delay_s = 60, .window_s = 86400, .life_s = 3000000};

static void visit_as(struct greylist_store *store, const char *entry, atomic_uint *times)
{
    struct greylist_subject subject = {.sender = "sender"};

    (void)snprintf(subject.entry, sizeof subject.entry, "%s", entry);
    greylist_store_visit(store, &subject, &terms, done, times);
}

/* Of a subject that has no sender's record. */
static void visit_alone(struct greylist_store *store, const char *entry)
{
    struct greylist_subject subject = {.sender = ""};

    (void)snprintf(subject.entry, sizeof subject.entry, "%s", entry);
    greylist_store_visit(store, &subject, &terms, done, NULL);
}

static void set(bool *what, bool value)
{
    pthread_mutex_lock(&fake.lock);
    *what = value;
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
}

static void wait_until_inside(unsigned inside)
{
    pthread_mutex_lock(&fake.lock);
    while (fake.inside < inside)
        pthread_cond_wait(&fake.changed, &fake.lock);
    pthread_mutex_unlock(&fake.lock);
}

/* Until somebody is answered in this way. */
static void visit_until(struct greylist_store *store, enum store_answer wanted)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    struct greylist_store_state state;
    const int64_t end_ms = clock_monotonic_ms(&clock_system) + PATIENCE_MS;

    do {
        const size_t before = told.count;

        visit_as(store, "new and again", NULL);
        wait_until_told(before + 1);
        greylist_store_get_state(store, &state);
        if (state.answers[wanted] == 0)
            (void)nanosleep(&pause, NULL);
    } while (state.answers[wanted] == 0 && clock_monotonic_ms(&clock_system) < end_ms);
    assert_true(state.answers[wanted] > 0);
}

static int set_up(void **state)
{
    (void)state;
    fake = (struct fake){.backend = {.functions = &functions}, .opens = true, .works = true};
    pthread_mutex_init(&fake.lock, NULL);
    pthread_cond_init(&fake.changed, NULL);
    told = (struct told){0};
    pthread_mutex_init(&told.lock, NULL);
    pthread_cond_init(&told.changed, NULL);
    now_s = 1000000;
    now_ms = 0;
    return 0;
}

static struct greylist_store *create_waiting(unsigned wait_ms)
{
    struct strbuf error = STRBUF_INIT;
    struct greylist_store *store = greylist_store_create_on(&fake.backend, &own_clock, wait_ms, &error);

    assert_non_null(store);
    return store;
}

static struct greylist_store *create(void)
{
    return create_waiting(PATIENCE_MS);
}

/* The last one goes, and what is left is done. */
static void end(struct greylist_store *store)
{
    greylist_store_release(store);
    greylist_store_await_ends();
}

/* --- The tests. --- */

static void test_answers(void **state)
{
    struct greylist_store *store = create();
    struct greylist_store_state now;

    (void)state;
    visit_as(store, "known", NULL);
    wait_until_told(1);
    assert_int_equal(told.last.reason, GREYLIST_KNOWN_ENTRY);
    assert_false(told.last.defers);
    visit_as(store, "new", NULL);
    wait_until_told(2);
    assert_int_equal(told.last.reason, GREYLIST_NEW);
    assert_true(told.last.defers);
    greylist_store_get_state(store, &now);
    assert_int_equal(now.answers[STORE_ANSWERED], 2);
    assert_int_equal(now.batches, 2);
    assert_false(now.is_away);
    greylist_store_release(greylist_store_acquire(store));
    assert_int_equal(fake.destroyed, 0);
    end(store);
    assert_int_equal(fake.destroyed, 1);
    assert_true(fake.closed > 0);
    greylist_store_release(NULL);
    assert_null(greylist_store_acquire(NULL));
}

/* What has come while the backend was at work is asked about at once, though not more than fits. */
static void test_batches(void **state)
{
    struct greylist_store *store = create();
    char entry[32];

    (void)state;
    set(&fake.is_blocked, true);
    visit_as(store, "new", NULL);
    wait_until_inside(1);
    for (unsigned i = 0; i < 2 * BACKEND_BATCH_MAX + 10; i++) {
        (void)snprintf(entry, sizeof entry, "new %u", i);
        visit_as(store, entry, NULL);
    }
    set(&fake.is_blocked, false);
    wait_until_told(2 * BACKEND_BATCH_MAX + 11);
    end(store);
    assert_int_equal(fake.batches, 4);
    assert_int_equal(fake.largest, BACKEND_BATCH_MAX);
    assert_int_equal(fake.visits, 2 * BACKEND_BATCH_MAX + 11);
}

/* Nobody waits for a backend that is blocked, and nobody is answered twice; what was asked is asked later. */
static void test_slow(void **state)
{
    static atomic_uint times[100];
    struct greylist_store *store = create_waiting(STORE_WAIT_MS);
    struct greylist_store_state now;

    (void)state;
    memset(times, 0, sizeof times);
    set(&fake.is_blocked, true);
    for (unsigned i = 0; i < 100; i++)
        visit_as(store, "new", &times[i]);
    wait_until_told(100);
    greylist_store_get_state(store, &now);
    assert_int_equal(now.answers[STORE_SLOW], 100);
    set(&fake.is_blocked, false);
    end(store);
    assert_int_equal(told.count, 100);
    assert_int_equal(fake.visits, 100);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(times[i], 1);
}

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint lines;

/* A log that takes no line while the test holds its lock. */
static void hear(void *context, enum log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
    pthread_mutex_lock(&log_lock);
    lines++;
    pthread_mutex_unlock(&log_lock);
}

/* Nor does anybody wait for a log that is blocked, be it full as the disk of both. */
static void test_slow_with_a_slow_log(void **state)
{
    struct greylist_store *store = create_waiting(STORE_WAIT_MS);

    (void)state;
    lines = 0;
    log_set_sink(hear, NULL);
    set(&fake.is_blocked, true);
    pthread_mutex_lock(&log_lock);
    for (unsigned i = 0; i < 100; i++)
        visit_as(store, "new", NULL);
    wait_until_told(100);
    set(&fake.is_blocked, false);
    for (unsigned i = 0; i < 100; i++)
        visit_as(store, "new", NULL);
    wait_until_told(200); /* also where that thread is the one that writes the line */
    pthread_mutex_unlock(&log_lock);
    end(store);
    assert_true(lines > 0);
    log_set_sink(NULL, NULL);
}

static void test_busy(void **state)
{
    struct greylist_store *store = create();
    struct greylist_store_state now;

    (void)state;
    set(&fake.is_blocked, true);
    for (unsigned i = 0; i < MANY; i++)
        visit_as(store, "new", NULL);
    greylist_store_get_state(store, &now);
    assert_int_equal(now.answers[STORE_BUSY], MANY - STORE_WAITING_MAX);
    set(&fake.is_blocked, false);
    wait_until_told(MANY);
    visit_as(store, "new", NULL);
    wait_until_told(MANY + 1);
    end(store);
    assert_int_equal(told.count, MANY + 1);
}

/* A store that is not there is no reason to wait, and is used once it is there. */
static void test_away(void **state)
{
    struct greylist_store *store;
    struct greylist_store_state now;

    (void)state;
    fake.opens = false;
    store = create();
    visit_until(store, STORE_AWAY);
    greylist_store_get_state(store, &now);
    assert_true(now.is_away);
    assert_int_equal(now.answers[STORE_ANSWERED], 0);
    set(&fake.opens, true);
    visit_until(store, STORE_ANSWERED);
    greylist_store_get_state(store, &now);
    assert_false(now.is_away);
    end(store);
}

static void test_breaks(void **state)
{
    struct greylist_store *store = create();
    struct greylist_store_state now;

    (void)state;
    set(&fake.works, false);
    visit_as(store, "new", NULL);
    wait_until_told(1);
    greylist_store_get_state(store, &now);
    assert_int_equal(now.answers[STORE_AWAY], 1);
    set(&fake.works, true);
    visit_until(store, STORE_ANSWERED);
    assert_int_equal(fake.opened, 2);
    end(store);
}

static struct strbuf heard;

static void write_down(void *context, enum log_level level, const char *line)
{
    (void)context, (void)level;
    pthread_mutex_lock(&log_lock);
    strbuf_addf(&heard, "%s\n", line);
    pthread_mutex_unlock(&log_lock);
}

/* What is logged of a backend with this place that is away, and full later. */
static void expect_lines(const char *place, const char *away, const char *full)
{
    struct greylist_store *store;

    log_set_sink(write_down, NULL);
    fake.backend.place = place;
    fake.opens = false;
    fake.is_full = true;
    store = create();
    visit_until(store, STORE_AWAY);
    set(&fake.opens, true);
    visit_until(store, STORE_FULL);
    end(store);
    log_set_sink(NULL, NULL);
    if (strstr(strbuf_text(&heard), away) == NULL || strstr(strbuf_text(&heard), full) == NULL)
        fail_msg("%s", strbuf_text(&heard));
    strbuf_free(&heard);
}

/* Of several servers the log names the one that is meant. */
static void test_log_names_the_place(void **state)
{
    (void)state;
    expect_lines("redis://host:6379: ", "greylist: no store: redis://host:6379: there is none; nobody",
                 "greylist: nothing new is stored: redis://host:6379: it broke; who");
}

static void test_log_without_a_place(void **state)
{
    (void)state;
    expect_lines(NULL, "greylist: no store: there is none; nobody", "greylist: nothing new is stored: it broke; who");
}

static void test_full(void **state)
{
    struct greylist_store *store = create();

    (void)state;
    set(&fake.is_full, true);
    visit_as(store, "known", NULL);
    wait_until_told(1);
    assert_int_equal(told.by_answer[STORE_FULL], 1);
    set(&fake.is_full, false);
    visit_as(store, "known", NULL); /* a full store taught the cache nothing */
    wait_until_told(2);
    assert_int_equal(told.by_answer[STORE_ANSWERED], 1);
    assert_int_equal(fake.visits, 2);
    end(store);
}

/* Who is known is so for a while without the backend; who is new is asked about each time. */
static void test_cache(void **state)
{
    struct greylist_store *store = create();
    struct greylist_store_state now;

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        visit_as(store, "known", NULL);
        wait_until_told(i + 1);
        assert_int_equal(told.last.reason, GREYLIST_KNOWN_ENTRY);
    }
    assert_int_equal(fake.visits, 1);
    greylist_store_get_state(store, &now);
    assert_int_equal(now.cache_hits, 4);
    assert_int_equal(now.answers[STORE_ANSWERED], 5);
    now_ms = STORE_CACHE_S * 1000 + 1;
    visit_as(store, "known", NULL);
    wait_until_told(6);
    assert_int_equal(fake.visits, 2);
    now_s += 7200; /* its use is to be stored again */
    visit_as(store, "known", NULL);
    wait_until_told(7);
    assert_int_equal(fake.visits, 3);
    for (unsigned i = 0; i < 3; i++) {
        visit_as(store, "new", NULL);
        wait_until_told(8 + i);
    }
    assert_int_equal(fake.visits, 6);
    end(store);
}

/* Each subject is known for itself: neither a beginning in common nor the same length makes two the same. */
static void test_cache_of_several(void **state)
{
    static const char *const entries[] = {"known one", "known onf", "known", "known one two"};
    struct greylist_store *store = create();
    unsigned asked = 0;

    (void)state;
    for (unsigned turn = 0; turn < 2; turn++)
        for (unsigned i = 0; i < sizeof entries / sizeof *entries; i++) {
            visit_as(store, entries[i], NULL);
            wait_until_told(++asked);
            visit_alone(store, entries[i]);
            wait_until_told(++asked);
            assert_int_equal(fake.visits, turn == 0 ? asked : 2 * sizeof entries / sizeof *entries);
        }
    end(store);
}

/* What is over goes in steps, between which others are answered. */
static void test_expiry(void **state)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    struct greylist_store *store;
    struct greylist_store_state now = {0};
    const int64_t end_ms = clock_monotonic_ms(&clock_system) + PATIENCE_MS;

    (void)state;
    fake.left_to_delete = 10 * BACKEND_EXPIRY_STEP + 5;
    store = create();
    while (now.expired < 10 * BACKEND_EXPIRY_STEP + 5 && clock_monotonic_ms(&clock_system) < end_ms) {
        (void)nanosleep(&pause, NULL);
        greylist_store_get_state(store, &now);
    }
    assert_int_equal(now.expired, 10 * BACKEND_EXPIRY_STEP + 5);
    visit_as(store, "new", NULL);
    wait_until_told(1);
    end(store);
    assert_true(fake.expiries >= 11);
}

/* The end waits for what is under way. */
static void test_end(void **state)
{
    struct greylist_store *store = create();

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        visit_as(store, "new", NULL);
    end(store);
    assert_int_equal(told.count, 1000);
    assert_int_equal(fake.visits, 1000);
}

/* Who gives back the last reference does not wait for a backend that is blocked; what is under way is stored all the
 * same. */
static void test_end_keeps_nobody(void **state)
{
    struct greylist_store *store = create_waiting(STORE_WAIT_MS);

    (void)state;
    set(&fake.is_blocked, true);
    for (unsigned i = 0; i < 10; i++)
        visit_as(store, "new", NULL);
    wait_until_inside(1);
    wait_until_told(10);
    (void)alarm(PATIENCE_MS / 1000);
    greylist_store_release(store);
    (void)alarm(0);
    assert_int_equal(fake.destroyed, 0);
    set(&fake.is_blocked, false);
    greylist_store_await_ends();
    assert_int_equal(fake.destroyed, 1);
    assert_int_equal(fake.visits, 10);
    greylist_store_await_ends();
}

static void *visit_many(void *context)
{
    char entry[32];

    for (unsigned i = 0; i < 2000; i++) {
        (void)snprintf(entry, sizeof entry, "%s %u", i % 3 == 0 ? "new" : "known", i % 50);
        visit_as(context, entry, NULL);
    }
    return NULL;
}

static void test_threads(void **state)
{
    struct greylist_store *store = create();
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, visit_many, store), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    end(store);
    assert_int_equal(told.count, 8000);
    assert_int_equal(told.without_decision, 0);
}

static void test_out_of_memory(void **state)
{
    struct strbuf error = STRBUF_INIT;
    struct greylist_store *store = NULL;
    unsigned created = 0;

    (void)state;
    for (unsigned n = 1; store == NULL; n++) {
        alloc_fail_at(n);
        store = greylist_store_create_on(&fake.backend, &own_clock, PATIENCE_MS, &error);
        alloc_fail_at(0);
        assert_true(store != NULL || error.failed || error.len > 0);
        strbuf_free(&error);
        created++;
    }
    assert_true(created > 3);
    assert_int_equal(fake.destroyed, created - 1);
    visit_as(store, "known", NULL);
    wait_until_told(1);
    alloc_fail_at(1);
    visit_as(store, "new", NULL);
    alloc_fail_at(0);
    wait_until_told(2);
    assert_int_equal(told.by_answer[STORE_NO_MEMORY], 1);
    end(store);
}

static void test_same_config(void **state)
{
    const struct greylist_store_config file = {.address = {.kind = STORE_SQLITE, .path = "/a"}, .entries_max = 5},
                                       server = {.address = {.kind = STORE_REDIS, .host = "a", .port = 1}},
                                       local = {.address = {.kind = STORE_REDIS_UNIX, .path = "/a"}};
    struct greylist_store_config other = file;

    (void)state;
    assert_true(greylist_store_config_is_same(&file, &other));
    other.entries_max = 6;
    assert_false(greylist_store_config_is_same(&file, &other));
    other = file;
    other.address.path[1] = 'b';
    assert_false(greylist_store_config_is_same(&file, &other));
    assert_false(greylist_store_config_is_same(&file, &local));
    other = local;
    assert_true(greylist_store_config_is_same(&local, &other));
    other.address.database = 3;
    assert_false(greylist_store_config_is_same(&local, &other));
    other = server;
    assert_true(greylist_store_config_is_same(&server, &other));
    other.address.port = 2;
    assert_false(greylist_store_config_is_same(&server, &other));
    other = server;
    other.password_file = "/p";
    assert_false(greylist_store_config_is_same(&server, &other));
    other = server;
    other.address.prefix[0] = 'x';
    assert_false(greylist_store_config_is_same(&server, &other));
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned a = 0; a < STORE_ANSWER_COUNT; a++)
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(store_answer_name(a), store_answer_name(b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_answers, set_up),
        cmocka_unit_test_setup(test_batches, set_up),
        cmocka_unit_test_setup(test_slow, set_up),
        cmocka_unit_test_setup(test_slow_with_a_slow_log, set_up),
        cmocka_unit_test_setup(test_busy, set_up),
        cmocka_unit_test_setup(test_away, set_up),
        cmocka_unit_test_setup(test_breaks, set_up),
        cmocka_unit_test_setup(test_full, set_up),
        cmocka_unit_test_setup(test_cache, set_up),
        cmocka_unit_test_setup(test_cache_of_several, set_up),
        cmocka_unit_test_setup(test_expiry, set_up),
        cmocka_unit_test_setup(test_end, set_up),
        cmocka_unit_test_setup(test_end_keeps_nobody, set_up),
        cmocka_unit_test_setup(test_threads, set_up),
        cmocka_unit_test_setup(test_out_of_memory, set_up),
        cmocka_unit_test_setup(test_log_names_the_place, set_up),
        cmocka_unit_test_setup(test_log_without_a_place, set_up),
        cmocka_unit_test(test_same_config),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
