/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store in a file on a disk with little room: the log of changes leaves the file what it needs, and gets it back. */
#include "greylist/store/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW_S = 1700000000, PER_BATCH = 50, FILLER_OCTETS = 512 * 1024, BATCHES_MAX = 1000 };

static int64_t own_unix_s(void *context)
{
    (void)context;
    return NOW_S;
}

static const struct clock own_clock = {.unix_s = own_unix_s};
static char directory[] = "/tmp/test_sqlite_room.XXXXXX";
static bool has_disk;
static struct backend *backend;
static struct strbuf problem;
static unsigned strangers;

/* --- A disk of 2 MB. --- */

static void path_on_disk(const char *name, char path[100])
{
    (void)snprintf(path, 100, "%s/%s", directory, name);
}

static off_t size_of(const char *name)
{
    struct stat status;
    char path[100];

    path_on_disk(name, path);
    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

static void remove_file(const char *name)
{
    char path[100];

    path_on_disk(name, path);
    if (unlink(path) != 0)
        assert_int_equal(errno, ENOENT);
}

/* Only root may mount; it is in a namespace of this process's, and ends with it. */
static int set_up_all(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return 1;
    has_disk = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount("tmpfs", directory, "tmpfs", 0, "size=2m") == 0;
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    if (has_disk)
        (void)umount2(directory, MNT_DETACH);
    return rmdir(directory);
}

static void fill(void)
{
    static const char octets[4096] = "x";
    char path[100];
    int fd;

    path_on_disk("filler", path);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    for (size_t written = 0; written < FILLER_OCTETS; written += sizeof octets)
        assert_int_equal(write(fd, octets, sizeof octets), sizeof octets);
    (void)close(fd);
}

/* --- Visits. --- */

static void open_store(void)
{
    struct greylist_store_config config = {
        .address = {.kind = STORE_SQLITE}, .entries_max = 1000000, .clock = &own_clock};

    path_on_disk("a.db", config.address.path);
    backend = backend_create(&config);
    assert_non_null(backend);
    if (!backend->functions->open(backend, &problem))
        fail_msg("%s", strbuf_text(&problem));
}

/* True: a batch of visits that were never there before is stored. */
static bool store_some(void)
{
    struct backend_visit visits[PER_BATCH], *batch[PER_BATCH];
    bool is_stored = true;

    for (unsigned i = 0; i < PER_BATCH; i++, strangers++) {
        visits[i] = (struct backend_visit){
            .terms = {.mode = GREYLIST_ON, .delay_s = 60, .window_s = 86400, .life_s = 3000000, .known_after = 2},
            .now_s = NOW_S};
        (void)snprintf(visits[i].subject.entry, sizeof visits[i].subject.entry, "%u 192.0.2.0/24 sender@example.org %u",
                       (strangers * 7919) % 1000003, strangers);
        batch[i] = &visits[i];
    }
    strbuf_truncate(&problem, 0);
    if (!backend->functions->visit(backend, batch, PER_BATCH, &problem))
        fail_msg("%s", strbuf_text(&problem));
    for (unsigned i = 0; i < PER_BATCH; i++)
        is_stored = is_stored && visits[i].answer == STORE_ANSWERED;
    assert_true(is_stored == (problem.len == 0));
    return is_stored;
}

static void store_until_full(void)
{
    unsigned batches = 0;

    while (store_some())
        assert_true(++batches < BATCHES_MAX);
}

static void expire(void)
{
    struct backend_expiry expiry = {.deleted = 0};

    if (!backend->functions->expire(backend, NOW_S, &expiry, &problem))
        fail_msg("%s", strbuf_text(&problem));
}

static int set_up(void **state)
{
    (void)state;
    strangers = 0;
    if (has_disk)
        open_store();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (backend != NULL)
        backend->functions->destroy(backend);
    backend = NULL;
    strbuf_free(&problem);
    remove_file("a.db");
    remove_file("a.db-wal");
    remove_file("a.db-shm");
    remove_file("filler");
    return 0;
}

/* What fits into the file fits onto the disk, however fast it comes. */
static void test_log_leaves_room(void **state)
{
    (void)state;
    if (!has_disk)
        skip();
    for (unsigned i = 0; i < 100; i++)
        if (!store_some())
            fail_msg("batch %u: %s", i, strbuf_text(&problem));
    assert_in_range(size_of("a.db"), 500000, 1500000);
}

/* While there is room the log is left to grow: to empty it takes as long as a batch. */
static void test_log_stays(void **state)
{
    (void)state;
    if (!has_disk)
        skip();
    for (unsigned i = 0; i < 2; i++) {
        assert_true(store_some());
        assert_true(size_of("a.db-wal") > 0);
    }
}

/* What becomes free is the file's, not only the log's, at once and without a step of expiry. */
static void test_room_comes_back(void **state)
{
    (void)state;
    if (!has_disk)
        skip();
    fill();
    store_until_full();
    assert_false(store_some());
    remove_file("filler");
    for (unsigned i = 0; i < 25; i++)
        if (!store_some())
            fail_msg("batch %u: %s", i, strbuf_text(&problem));
}

/* The same where the log has taken all in one transaction that came to nothing, and room comes while nobody does. */
static void test_room_comes_back_unseen(void **state)
{
    (void)state;
    if (!has_disk)
        skip();
    fill();
    store_until_full();
    expire();
    assert_true(size_of("a.db-wal") > 0);
    remove_file("filler");
    for (unsigned i = 0; i < BATCHES_MAX && size_of("a.db-wal") > 0; i++) {
        expire(); /* the thread may be at it */
        (void)usleep(10000);
    }
    assert_int_equal(size_of("a.db-wal"), 0);
    assert_true(store_some());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_log_leaves_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_log_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_room_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_room_comes_back_unseen, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
