/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of who owns a directory, and of the ways to it that others can change. Only root can build them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/process/directory_owner.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALICE = 64001, MALLORY = 64002 };

static char base[] = "/tmp/smf-spf-owner-XXXXXX";

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static void make(const char *name, uid_t owner, mode_t mode)
{
    assert_int_equal(mkdir(name, 0700), 0);
    assert_int_equal(chown(name, owner, (gid_t)-1), 0);
    assert_int_equal(chmod(name, mode), 0);
}

static void make_link(const char *target, const char *name, uid_t owner)
{
    assert_int_equal(symlink(target, name), 0);
    assert_int_equal(lchown(name, owner, (gid_t)-1), 0);
}

static int set_up(void **state)
{
    char target[PATH_MAX];

    (void)state;
    if (geteuid() != 0)
        return 0;
    umask(022);
    if (mkdtemp(base) == NULL || chmod(base, 0755) != 0 || chdir(base) != 0)
        return -1;
    make("root", 0, 0755);
    make("root/in", 0, 0755);
    make("root/open", 0, 0777);
    make("root/open/in", 0, 0755);
    make("root/sticky", 0, 01777);
    make("root/sticky/alice", ALICE, 0755);
    make("root/sticky/in", 0, 0755);
    make_link("in", "root/sticky/rooted", 0);
    make_link("in", "root/sticky/planted", MALLORY);
    make("alice", ALICE, 0700);
    make("alice/in", ALICE, 0775);
    make("alice/rooted", 0, 0755);
    make_link("../root/in", "alice/out", ALICE);
    make("mallory", MALLORY, 0755);
    make("mallory/alice", ALICE, 0755);
    make_link("alice/in", "one", 0);
    make_link("one", "two", 0);
    snprintf(target, sizeof target, "%s/root/../alice/./in/", base);
    make_link(target, "absolute", 0);
    make_link("../root/in", "mallory/hop", 0);
    make_link("mallory/hop", "over", 0);
    make_link("loop", "loop", 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (geteuid() != 0)
        return 0;
    return chdir("/") == 0 && nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : -1;
}

static void finds_the_owner_or_none(void **state)
{
    static const struct {
        const char *directory;
        int error; /* 0: `owner` is found */
        uid_t owner;
    } rows[] = {
        {".", 0, 0},
        {"/", 0, 0},
        {"/../..", 0, 0},
        {"root", 0, 0},
        {"root/in", 0, 0},
        {"root/in/", 0, 0},
        {"root//in/../in/.", 0, 0},
        {"root/open", 0, 0}, /* who may write to it does not change where it is */
        {"root/open/in", EPERM, 0},
        {"root/open/../in", 0, 0},
        {"root/sticky/in", 0, 0},
        {"root/sticky/alice", 0, ALICE},
        {"root/sticky/rooted", 0, 0},
        {"root/sticky/planted", EPERM, 0},
        {"alice", 0, ALICE},
        {"alice/in", 0, ALICE},
        {"alice/rooted", EPERM, 0}, /* alice can put another one there */
        {"alice/out", EPERM, 0},    /* a link of alice's to a directory of root's */
        {"mallory", 0, MALLORY},
        {"mallory/alice", EPERM, 0},
        {"one", 0, ALICE},
        {"two", 0, ALICE},
        {"absolute", 0, ALICE},
        {"over", EPERM, 0}, /* over a link that mallory can exchange */
        {"mallory/../root/in", EPERM, 0},
        {"loop", ELOOP, 0},
        {"nothing", ENOENT, 0},
    };

    (void)state;
    if (geteuid() != 0)
        skip();
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++) {
        uid_t owner = 12345;
        const bool found = directory_owner(rows[n].directory, &owner);

        if (found != (rows[n].error == 0) || (!found && errno != rows[n].error))
            fail_msg("%s: %s", rows[n].directory, found ? "has an owner" : strerror(errno));
        assert_int_equal(owner, found ? rows[n].owner : 12345);
    }
}

static void takes_no_file_for_a_directory(void **state)
{
    uid_t owner = 0;

    (void)state;
    assert_false(directory_owner("/dev/null", &owner));
    assert_int_equal(errno, ENOTDIR);
}

static void refuses_what_is_too_long(void **state)
{
    static char path[2 * PATH_MAX];
    uid_t owner = 0;

    (void)state;
    for (size_t n = 0; n + 2 < sizeof path; n += 2)
        memcpy(path + n, "./", 2);
    assert_false(directory_owner(path, &owner));
    assert_int_equal(errno, ENAMETOOLONG);
}

static void cuts_the_last_name_off(void **state)
{
    static const char *const rows[][2] = {
        {"/var/run/smfs/smf-spf.sock", "/var/run/smfs"}, {"/sock", "/"}, {"//sock", "/"}, {"sock", "."}, {"a/b", "a"}};
    char out[32];

    (void)state;
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++) {
        assert_true(directory_of(rows[n][0], out, sizeof out));
        assert_string_equal(out, rows[n][1]);
    }
    assert_true(directory_of("1234567/x", out, 8));
    assert_false(directory_of("12345678/x", out, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_owner_or_none),
        cmocka_unit_test(takes_no_file_for_a_directory),
        cmocka_unit_test(refuses_what_is_too_long),
        cmocka_unit_test(cuts_the_last_name_off),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
