/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store on a real Redis server: what is stored, by one host and by several, and what becomes of foreign values. */
#include "redis_server.h"

#include "greylist/store/redis_link.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1700000000, DELAY = 60, WINDOW = 86400, LIFE = 3110400 };

static const struct greylist_terms terms = {
    .mode = GREYLIST_ON, .delay_s = DELAY, .window_s = WINDOW, .life_s = LIFE, .known_after = 2};
static const char *const no_options[] = {NULL};

static int64_t fixed_now(void *context)
{
    (void)context;
    return NOW;
}

static const struct clock fixed_clock = {.monotonic_ms = fixed_now, .unix_s = fixed_now};

static struct backend *open_store(const struct greylist_store_config *config)
{
    struct backend *backend = backend_create(config);
    struct strbuf problem = STRBUF_INIT;

    assert_non_null(backend);
    if (!backend->functions->open(backend, &problem))
        fail_msg("%s", strbuf_text(&problem));
    assert_int_equal(problem.len, 0);
    strbuf_free(&problem);
    return backend;
}

static struct backend *open_usual(void)
{
    const struct greylist_store_config config = redis_server_config(&fixed_clock);

    return open_store(&config);
}

static void close_store(struct backend *backend)
{
    backend->functions->destroy(backend);
}

static struct backend_visit visit_of(const char *entry, const char *sender, int64_t now_s)
{
    struct backend_visit visit = {.terms = terms, .now_s = now_s, .answer = STORE_ANSWER_COUNT};

    (void)snprintf(visit.subject.entry, sizeof visit.subject.entry, "%s", entry);
    (void)snprintf(visit.subject.sender, sizeof visit.subject.sender, "%s", sender);
    return visit;
}

static void visit_all(struct backend *backend, struct backend_visit *visits, size_t count)
{
    struct backend_visit *batch[BACKEND_BATCH_MAX] = {NULL};
    struct strbuf problem = STRBUF_INIT;

    for (size_t n = 0; n < count; n++)
        batch[n] = &visits[n];
    if (!backend->functions->visit(backend, batch, count, &problem))
        fail_msg("%s", strbuf_text(&problem));
    assert_int_equal(problem.len, 0);
    strbuf_free(&problem);
    for (size_t n = 0; n < count; n++)
        assert_true(visits[n].answer == STORE_ANSWERED || visits[n].answer == STORE_FULL);
}

/* One visit, which is answered. */
static struct greylist_decision ask(struct backend *backend, const char *entry, const char *sender, int64_t now_s)
{
    struct backend_visit visit = visit_of(entry, sender, now_s);

    visit_all(backend, &visit, 1);
    assert_int_equal(visit.answer, STORE_ANSWERED);
    return visit.decision;
}

static void assert_reason(struct backend *backend, const char *entry, const char *sender, int64_t now_s,
                          enum greylist_reason expected)
{
    const struct greylist_decision decision = ask(backend, entry, sender, now_s);

    if (decision.reason != expected)
        fail_msg("%s at %+d: \"%s\" instead of \"%s\"", entry, (int)(now_s - NOW),
                 greylist_reason_name(decision.reason), greylist_reason_name(expected));
    assert_int_equal(decision.defers,
                     expected == GREYLIST_NEW || expected == GREYLIST_EARLY || expected == GREYLIST_LATE);
}

static void assert_lives(const char *key, long expected_s)
{
    char command[400];
    long left_s;

    (void)snprintf(command, sizeof command, "TTL|%s", key);
    left_s = strtol(redis_server_command(command), NULL, 10);
    if (left_s > expected_s || left_s < expected_s - 60)
        fail_msg("%s: %ld s left instead of %ld", key, left_s, expected_s);
}

static int flush(void **state)
{
    (void)state;
    (void)redis_server_command("FLUSHALL");
    return 0;
}

/* One host ------------------------------------------------------------------------------------------------------ */

#define NET    "192.0.2.0/24 example.org"
#define ENTRY  NET " user@our.example"
#define SECOND NET " other@our.example"
#define THIRD  NET " third@our.example"

