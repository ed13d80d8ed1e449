/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store in a file: what is in it after visits, expiry, other processes, and whatever can happen to a file. */
#include "greylist/store/backend.h"
#include "greylist/store/sqlite_file.h"

#include "support/test_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { DELAY_S = 60, WINDOW_S = 86400, LIFE_S = 3000000, NOW_S = 1700000000 };

static const struct greylist_terms terms = {
    .mode = GREYLIST_ON, .delay_s = DELAY_S, .window_s = WINDOW_S, .life_s = LIFE_S, .known_after = 2};

static int64_t now_s = NOW_S;

static int64_t own_unix_s(void *context)
{
    (void)context;
    return now_s;
}

static const struct clock own_clock = {.unix_s = own_unix_s};
static char directory[] = "/tmp/test_sqlite_store.XXXXXX";
static struct backend *backend;
static struct strbuf problem;

/* --- A store, and visits. --- */

static struct backend *create(const char *name, uint64_t entries_max)
{
    struct greylist_store_config config = {
        .address = {.kind = STORE_SQLITE}, .entries_max = entries_max, .clock = &own_clock};

    (void)snprintf(config.address.path, sizeof config.address.path, "%s", path_of(name));
    return backend_create(&config);
}

static bool open_store(void)
{
    strbuf_truncate(&problem, 0);
    return backend->functions->open(backend, &problem);
}

static void use(const char *name, uint64_t entries_max)
{
    backend = create(name, entries_max);
    assert_non_null(backend);
}

static void use_open(const char *name, uint64_t entries_max)
{
    use(name, entries_max);
    if (!open_store())
        fail_msg("%s", strbuf_text(&problem));
}

static struct backend_visit make_visit(const char *entry, const char *sender)
{
    struct backend_visit visit = {.terms = terms, .now_s = now_s, .answer = STORE_ANSWER_COUNT};

    (void)snprintf(visit.subject.entry, sizeof visit.subject.entry, "%s", entry);
    (void)snprintf(visit.subject.sender, sizeof visit.subject.sender, "%s", sender);
    return visit;
}

static bool visit_once(const char *entry, const char *sender, struct backend_visit *visit)
{
    *visit = make_visit(entry, sender);
    strbuf_truncate(&problem, 0);
    return backend->functions->visit(backend, &(struct backend_visit *){visit}, 1, &problem);
}

static void expect(const char *entry, const char *sender, enum greylist_reason reason)
{
    struct backend_visit visit;

    if (!visit_once(entry, sender, &visit))
        fail_msg("%s", strbuf_text(&problem));
    assert_int_equal(visit.answer, STORE_ANSWERED);
    assert_string_equal(greylist_reason_name(visit.decision.reason), greylist_reason_name(reason));
}

static uint64_t expire(size_t deleted)
{
    struct backend_expiry expiry = {.deleted = 12345};

    if (!backend->functions->expire(backend, now_s, &expiry, &problem))
        fail_msg("%s", strbuf_text(&problem));
    assert_int_equal(expiry.deleted, deleted);
    assert_true(expiry.has_more == (deleted >= BACKEND_EXPIRY_STEP));
    return expiry.entries;
}

static void expect_problem(const char *part)
{
    if (strstr(strbuf_text(&problem), part) == NULL)
        fail_msg("no \"%s\" in: %s", part, strbuf_text(&problem));
}

static int set_up(void **state)
{
    (void)state;
    now_s = NOW_S;
    return 0;
}

static int tear_down(void **state)
{
    DIR *open_directory = opendir(directory);
    const struct dirent *file;

    (void)state;
    if (backend != NULL)
        backend->functions->destroy(backend);
    backend = NULL;
    strbuf_free(&problem);
    while ((file = readdir(open_directory)) != NULL)
        (void)unlink(path_of(file->d_name));
    (void)closedir(open_directory);
    return 0;
}