static void test_a_message_comes_back(void **state)
{
    struct backend *backend = open_usual();

    (void)state;
    assert_reason(backend, ENTRY, NET, NOW, GREYLIST_NEW);
    assert_string_equal(redis_server_command("GET|smf-spf:entry:" ENTRY), "1700000000 0 0 0");
    assert_lives("smf-spf:entry:" ENTRY, 2L * WINDOW);
    assert_string_equal(redis_server_command("EXISTS|smf-spf:sender:" NET), "0");
    assert_reason(backend, ENTRY, NET, NOW + DELAY - 1, GREYLIST_EARLY);
    assert_reason(backend, ENTRY, NET, NOW + DELAY, GREYLIST_CAME_BACK);
    assert_string_equal(redis_server_command("GET|smf-spf:entry:" ENTRY), "1700000000 1700000060 1 0");
    assert_lives("smf-spf:entry:" ENTRY, LIFE);
    assert_string_equal(redis_server_command("EXISTS|smf-spf:sender:" NET), "1");
    assert_lives("smf-spf:sender:" NET, LIFE);
    assert_reason(backend, ENTRY, NET, NOW + DELAY + 1, GREYLIST_KNOWN_ENTRY);
    assert_reason(backend, SECOND, NET, NOW, GREYLIST_NEW);
    assert_reason(backend, SECOND, NET, NOW + DELAY, GREYLIST_CAME_BACK);
    assert_reason(backend, THIRD, NET, NOW + DELAY, GREYLIST_KNOWN_SENDER);
    close_store(backend);
}

static void test_late(void **state)
{
    struct backend *backend = open_usual();

    (void)state;
    assert_reason(backend, ENTRY, NET, NOW, GREYLIST_NEW);
    assert_reason(backend, ENTRY, NET, NOW + WINDOW + 1, GREYLIST_LATE);
    assert_reason(backend, ENTRY, NET, NOW + WINDOW + 1 + DELAY, GREYLIST_CAME_BACK);
    close_store(backend);
}

static void test_no_sender(void **state)
{
    struct backend *backend = open_usual();

    (void)state;
    assert_reason(backend, "pass example.org", "", NOW, GREYLIST_NEW);
    assert_reason(backend, "pass example.org", "", NOW + DELAY, GREYLIST_CAME_BACK);
    assert_reason(backend, "pass example.org", "", NOW + DELAY, GREYLIST_KNOWN_ENTRY);
    assert_string_equal(redis_server_command("DBSIZE"), "1");
    close_store(backend);
}

static void test_learn(void **state)
{
    struct backend *backend = open_usual();
    struct backend_visit visit = visit_of(ENTRY, NET, NOW);

    (void)state;
    visit.terms.mode = GREYLIST_LEARN;
    visit_all(backend, &visit, 1);
    assert_int_equal(visit.decision.reason, GREYLIST_NEW);
    assert_false(visit.decision.defers);
    assert_string_equal(redis_server_command("GET|smf-spf:entry:" ENTRY), "1700000000 0 0 1");
    assert_lives("smf-spf:entry:" ENTRY, LIFE);
    close_store(backend);
}

/* Visits of a batch see what those before them left. */
static void test_batch(void **state)
{
    static struct backend_visit visits[BACKEND_BATCH_MAX];
    struct backend *backend = open_usual();

    (void)state;
    for (size_t n = 0; n < BACKEND_BATCH_MAX; n++)
        visits[n] = visit_of(ENTRY, NET, n == 0 ? NOW : n < 100 ? NOW + 1 : NOW + DELAY);
    visit_all(backend, visits, BACKEND_BATCH_MAX);
    for (size_t n = 0; n < BACKEND_BATCH_MAX; n++)
        assert_int_equal(visits[n].decision.reason, n == 0     ? GREYLIST_NEW
                                                    : n < 100  ? GREYLIST_EARLY
                                                    : n == 100 ? GREYLIST_CAME_BACK
                                                               : GREYLIST_KNOWN_ENTRY);
    close_store(backend);
}

/* Many recipients of one sender, all of which come back at once: each counts. */
static void test_batch_of_one_sender(void **state)
{
    static struct backend_visit visits[BACKEND_BATCH_MAX];
    struct backend *backend = open_usual();

    (void)state;
    for (int again = 0; again <= 1; again++) {
        for (size_t n = 0; n < BACKEND_BATCH_MAX; n++) {
            char entry[GREYLIST_KEY_SIZE];

            (void)snprintf(entry, sizeof entry, NET " user%zu@our.example", n);
            visits[n] = visit_of(entry, NET, NOW + again * DELAY);
            visits[n].terms.known_after = 1000000;
        }
        visit_all(backend, visits, BACKEND_BATCH_MAX);
        for (size_t n = 0; n < BACKEND_BATCH_MAX; n++)
            assert_int_equal(visits[n].decision.reason, again ? GREYLIST_CAME_BACK : GREYLIST_NEW);
    }
    assert_string_equal(redis_server_command("GET|smf-spf:sender:" NET), "1700000060 1700000060 256 0");
    close_store(backend);
}

/* How many calls of the script there were since this was asked last. */
static unsigned long calls(void)
{
    const char *line = strstr(redis_server_command("INFO|commandstats"), "cmdstat_eval:calls=");
    const unsigned long count = line == NULL ? 0 : strtoul(strchr(line, '=') + 1, NULL, 10);

    (void)redis_server_command("CONFIG|RESETSTAT");
    return count;
}

/* One round trip where nothing changes, and for a first contact; two for others. */
static void test_round_trips(void **state)
{
    static struct backend_visit visits[BACKEND_BATCH_MAX];
    struct backend *backend = open_usual();

    (void)state;
    (void)calls();
    assert_reason(backend, ENTRY, NET, NOW, GREYLIST_NEW);
    assert_int_equal(calls(), 1);
    assert_reason(backend, ENTRY, NET, NOW + 1, GREYLIST_EARLY);
    assert_int_equal(calls(), 1);
    assert_reason(backend, ENTRY, NET, NOW + DELAY, GREYLIST_CAME_BACK);
    assert_int_equal(calls(), 2);
    assert_reason(backend, ENTRY, NET, NOW + DELAY, GREYLIST_KNOWN_ENTRY);
    assert_int_equal(calls(), 1);
    for (size_t n = 0; n < BACKEND_BATCH_MAX; n++)
        visits[n] = visit_of(ENTRY, NET, NOW + LIFE / 2); /* the first one renews */
    visit_all(backend, visits, BACKEND_BATCH_MAX);
    assert_int_equal(calls(), 2 * BACKEND_BATCH_MAX);
    close_store(backend);
}

/* A value as long as any can be. */
static void test_longest_value(void **state)
{
    struct backend *backend = open_usual();

    (void)state;
    (void)redis_server_command("SET|smf-spf:entry:" ENTRY "|253402300799 253402300799 4294967295 1");
    assert_reason(backend, ENTRY, NET, NOW, GREYLIST_KNOWN_ENTRY);
    assert_string_equal(redis_server_command("GET|smf-spf:entry:" ENTRY), "253402300799 1700000000 4294967295 1");
    close_store(backend);
}

static void test_database_and_prefix(void **state)
{
    struct greylist_store_config config = redis_server_config(&fixed_clock);
    struct backend *usual = open_usual(), *other_database, *other_prefix;

    (void)state;
    config.address.database = 3;
    other_database = open_store(&config);
    config = redis_server_config(&fixed_clock);
    (void)snprintf(config.address.prefix, sizeof config.address.prefix, "mx.");
    other_prefix = open_store(&config);
    assert_reason(usual, ENTRY, NET, NOW, GREYLIST_NEW);
    assert_reason(other_database, ENTRY, NET, NOW, GREYLIST_NEW);
    assert_reason(other_prefix, ENTRY, NET, NOW, GREYLIST_NEW);
    assert_reason(usual, ENTRY, NET, NOW, GREYLIST_EARLY);
    assert_string_equal(redis_server_command("EXISTS|mx.entry:" ENTRY), "1");
    close_store(usual);
    close_store(other_database);
    close_store(other_prefix);
}