/* Another process's hand on the file. */
static sqlite3 *other_begins(const char *name, const char *statement)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path_of(name), &db), SQLITE_OK);
    if (sqlite3_exec(db, statement, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    return db;
}

static void other_does(const char *name, const char *statement)
{
    assert_int_equal(sqlite3_close(other_begins(name, statement)), SQLITE_OK);
}

/* --- What is stored. --- */

static void test_is_made(void **state)
{
    struct stat status;
    const mode_t mask = umask(0);

    (void)state;
    use_open("a.db", 1000);
    expect("e", "s", GREYLIST_NEW);
    (void)umask(mask);
    assert_int_equal(stat(path_of("a.db"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(stat(path_of("a.db-wal"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(stat(path_of("a.db-shm"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void test_visits(void **state)
{
    (void)state;
    use_open("a.db", 1000);
    expect("e1", "s", GREYLIST_NEW);
    expect("e1", "s", GREYLIST_EARLY);
    now_s += DELAY_S;
    backend->functions->close(backend); /* what is stored lasts */
    assert_true(open_store());
    expect("e1", "s", GREYLIST_CAME_BACK);
    expect("e1", "s", GREYLIST_KNOWN_ENTRY);
    expect("e2", "s", GREYLIST_NEW);
    expect("e2", "", GREYLIST_EARLY);
    now_s += DELAY_S;
    expect("e2", "s", GREYLIST_CAME_BACK);
    expect("e3", "s", GREYLIST_KNOWN_SENDER);
    expect("e3", "", GREYLIST_NEW);
    expect("s", "e1", GREYLIST_NEW); /* an entry and a sender of one key are two */
    assert_int_equal(expire(0), 5);
    expect("e4", "another", GREYLIST_NEW); /* what it adds itself it counts itself */
    assert_int_equal(expire(0), 6);
}

/* Two of one subject in a batch see each other. */
static void test_batch(void **state)
{
    static const enum greylist_reason expected[] = {GREYLIST_NEW, GREYLIST_EARLY, GREYLIST_NEW, GREYLIST_CAME_BACK};
    struct backend_visit visits[4] = {make_visit("a", "s"), make_visit("a", "s"), make_visit("b", "s"),
                                      make_visit("a", "s")};
    struct backend_visit *batch[4] = {&visits[0], &visits[1], &visits[2], &visits[3]};

    (void)state;
    use_open("a.db", 1000);
    visits[3].now_s += DELAY_S;
    assert_true(backend->functions->visit(backend, batch, 4, &problem));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(visits[i].answer, STORE_ANSWERED);
        assert_int_equal(visits[i].decision.reason, expected[i]);
    }
    assert_int_equal(expire(0), 3);
}

/* Keys are values, whatever is in them. */
static void test_keys(void **state)
{
    (void)state;
    use_open("a.db", 1000);
    expect("'); DROP TABLE seen; --", "%_\"", GREYLIST_NEW);
    expect("'); drop table seen; --", "%_\"", GREYLIST_NEW);
    expect("'); DROP TABLE seen; --", "%_\"", GREYLIST_EARLY);
}

struct seen {
    unsigned count, stop_at;
    char last[GREYLIST_KEY_SIZE];
    bool last_is_sender, in_order;
    struct greylist_record record;
    int64_t until_s;
};

static bool see(void *context, const struct backend_row *row)
{
    struct seen *seen = context;
    const int order = strcmp(seen->last, row->key);

    seen->in_order = seen->in_order && (order < 0 || (order == 0 && !seen->last_is_sender && row->is_sender));
    (void)snprintf(seen->last, sizeof seen->last, "%s", row->key);
    seen->last_is_sender = row->is_sender;
    seen->record = row->record;
    seen->until_s = row->until_s;
    return ++seen->count != seen->stop_at;
}

static struct seen show(const char *pattern, unsigned stop_at)
{
    struct seen seen = {.stop_at = stop_at, .in_order = true};

    assert_true(backend->functions->each(backend, pattern, see, &seen, &problem));
    assert_true(seen.in_order);
    return seen;
}

static void put(const char *key, bool is_sender, int64_t until_s)
{
    const struct greylist_record record = {.first_s = 1, .last_s = 2, .count = 3, .is_learned = true};

    if (!backend->functions->put(backend, key, is_sender, &record, until_s, &problem))
        fail_msg("%s", strbuf_text(&problem));
}

static void test_shows(void **state)
{
    struct seen seen;
    char key[32];

    (void)state;
    use_open("a.db", 10000);
    assert_int_equal(show("", 0).count, 0);
    for (unsigned i = 0; i < 450; i++) {
        (void)snprintf(key, sizeof key, "%u Example.org", i % 225);
        put(key, i >= 225, NOW_S + 1);
    }
    put("100%", false, NOW_S + 2);
    assert_int_equal(show("", 0).count, 451);
    assert_int_equal(show("", 201).count, 201);
    assert_int_equal(show("eXample", 0).count, 450);
    assert_int_equal(show("17 e", 0).count, 6);
    assert_int_equal(show("_", 0).count, 0);
    seen = show("%", 0);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.last, "100%");
    assert_int_equal(seen.until_s, NOW_S + 2);
    assert_int_equal(seen.record.first_s, 1);
    assert_int_equal(seen.record.last_s, 2);
    assert_int_equal(seen.record.count, 3);
    assert_true(seen.record.is_learned);
}

static int64_t find(const char *key, bool is_sender)
{
    struct greylist_record record = {9, 9, 9, true};

    assert_true(backend->functions->find(backend, key, is_sender, NOW_S, &record, &problem));
    assert_int_equal(record.count, record.first_s == 0 ? 0 : 3);
    return record.first_s;
}

static void test_finds(void **state)
{
    (void)state;
    use_open("a.db", 1000);
    put("key", false, NOW_S + 1);
    put("a key", true, NOW_S);
    assert_int_equal(find("key", false), 1);
    assert_int_equal(find("key", true), 0);
    assert_int_equal(find("a key", true), 0); /* that is over */
    assert_int_equal(find("KEY", false), 0);
}

static void test_forgets(void **state)
{
    (void)state;
    use_open("a.db", 1000);
    put("k", false, NOW_S + 1);
    put("k", true, NOW_S + 1);
    assert_true(backend->functions->put(backend, "k", false, NULL, 0, &problem));
    assert_true(backend->functions->put(backend, "no such key", false, NULL, 0, &problem));
    assert_int_equal(show("", 0).count, 1);
    assert_true(show("", 0).last_is_sender);
    assert_int_equal(expire(0), 1);
}

/* In steps; then what is too much, beginning with what would go first. */
static void test_expiry(void **state)
{
    char key[32];

    (void)state;
    use_open("a.db", 100);
    for (unsigned i = 0; i < 450; i++) {
        (void)snprintf(key, sizeof key, "over %u", i);
        put(key, false, NOW_S);
    }
    for (unsigned i = 0; i < 130; i++) {
        (void)snprintf(key, sizeof key, "goes on %03u", i);
        put(key, i % 2 != 0, NOW_S + 1000 - i);
    }
    assert_int_equal(expire(BACKEND_EXPIRY_STEP), 380);
    assert_int_equal(expire(BACKEND_EXPIRY_STEP), 180);
    assert_int_equal(expire(80), 100);
    assert_int_equal(expire(0), 100);
    assert_int_equal(show("over", 0).count, 0);
    assert_string_equal(show("", 0).last, "goes on 099");
    now_s += 2000;
    assert_int_equal(expire(100), 0);
}

/* Whoever was deferred is not forgotten before coming back in time, whatever else is stored; and who would have no
 * place is not deferred. */
static void test_waiting_is_kept(void **state)
{
    enum { MOST = 100, WAITING = 40 };
    struct backend_visit visit;
    char key[32];

    (void)state;
    use_open("a.db", MOST);
    for (unsigned i = 0; i < WAITING; i++) {
        (void)snprintf(key, sizeof key, "waits %u", i);
        expect(key, "", GREYLIST_NEW);
    }
    for (unsigned i = 0; i < 2 * MOST; i++) {
        (void)snprintf(key, sizeof key, "known %u", i);
        put(key, false, now_s + 10 * (int64_t)terms.window_s);
    }
    assert_int_equal(expire(MOST + WAITING), MOST);
    assert_true(visit_once("one more", "", &visit));
    assert_int_equal(visit.answer, STORE_FULL);
    expect_problem("GreylistEntries");
    now_s += DELAY_S;
    for (unsigned i = 0; i < WAITING; i++) {
        (void)snprintf(key, sizeof key, "waits %u", i);
        expect(key, "", GREYLIST_CAME_BACK);
    }
}

/* Who is too late makes place. */
static void test_late_makes_place(void **state)
{
    char key[32];

    (void)state;
    use_open("a.db", 100);
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(key, sizeof key, "waits %u", i);
        expect(key, "", GREYLIST_NEW);
    }
    now_s += terms.window_s - 1;
    assert_int_equal(expire(0), 100);
    now_s += 1;
    assert_int_equal(expire(100), 0);
    expect("one more", "", GREYLIST_NEW);
}

/* --- Other processes. --- */

/* Visits each subject, whatever it takes; returns for how many it was the first. */
static int visit_all(unsigned subjects)
{
    struct backend_visit visit;
    char entry[32];
    int first = 0;

    for (unsigned i = 0; i < subjects; i++) {
        (void)snprintf(entry, sizeof entry, "entry %u", i);
        while (!visit_once(entry, "s", &visit)) {
            backend->functions->close(backend);
            while (!open_store())
                ;
        }
        first += visit.decision.reason == GREYLIST_NEW ? 1 : 0;
    }
    return first;
}

/* Several at one file, which none of them has made yet: each subject is new to one of them only. */
static void test_processes(void **state)
{
    enum { PROCESSES = 3, SUBJECTS = 120 };
    int total = 0, status = 0;

    (void)state;
    for (unsigned i = 0; i < PROCESSES; i++) {
        const pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
            backend = create("a.db", 1000);
            (void)alarm(60);
            while (!open_store())
                ;
            _exit(visit_all(SUBJECTS));
        }
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status));
        total += WEXITSTATUS(status);
    }
    assert_int_equal(total, SUBJECTS);
    use_open("a.db", 1000);
    assert_int_equal(expire(0), SUBJECTS);
}

/* A lock of somebody else holds one batch up, for less than BACKEND_TIMEOUT_MS. */
static void test_is_locked(void **state)
{
    struct backend_visit visit;
    sqlite3 *other;
    int64_t begin_ms;

    (void)state;
    use_open("a.db", 1000);
    expect("e", "s", GREYLIST_NEW);
    other = other_begins("a.db", "BEGIN IMMEDIATE; DELETE FROM seen");
    begin_ms = clock_monotonic_ms(&clock_system);
    assert_false(visit_once("e", "s", &visit));
    expect_problem("a.db: locked by another process");
    assert_true(clock_monotonic_ms(&clock_system) - begin_ms >= 100);
    assert_int_equal(expire(0), 1);
    backend->functions->close(backend);
    assert_true(open_store());
    assert_false(visit_once("e", "s", &visit));
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    expect("e", "s", GREYLIST_EARLY);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

/* What others add is counted, though not at once. */
static void test_counts_others(void **state)
{
    (void)state;
    use_open("a.db", 1000);
    expect("e", "s", GREYLIST_NEW);
    assert_int_equal(expire(0), 1);
    other_does("a.db", "INSERT INTO seen VALUES ('x', 0, 1, 1, 1, 0, 9999999999)");
    assert_int_equal(expire(0), 1);
    now_s += 60;
    assert_int_equal(expire(0), 2);
    now_s -= 1000000; /* a clock that jumps */
    other_does("a.db", "DELETE FROM seen WHERE key = 'x'");
    assert_int_equal(expire(0), 1);
}

/* Adds as many rows, whose keys begin with "many". */
static void add_many(unsigned count)
{
    char statement[256];

    (void)snprintf(statement, sizeof statement,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %u) "
                   "INSERT INTO seen SELECT 'many ' || i, 0, 1, 1, 1, 0, %d + i FROM n",
                   count, NOW_S + 1000);
    other_does("a.db", statement);
}

static void pause_shortly(void)
{
    const struct timespec pause = {.tv_nsec = 20000000};

    (void)nanosleep(&pause, NULL);
}

/* Nobody waits while many are counted, and what comes meanwhile is one of them. */
static void test_counts_many(void **state)
{
    const int64_t end_ms = clock_monotonic_ms(&clock_system) + 20000;
    enum { MOST = 24000 };
    struct backend_expiry expiry = {.deleted = 0};
    uint64_t entries;

    (void)state;
    use_open("a.db", MOST);
    add_many(25000);
    assert_int_equal(expire(0), 0); /* it is not known yet */
    expect("e", "s", GREYLIST_NEW);
    while (expiry.entries == 0 && clock_monotonic_ms(&clock_system) < end_ms) {
        pause_shortly();
        assert_true(backend->functions->expire(backend, now_s, &expiry, &problem));
    }
    assert_int_equal(expiry.deleted, BACKEND_EXPIRY_STEP);
    assert_int_equal(expiry.entries, 25001 - BACKEND_EXPIRY_STEP);
    for (entries = expiry.entries; entries >= MOST; entries -= BACKEND_EXPIRY_STEP)
        assert_int_equal(expire(BACKEND_EXPIRY_STEP), entries - BACKEND_EXPIRY_STEP);
    expect("f", "s", GREYLIST_NEW);
    assert_int_equal(expire(0), entries + 1);
}

/* --- What can happen to a file. --- */

static unsigned count_files(const char *part)
{
    DIR *open_directory = opendir(directory);
    const struct dirent *file;
    unsigned count = 0;

    while ((file = readdir(open_directory)) != NULL)
        count += strstr(file->d_name, part) != NULL;
    (void)closedir(open_directory);
    return count;
}

static void test_is_gone(void **state)
{
    struct backend_expiry expiry;

    (void)state;
    use_open("a.db", 1000);
    expect("e", "s", GREYLIST_NEW);
    assert_int_equal(rename(path_of("a.db"), path_of("b")), 0);
    assert_false(backend->functions->expire(backend, now_s, &expiry, &problem));
    expect_problem("not the file any more");
    backend->functions->close(backend);
    assert_true(open_store());
    assert_int_equal(expire(0), 0);
}

/* What SQLite has beside the file is a part of it: a process that opened it now would see nothing of what follows. */
static void check_beside(const char *name)
{
    struct backend *other;
    struct backend_expiry expiry;

    use_open("a.db", 1000);
    expect("e", "s", GREYLIST_NEW);
    assert_int_equal(expire(0), 1);
    assert_int_equal(unlink(path_of(name)), 0);
    assert_false(backend->functions->expire(backend, now_s, &expiry, &problem));
    expect_problem("not the file any more");
    backend->functions->close(backend);
    assert_true(open_store());
    assert_int_equal(expire(0), 1);
    other = backend;
    use_open("a.db", 1000);
    expect("e", "s", GREYLIST_EARLY);
    backend->functions->destroy(backend);
    backend = other;
}

static void test_log_is_gone(void **state)
{
    (void)state;
    check_beside("a.db-wal");
}

static void test_shared_is_gone(void **state)
{
    (void)state;
    check_beside("a.db-shm");
}

/* Whoever wants to begin anew may have dropped the table. */
static void test_table_is_gone(void **state)
{
    struct backend_visit visit;

    (void)state;
    use_open("a.db", 1000);
    expect("e", "s", GREYLIST_NEW);
    other_does("a.db", "DROP TABLE seen");
    assert_false(visit_once("e", "s", &visit));
    expect_problem("no such table");
    backend->functions->close(backend);
    assert_true(open_store());
    expect("e", "s", GREYLIST_NEW);
    assert_int_equal(expire(0), 1);
}

static void test_no_directory(void **state)
{
    (void)state;
    use("none/a.db", 1000);
    assert_false(open_store());
    expect_problem("none/a.db: No such file or directory");
    assert_false(open_store());
    backend->functions->close(backend);
}

/* A file that is not made by us is left as it is. */
/* A copy that was made while the filter ran has no log of changes yet. */
static void test_restored(void **state)
{
    char statement[200];

    (void)state;
    use_open("a.db", 1000);
    expect("e", "s", GREYLIST_NEW);
    (void)snprintf(statement, sizeof statement, "VACUUM INTO '%s'", path_of("b.db"));
    other_does("a.db", statement);
    backend->functions->destroy(backend);
    use_open("b.db", 1000);
    now_s += DELAY_S;
    expect("e", "s", GREYLIST_CAME_BACK);
}

static void test_of_others(void **state)
{
    static const struct {
        const char *statement, *problem;
    } cases[] = {
        {"CREATE TABLE t (x)", "a database of another program"},
        {"PRAGMA application_id = 5", "a database of another program"},
        {"PRAGMA application_id = 1936549491; PRAGMA user_version = 2; CREATE TABLE t (x)", "another version"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        other_does("a.db", cases[i].statement);
        use("a.db", 1000);
        assert_false(open_store());
        expect_problem(cases[i].problem);
        assert_int_equal(count_files("corrupt"), 0);
        tear_down(state);
    }
}

static void test_read_only(void **state)
{
    int status = 0;
    pid_t child;

    (void)state;
    use_open("a.db", 1000);
    backend->functions->close(backend);
    assert_int_equal(chmod(path_of("a.db"), 0444), 0);
    assert_int_equal(chmod(directory, 0755), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const bool is_root = geteuid() == 0, is_other = !is_root || (setgid(65534) == 0 && setuid(65534) == 0);

        _exit(is_other && !open_store() && strstr(strbuf_text(&problem), "may not be written to") != NULL ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(chmod(path_of("a.db"), 0600), 0);
    assert_true(open_store());
}

static void overwrite(const char *name, off_t from, size_t len)
{
    const int fd = open(path_of(name), O_WRONLY);

    assert_true(fd >= 0);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(pwrite(fd, "\xa5", 1, from + (off_t)i), 1);
    assert_int_equal(close(fd), 0);
}

/* It is set aside, once it is noticed, and a new one is begun; what was in it can be looked at. */
static void test_corrupt(void **state)
{
    (void)state;
    use_open("a.db", 1000);
    expect("e", "s", GREYLIST_NEW);
    backend->functions->close(backend);
    overwrite("a.db", 0, 200);
    assert_true(open_store());
    expect("e", "s", GREYLIST_NEW);
    assert_int_equal(count_files("a.db.corrupt-20231114T221320Z"), 1);
}

static void test_corrupt_inside(void **state)
{
    struct backend_visit visit;
    char entry[64];

    (void)state;
    use_open("a.db", 10000);
    for (unsigned i = 0; i < 500; i++) {
        (void)snprintf(entry, sizeof entry, "a rather long key, so that there are pages: %u", i);
        expect(entry, "s", GREYLIST_NEW);
    }
    backend->functions->close(backend);
    overwrite("a.db", 12288, 32768);
    assert_true(open_store()); /* what it needs first is sound */
    for (unsigned i = 0; i < 500; i++) {
        (void)snprintf(entry, sizeof entry, "a rather long key, so that there are pages: %u", i);
        if (!visit_once(entry, "s", &visit))
            break;
    }
    expect_problem("malformed");
    backend->functions->close(backend);
    assert_true(open_store());
    expect(entry, "s", GREYLIST_NEW);
    assert_true(count_files(".corrupt-") >= 1);
}

/* What only a count in the background finds. */
static void test_corrupt_among_many(void **state)
{
    const int64_t end_ms = clock_monotonic_ms(&clock_system) + 20000;
    struct stat status;
    struct backend_expiry expiry;

    (void)state;
    use_open("a.db", 100000);
    add_many(40000);
    backend->functions->close(backend);
    assert_int_equal(stat(path_of("a.db"), &status), 0);
    overwrite("a.db", status.st_size / 4 * 3, 100000);
    assert_true(open_store());
    while (backend->functions->expire(backend, now_s, &expiry, &problem) && clock_monotonic_ms(&clock_system) < end_ms)
        pause_shortly();
    expect_problem("corrupt");
    backend->functions->close(backend);
    assert_true(open_store());
    expect("e", "s", GREYLIST_NEW);
    assert_int_equal(count_files("a.db.corrupt-20231114T221320Z"), 1);
}

/* Corrupt ones lie beside it until somebody looks at them, but no more than a few. */
static void test_corrupt_often(void **state)
{
    (void)state;
    use("a.db", 1000);
    for (unsigned i = 0; i < SQLITE_FILES_ASIDE; i++) {
        write_file("a.db", "this is no database; this is no database; this is no database");
        assert_true(open_store());
        backend->functions->close(backend);
        now_s++;
        if (i + 1 < SQLITE_FILES_ASIDE) { /* what SQLite had beside one is no other */
            write_file("a.db.corrupt-20231114T221320Z-wal", "log");
            write_file("a.db.corrupt-20231114T221320Z-shm", "memory");
        }
    }
    assert_int_equal(count_files(".corrupt-"), SQLITE_FILES_ASIDE + 2);
    write_file("a.db", "this is no database; this is no database; this is no database");
    assert_false(open_store());
    expect_problem("remove them");
    assert_false(open_store());
    assert_true(file_has("a.db", "this is no database; this is no database; this is no database"));
    assert_int_equal(unlink(path_of("a.db.corrupt-20231114T221320Z")), 0);
    assert_true(open_store());
}

/* Two corrupt ones within a second have two names. */
static void test_corrupt_twice(void **state)
{
    (void)state;
    use("a.db", 1000);
    write_file("a.db", "this is no database; this is no database; this is no database");
    assert_true(open_store());
    backend->functions->close(backend);
    write_file("a.db", "neither is this; neither is this; neither is this; neither is this");
    assert_false(open_store());
    now_s++;
    assert_true(open_store());
    assert_int_equal(count_files(".corrupt-"), 2);
}

/* What SQLite has beside a corrupt file goes with it: the next one would take it for its own. */
static void test_corrupt_with_others(void **state)
{
    struct file_identity identity;

    (void)state;
    write_file("a.db", "file");
    write_file("a.db-wal", "log");
    write_file("a.db-shm", "memory");
    assert_true(sqlite_file_identify(path_of("a.db"), &identity, 1));
    assert_true(sqlite_file_set_aside(path_of("a.db"), &identity, now_s, &problem));
    assert_true(file_has("a.db.corrupt-20231114T221320Z", "file"));
    assert_true(file_has("a.db.corrupt-20231114T221320Z-wal", "log"));
    assert_true(file_has("a.db.corrupt-20231114T221320Z-shm", "memory"));
    assert_int_equal(count_files("a.db"), 3);
}

/* Another process may have replaced it: then this one is left alone. */
static void test_corrupt_and_replaced(void **state)
{
    struct file_identity identity;

    (void)state;
    write_file("a.db", "old");
    assert_true(sqlite_file_identify(path_of("a.db"), &identity, 1));
    assert_int_equal(rename(path_of("a.db"), path_of("b.db")), 0);
    write_file("a.db", "new");
    assert_true(sqlite_file_set_aside(path_of("a.db"), &identity, now_s, &problem));
    assert_true(file_has("a.db", "new"));
    assert_int_equal(count_files("corrupt"), 0);
}

/* Whoever is in a full store is known still, and whoever is not is nobody's loss; it goes on once there is room. */
static void test_full(void **state)
{
    const struct rlimit whole = {RLIM_INFINITY, RLIM_INFINITY};
    struct rlimit small = {0, RLIM_INFINITY};
    struct backend_visit visit;
    struct stat status;
    char entry[32];
    unsigned full = 0;

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    use_open("a.db", 100000);
    expect("first", "s", GREYLIST_NEW);
    now_s += DELAY_S;
    expect("first", "s", GREYLIST_CAME_BACK);
    assert_int_equal(stat(path_of("a.db-wal"), &status), 0);
    small.rlim_cur = (rlim_t)status.st_size + 20000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(entry, sizeof entry, "entry %u", i);
        if (!visit_once(entry, "s", &visit))
            fail_msg("%s", strbuf_text(&problem));
        if (visit.answer == STORE_FULL)
            expect_problem("a.db: ");
        full += visit.answer == STORE_FULL ? 1 : 0;
    }
    assert_true(full > 100);
    expect("first", "s", GREYLIST_KNOWN_ENTRY);
    expect("entry 0", "s", GREYLIST_EARLY);
    (void)expire(0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &whole), 0);
    expect(entry, "s", GREYLIST_NEW);
    assert_int_equal(count_files("corrupt"), 0);
}

/* A thread brings the log of changes into the file before anybody has to wait for that. */
static void test_checkpoint(void **state)
{
    const int64_t end_ms = clock_monotonic_ms(&clock_system) + 20000;
    const struct timespec pause = {.tv_nsec = 20000000};
    struct stat status;
    char entry[32];

    (void)state;
    use_open("a.db", 100000);
    for (unsigned i = 0; i < 600; i++) {
        (void)snprintf(entry, sizeof entry, "%u %u", (i * 7919) % 4000, i);
        expect(entry, "s", GREYLIST_NEW);
    }
    assert_int_equal(stat(path_of("a.db-wal"), &status), 0);
    assert_in_range(status.st_size, 1001 * 4096, 3999 * 4096);
    do {
        (void)expire(0);
        (void)nanosleep(&pause, NULL);
        assert_int_equal(stat(path_of("a.db"), &status), 0);
    } while (status.st_size < 40000 && clock_monotonic_ms(&clock_system) < end_ms);
    assert_in_range(status.st_size, 40000, 4000000);
}

/* The log of changes goes into the file now and then. */
static void test_log_of_changes(void **state)
{
    struct stat status;
    char entry[128];

    (void)state;
    use_open("a.db", 100000);
    for (unsigned i = 0; i < 4000; i++) {
        (void)snprintf(entry, sizeof entry, "%u %0100u", (i * 7919) % 4000, i);
        expect(entry, "s", GREYLIST_NEW);
        if (i % 10 == 0)
            (void)expire(0);
    }
    assert_int_equal(stat(path_of("a.db-wal"), &status), 0);
    assert_in_range(status.st_size, 1, 20 << 20);
    assert_int_equal(stat(path_of("a.db"), &status), 0);
    assert_in_range(status.st_size, 500000, 10000000);
}

/* --- Without memory: SQLite's own. --- */

static sqlite3_mem_methods system_memory;
static unsigned allocations_left; /* 0: any number */
static bool has_failed;

static bool memory_fails(void)
{
    if (allocations_left == 0 || --allocations_left > 0)
        return false;
    has_failed = true;
    return true;
}

static void *own_malloc(int size)
{
    return memory_fails() ? NULL : system_memory.xMalloc(size);
}

static void *own_realloc(void *old, int size)
{
    return memory_fails() ? NULL : system_memory.xRealloc(old, size);
}

/* Each failure is one, and the store can be opened again after it. */
static void test_no_memory(void **state)
{
    struct backend_visit visit;
    bool works;
    struct backend_expiry expiry;

    (void)state;
    use_open("a.db", 1000);
    for (unsigned n = 1; n == 1 || has_failed; n++) {
        backend->functions->close(backend);
        now_s++;
        has_failed = false;
        allocations_left = n;
        works = open_store() && visit_once("e", "s", &visit) &&
                backend->functions->expire(backend, now_s, &expiry, &problem);
        allocations_left = 0;
        assert_true(works || has_failed);
        if (!works) {
            assert_true(problem.len > 0);
            backend->functions->close(backend);
            if (!open_store())
                fail_msg("%u: %s", n, strbuf_text(&problem));
        }
    }
    assert_int_equal(count_files("corrupt"), 0);
    expect("e", "s", GREYLIST_KNOWN_ENTRY);
}

static int set_up_all(void **state)
{
    sqlite3_mem_methods own;

    (void)state;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory), SQLITE_OK);
    own = system_memory;
    own.xMalloc = own_malloc;
    own.xRealloc = own_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &own), SQLITE_OK);
    if (mkdtemp(directory) == NULL)
        return 1;
    test_directory_use(directory);
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_is_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_visits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_finds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forgets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_expiry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_waiting_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_late_makes_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_processes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_is_locked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_counts_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_counts_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_log_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shared_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_table_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_restored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_read_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_corrupt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_corrupt_inside, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_corrupt_among_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_corrupt_often, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_corrupt_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_corrupt_with_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_corrupt_and_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_checkpoint, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_log_of_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