static void test_no_such_database(void **state)
{
    struct greylist_store_config config = redis_server_config(&fixed_clock);
    struct backend *backend;
    struct strbuf problem = STRBUF_INIT;

    (void)state;
    config.address.database = 16;
    backend = backend_create(&config);
    assert_non_null(backend);
    assert_false(backend->functions->open(backend, &problem));
    assert_string_equal(strbuf_text(&problem), "it answers: ERR DB index is out of range");
    strbuf_free(&problem);
    close_store(backend);
}

/* Foreign values ------------------------------------------------------------------------------------------------ */

static void test_foreign_values(void **state)
{
    static const char *const commands[] = {
        "SET|smf-spf:entry:" ENTRY "|",
        "SET|smf-spf:entry:" ENTRY "|0",
        "SET|smf-spf:entry:" ENTRY "|1700000000 0 0 2",
        "SET|smf-spf:entry:" ENTRY "|1700000000 0 0 0 and what a later version may add",
        "SET|smf-spf:entry:" ENTRY "|\xff\xfe\r\n$3\r\n",
        "SETRANGE|smf-spf:entry:" ENTRY "|1000000|x",
        "SETRANGE|smf-spf:entry:" ENTRY "|39|x",
        "SETRANGE|smf-spf:entry:" ENTRY "|38|x",
        "SETRANGE|smf-spf:entry:" ENTRY "|37|x",
        "RPUSH|smf-spf:entry:" ENTRY "|a|b",
        "HSET|smf-spf:entry:" ENTRY "|a|b",
        "SADD|smf-spf:sender:" NET "|a|b",
        "SET|smf-spf:sender:" NET "|no record",
    };

    (void)state;
    for (size_t n = 0; n < sizeof commands / sizeof *commands; n++) {
        struct backend *backend = open_usual();

        (void)redis_server_command("FLUSHALL");
        (void)redis_server_command(commands[n]);
        assert_string_equal(redis_server_command("DBSIZE"), "1");
        assert_reason(backend, ENTRY, NET, NOW, GREYLIST_NEW);
        assert_string_equal(redis_server_command("GET|smf-spf:entry:" ENTRY), "1700000000 0 0 0");
        assert_reason(backend, ENTRY, NET, NOW + DELAY, GREYLIST_CAME_BACK);
        assert_string_equal(redis_server_command("GET|smf-spf:sender:" NET), "1700000060 1700000060 1 0");
        close_store(backend);
    }
}

/* For people ---------------------------------------------------------------------------------------------------- */

struct listed {
    struct strbuf text;
    size_t count, stop_after;
};

static bool add_listed(void *context, const struct backend_row *row)
{
    struct listed *listed = context;

    strbuf_addf(&listed->text, "%s %s %d %d %u %d %d\n", row->is_sender ? "sender" : "entry", row->key,
                (int)(row->record.first_s), (int)(row->record.last_s), (unsigned)row->record.count,
                row->record.is_learned, row->until_s == 0 ? 0 : (int)(row->until_s - NOW + 5) / 10 * 10);
    return ++listed->count != listed->stop_after;
}

static void assert_listed(struct backend *backend, const char *pattern, size_t stop_after, const char *expected)
{
    struct listed listed = {.stop_after = stop_after};
    struct strbuf problem = STRBUF_INIT;

    if (!backend->functions->each(backend, pattern, add_listed, &listed, &problem))
        fail_msg("%s", strbuf_text(&problem));
    assert_string_equal(strbuf_text(&listed.text), expected);
    strbuf_free(&listed.text);
}

static void put(struct backend *backend, const char *key, bool is_sender, const struct greylist_record *record,
                int64_t until_s)
{
    struct strbuf problem = STRBUF_INIT;

    if (!backend->functions->put(backend, key, is_sender, record, until_s, &problem))
        fail_msg("%s", strbuf_text(&problem));
}

static void test_list(void **state)
{
    const struct greylist_record first = {1, 2, 3, false}, second = {4, 5, 6, true};
    struct backend *backend = open_usual();

    (void)state;
    assert_listed(backend, "", 0, "");
    put(backend, "b example.net", true, &first, NOW + 1000);
    put(backend, "b example.net", false, &second, NOW + 2000);
    put(backend, "a example.org x", false, &second, NOW + 3000);
    (void)redis_server_command("SET|smf-spf:entry:\x1b[31mred|1 2 3 0");
    (void)redis_server_command("SET|smf-spf:entry:foreign|text");
    (void)redis_server_command("RPUSH|smf-spf:entry:list|1 2 3 0");
    (void)redis_server_command("SET|smf-spf:other:x|1 2 3 0");
    (void)redis_server_command("SET|smf-spf:entry:|1 2 3 0");
    (void)redis_server_command("SET|other:entry:x|1 2 3 0");
    (void)redis_server_command("SET|smf-spf:entry:for ever|1 2 3 0");
    assert_listed(backend, "", 0,
                  "entry a example.org x 4 5 6 1 3000\nentry b example.net 4 5 6 1 2000\n"
                  "sender b example.net 1 2 3 0 1000\nentry for ever 1 2 3 0 0\n");
    assert_listed(backend, "EXAMPLE.ORG", 0, "entry a example.org x 4 5 6 1 3000\n");
    assert_listed(backend, "", 2, "entry a example.org x 4 5 6 1 3000\nentry b example.net 4 5 6 1 2000\n");
    put(backend, "b example.net", false, NULL, 0);
    put(backend, "a example.org x", false, &first, NOW); /* that is over by now */
    assert_listed(backend, "example", 0, "sender b example.net 1 2 3 0 1000\n");
    close_store(backend);
}

static void assert_found(struct backend *backend, const char *key, bool is_sender, int64_t first_s)
{
    struct greylist_record record = {9, 9, 9, true};
    struct strbuf problem = STRBUF_INIT;

    if (!backend->functions->find(backend, key, is_sender, NOW, &record, &problem))
        fail_msg("%s", strbuf_text(&problem));
    assert_int_equal(record.first_s, first_s);
    assert_int_equal(record.count, first_s == 0 ? 0 : 3);
}

/* No key but those that are named is read. */
static void test_find(void **state)
{
    const struct greylist_record first = {1, 2, 3, false}, second = {4, 5, 3, true};
    struct backend *backend = open_usual();

    (void)state;
    put(backend, "key", true, &first, NOW + 1000);
    put(backend, "a key too", false, &second, NOW + 1000);
    (void)redis_server_command("RPUSH|smf-spf:entry:list|1 2 3 0");
    (void)redis_server_command("SET|smf-spf:entry:foreign|text");
    (void)redis_server_command("CONFIG|RESETSTAT");
    assert_found(backend, "key", true, 1);
    assert_found(backend, "key", false, 0);
    assert_found(backend, "a key too", false, 4);
    assert_found(backend, "list", false, 0);
    assert_found(backend, "foreign", false, 0);
    assert_null(strstr(redis_server_command("INFO|commandstats"), "cmdstat_scan"));
    close_store(backend);
}

/* More than one step of the server's. */
static void test_long_list(void **state)
{
    enum { COUNT = 5000 };
    static struct backend_visit visits[BACKEND_BATCH_MAX];
    struct backend *backend = open_usual();
    struct listed listed = {0};
    struct strbuf problem = STRBUF_INIT;

    (void)state;
    for (size_t done = 0, count; done < COUNT; done += count) {
        count = COUNT - done < BACKEND_BATCH_MAX ? COUNT - done : BACKEND_BATCH_MAX;
        for (size_t n = 0; n < count; n++) {
            char entry[GREYLIST_KEY_SIZE];

            (void)snprintf(entry, sizeof entry, NET " user%06zu@our.example", done + n);
            visits[n] = visit_of(entry, NET, NOW);
        }
        visit_all(backend, visits, count);
    }
    assert_true(backend->functions->each(backend, "user", add_listed, &listed, &problem));
    assert_int_equal(listed.count, COUNT);
    for (size_t n = 0; n < COUNT; n++) {
        char number[20];
        const char *line = strbuf_text(&listed.text) + n * (listed.text.len / COUNT);

        (void)snprintf(number, sizeof number, " user%06zu@", n);
        assert_non_null(strstr(line, number));
        assert_true(strstr(line, number) < strchr(line, '\n'));
    }
    strbuf_free(&listed.text);
    close_store(backend);
}

static void test_too_long_a_key(void **state)
{
    const struct greylist_record record = {1, 2, 3, false};
    struct backend *backend = open_usual();
    struct strbuf problem = STRBUF_INIT;
    struct greylist_record found;
    char key[GREYLIST_KEY_SIZE + 1];

    (void)state;
    memset(key, 'k', sizeof key);
    key[GREYLIST_KEY_SIZE] = '\0';
    assert_false(backend->functions->put(backend, key, false, &record, NOW + 10, &problem));
    assert_string_equal(strbuf_text(&problem), "no key is that long");
    strbuf_truncate(&problem, 0);
    assert_false(backend->functions->find(backend, key, false, NOW, &found, &problem));
    assert_string_equal(strbuf_text(&problem), "no key is that long");
    key[GREYLIST_KEY_SIZE - 1] = '\0';
    put(backend, key, true, &record, NOW + 10);
    assert_string_equal(redis_server_command("DBSIZE"), "1");
    strbuf_free(&problem);
    close_store(backend);
}

/* Bounds -------------------------------------------------------------------------------------------------------- */

static struct backend_expiry take_step(struct backend *backend)
{
    struct strbuf problem = STRBUF_INIT;
    struct backend_expiry expiry = {.deleted = 999, .entries = 999, .has_more = true};

    if (!backend->functions->expire(backend, NOW, &expiry, &problem))
        fail_msg("%s", strbuf_text(&problem));
    return expiry;
}

static size_t expire(struct backend *backend, uint64_t expected)
{
    const struct backend_expiry expiry = take_step(backend);

    assert_int_equal(expiry.entries, expected);
    assert_true(expiry.deleted > 0 || !expiry.has_more); /* it would be asked again and again */
    return expiry.deleted;
}

static void fill(const char *key, int count)
{
    char command[300];

    (void)snprintf(command, sizeof command,
                   "EVAL|for n = 1, %d do redis.call('SET', '%s' .. n, '1 2 3 0', 'EX', 1000 + n) end|0", count, key);
    (void)redis_server_command(command);
}

static unsigned long long size(void)
{
    return strtoull(redis_server_command("DBSIZE"), NULL, 10);
}

static void test_too_many(void **state)
{
    struct greylist_store_config config = redis_server_config(&fixed_clock);
    struct backend *backend;

    (void)state;
    config.entries_max = 1000;
    backend = open_store(&config);
    assert_int_equal(expire(backend, 0), 0);
    fill("smf-spf:entry:", 1000);
    assert_int_equal(expire(backend, 1000), 0);
    fill("smf-spf:entry:", 1400);
    for (int step = 0; step < 100 && size() > 1000; step++)
        assert_in_range(expire(backend, size()), 1, BACKEND_EXPIRY_STEP);
    assert_int_equal(size(), 1000);
    /* Most of those that went are among the ones that were over first. */
    assert_true(strtol(redis_server_command("EVAL|local left = 0; for n = 1001, 1400 do left = left + redis.call("
                                            "'EXISTS', 'smf-spf:entry:' .. n) end; return left|0"),
                       NULL, 10) >= 380);
    close_store(backend);
}

/* More than the bound is deleted without a pause, since a flood makes none. */
static void test_too_many_are_soon_gone(void **state)
{
    struct greylist_store_config config = redis_server_config(&fixed_clock);
    struct backend *backend;
    int steps = 1;

    (void)state;
    config.entries_max = 1000;
    backend = open_store(&config);
    fill("smf-spf:entry:", 10000);
    while (take_step(backend).has_more)
        steps++;
    assert_int_equal(size(), 1000);
    assert_in_range(steps, 9000 / BACKEND_EXPIRY_STEP, 9000 / (BACKEND_EXPIRY_STEP / 2));
    assert_false(take_step(backend).has_more);
    close_store(backend);
}

/* One visit, for which there is no place. */
static void find_no_place(struct backend *backend, const char *entry)
{
    struct backend_visit visit = visit_of(entry, "", NOW);
    struct strbuf problem = STRBUF_INIT;

    assert_true(backend->functions->visit(backend, &(struct backend_visit *){&visit}, 1, &problem));
    assert_int_equal(visit.answer, STORE_FULL);
    assert_non_null(strstr(strbuf_text(&problem), "GreylistEntries"));
    strbuf_free(&problem);
}

/* Whoever was deferred is not forgotten before coming back in time, whatever else is stored; and who would have no
 * place is not deferred, but who is known stays known. */
static void test_waiting_is_kept(void **state)
{
    struct greylist_store_config config = redis_server_config(&fixed_clock);
    enum { WAITING = 100 };
    struct backend *backend;
    char key[32];

    (void)state;
    config.entries_max = 1000;
    backend = open_store(&config);
    for (unsigned i = 0; i < WAITING; i++) {
        (void)snprintf(key, sizeof key, "waits %u", i);
        assert_int_equal(ask(backend, key, "", NOW).reason, GREYLIST_NEW);
    }
    (void)redis_server_command(
        "EVAL|for n = 1, 1400 do redis.call('SET', 'smf-spf:entry:' .. n, '1 1700000000 3 0', 'EX', "
        "10000000 + n) end|0");
    for (int step = 0; step < 100 && size() > 1000; step++)
        (void)expire(backend, size());
    assert_int_equal(size(), 1000);
    find_no_place(backend, "one more");
    assert_int_equal(size(), 1000);
    for (unsigned i = 0; i < WAITING; i++) {
        (void)snprintf(key, sizeof key, "waits %u", i);
        assert_int_equal(ask(backend, key, "", NOW + DELAY).reason, GREYLIST_CAME_BACK);
    }
    assert_int_equal(ask(backend, "1400", "", NOW).reason, GREYLIST_KNOWN_ENTRY);
    close_store(backend);
}

/* What others have in the database does not push out what is ours, and is left alone. */
static void test_others_have_too_many(void **state)
{
    struct greylist_store_config config = redis_server_config(&fixed_clock);
    struct backend *backend;

    (void)state;
    config.entries_max = 1000;
    backend = open_store(&config);
    fill("other", 5000);
    fill("smf-spf:sender:", 100);
    for (int step = 0; step < 60; step++)
        assert_int_equal(expire(backend, 5100), 0);
    (void)redis_server_command("FLUSHALL");
    fill("other", 1000);
    fill("smf-spf:sender:", 3000);
    for (int step = 0; step < 300 && size() > 1500; step++)
        (void)expire(backend, size());
    assert_true(size() >= 1500 && size() < 2400);
    assert_string_equal(redis_server_command("EVAL|local left = 0; for n = 1, 1000 do left = left + redis.call("
                                             "'EXISTS', 'other' .. n) end; return left|0"),
                        "1000");
    close_store(backend);
}

/* Several hosts ------------------------------------------------------------------------------------------------- */

enum { HOSTS = 3, ROUNDS = 40, PER_ROUND = 16 };

struct host {
    pthread_t thread;
    struct backend *backend;
    int64_t now_s;
    unsigned counts[GREYLIST_KNOWN_SENDER + 1];
    pthread_barrier_t *together;
};

/* All hosts ask about the same entries at the same moment. */
static void *be_host(void *context)
{
    struct host *host = context;

    for (size_t round = 0; round < ROUNDS; round++) {
        struct backend_visit visits[PER_ROUND];
        struct backend_visit *batch[PER_ROUND];
        struct strbuf problem = STRBUF_INIT;

        for (size_t n = 0; n < PER_ROUND; n++) {
            char entry[GREYLIST_KEY_SIZE];

            (void)snprintf(entry, sizeof entry, NET " user%zu@our.example", round * PER_ROUND + n);
            visits[n] = visit_of(entry, NET, host->now_s);
            visits[n].terms.known_after = 1000000;
            batch[n] = &visits[n];
        }
        pthread_barrier_wait(host->together);
        if (host->backend->functions->visit(host->backend, batch, PER_ROUND, &problem))
            for (size_t n = 0; n < PER_ROUND; n++)
                host->counts[visits[n].decision.reason]++;
        strbuf_free(&problem);
    }
    return NULL;
}

static void run_hosts(struct host hosts[HOSTS], int64_t now_s, unsigned counts[GREYLIST_KNOWN_SENDER + 1])
{
    pthread_barrier_t together;

    assert_int_equal(pthread_barrier_init(&together, NULL, HOSTS), 0);
    for (size_t n = 0; n < HOSTS; n++) {
        struct backend *backend = hosts[n].backend;

        hosts[n] = (struct host){.backend = backend, .now_s = now_s, .together = &together};
        assert_int_equal(pthread_create(&hosts[n].thread, NULL, be_host, &hosts[n]), 0);
    }
    memset(counts, 0, (GREYLIST_KNOWN_SENDER + 1) * sizeof *counts);
    for (size_t n = 0; n < HOSTS; n++) {
        assert_int_equal(pthread_join(hosts[n].thread, NULL), 0);
        for (size_t reason = 0; reason <= GREYLIST_KNOWN_SENDER; reason++)
            counts[reason] += hosts[n].counts[reason];
    }
    pthread_barrier_destroy(&together);
}

static void test_hosts_at_once(void **state)
{
    struct host hosts[HOSTS];
    unsigned counts[GREYLIST_KNOWN_SENDER + 1];

    (void)state;
    for (size_t n = 0; n < HOSTS; n++)
        hosts[n].backend = open_usual();
    run_hosts(hosts, NOW, counts);
    assert_int_equal(counts[GREYLIST_NEW], ROUNDS * PER_ROUND);
    assert_int_equal(counts[GREYLIST_EARLY], (HOSTS - 1) * ROUNDS * PER_ROUND);
    run_hosts(hosts, NOW + DELAY, counts);
    assert_int_equal(counts[GREYLIST_CAME_BACK], ROUNDS * PER_ROUND);
    assert_int_equal(counts[GREYLIST_KNOWN_ENTRY], (HOSTS - 1) * ROUNDS * PER_ROUND);
    assert_string_equal(redis_server_command("GET|smf-spf:sender:" NET), "1700000060 1700000060 640 0");
    for (size_t n = 0; n < HOSTS; n++)
        close_store(hosts[n].backend);
}

static int start(void **state)
{
    (void)state;
    redis_server_make_directory();
    redis_server_start(no_options);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_message_comes_back, flush),
        cmocka_unit_test_setup(test_late, flush),
        cmocka_unit_test_setup(test_no_sender, flush),
        cmocka_unit_test_setup(test_learn, flush),
        cmocka_unit_test_setup(test_batch, flush),
        cmocka_unit_test_setup(test_batch_of_one_sender, flush),
        cmocka_unit_test_setup(test_round_trips, flush),
        cmocka_unit_test_setup(test_longest_value, flush),
        cmocka_unit_test_setup(test_database_and_prefix, flush),
        cmocka_unit_test_setup(test_no_such_database, flush),
        cmocka_unit_test_setup(test_foreign_values, flush),
        cmocka_unit_test_setup(test_list, flush),
        cmocka_unit_test_setup(test_find, flush),
        cmocka_unit_test_setup(test_long_list, flush),
        cmocka_unit_test_setup(test_too_long_a_key, flush),
        cmocka_unit_test_setup(test_too_many, flush),
        cmocka_unit_test_setup(test_waiting_is_kept, flush),
        cmocka_unit_test_setup(test_too_many_are_soon_gone, flush),
        cmocka_unit_test_setup(test_others_have_too_many, flush),
        cmocka_unit_test_setup(test_hosts_at_once, flush),
    };

    return cmocka_run_group_tests(tests, start, redis_server_tear_down);
}
