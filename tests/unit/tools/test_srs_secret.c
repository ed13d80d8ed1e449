/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the files of secrets: who can read them, what stays in them, and what an error leaves behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/alloc_fail.h"
#include "tools/srs_secret.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { SECRET_LEN = 43, TEXT_MAX = 1024, MUCH = 1024 * 1024 };

static char directory[] = "/tmp/test_srs_secret.XXXXXX";
static char path[64], new_path[sizeof path + 4], link_path[64];

static int set_up(void **state)
{
    (void)state;
    (void)umask(022);
    memcpy(directory + sizeof directory - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/secret", directory);
    (void)snprintf(new_path, sizeof new_path, "%s.new", path);
    (void)snprintf(link_path, sizeof link_path, "%s/link", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(new_path);
    (void)unlink(link_path);
    return rmdir(directory); /* nothing else was left */
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(name, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(name, mode), 0);
}

static const char *read_whole(const char *name)
{
    static char text[TEXT_MAX];
    FILE *file = fopen(name, "re");

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    return text;
}

/* Checks that the text begins with a secret on a line of its own; returns what follows. */
static const char *after_secret(const char *text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    assert_int_equal(strspn(text, alphabet), SECRET_LEN);
    assert_int_equal(text[SECRET_LEN], '\n');
    return text + SECRET_LEN + 1;
}

static struct stat status_of(const char *name)
{
    struct stat found;

    assert_int_equal(lstat(name, &found), 0);
    return found;
}

static void a_file_is_made_for_few(void **state)
{
    static const mode_t umasks[] = {0, 022, 077, 0777};
    char first[TEXT_MAX] = "";

    (void)state;
    for (size_t i = 0; i < sizeof umasks / sizeof *umasks; i++) {
        (void)umask(umasks[i]);
        assert_int_equal(srs_secret_create(path, NULL), EX_OK);
        assert_int_equal(status_of(path).st_mode, S_IFREG | 0640);
        assert_string_equal(after_secret(read_whole(path)), "");
        assert_string_not_equal(read_whole(path), first); /* each is another one */
        memcpy(first, read_whole(path), sizeof first);
        assert_int_equal(unlink(path), 0);
    }
}

static void its_group_is_that_of_the_account(void **state)
{
    const struct passwd *account = getpwnam("nobody");

    (void)state;
    const gid_t group = account != NULL ? account->pw_gid : 0;

    if (geteuid() != 0 || group == 0)
        skip();
    assert_int_equal(srs_secret_create(path, "nobody"), EX_OK);
    assert_int_equal(status_of(path).st_gid, group);
    assert_int_equal(status_of(path).st_uid, 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(srs_secret_create(path, "no-such-account"), EX_NOUSER);
    assert_string_equal(after_secret(read_whole(path)), "");
}

static void what_exists_stays(void **state)
{
    (void)state;
    write_file(path, "old\n", 0600);
    assert_int_equal(srs_secret_create(path, NULL), EX_CANTCREAT);
    assert_string_equal(read_whole(path), "old\n");
    assert_int_equal(symlink("/nonexistent/x", link_path), 0);
    assert_int_equal(srs_secret_create(link_path, NULL), EX_CANTCREAT);
    assert_int_equal(srs_secret_create("/nonexistent/x", NULL), EX_CANTCREAT);
    assert_int_equal(srs_secret_create(directory, NULL), EX_CANTCREAT);
}

static void a_new_one_goes_before_the_others(void **state)
{
    static const struct {
        mode_t before, after;
    } modes[] = {{0600, 0600}, {0640, 0640}, {0400, 0400}, {0664, 0660}};

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        write_file(path, "one\ntwo", modes[i].before);
        if (geteuid() == 0)
            assert_int_equal(chown(path, 1, 2), 0);
        const struct stat before = status_of(path);
        assert_int_equal(srs_secret_add(path), EX_OK);
        const struct stat after = status_of(path);
        assert_string_equal(after_secret(read_whole(path)), "one\ntwo");
        assert_int_equal(after.st_mode, S_IFREG | modes[i].after);
        assert_int_equal(after.st_uid, before.st_uid);
        assert_int_equal(after.st_gid, before.st_gid);
        assert_int_not_equal(after.st_ino, before.st_ino); /* whoever reads the old one reads it to its end */
        assert_int_equal(access(new_path, F_OK), -1);
        assert_int_equal(unlink(path), 0);
    }
    write_file(path, "", 0600);
    assert_int_equal(srs_secret_add(path), EX_OK);
    assert_string_equal(after_secret(read_whole(path)), "");
}

static void an_error_leaves_the_file_as_it_was(void **state)
{
    (void)state;
    assert_int_equal(srs_secret_add(path), EX_NOINPUT);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(srs_secret_add(directory), EX_NOINPUT);
    assert_int_equal(srs_secret_add("/dev/null"), EX_NOINPUT);
    write_file(path, "old\n", 0600);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(srs_secret_add(link_path), EX_NOINPUT);
    write_file(new_path, "of another command", 0600);
    assert_int_equal(srs_secret_add(path), EX_CANTCREAT);
    assert_string_equal(read_whole(new_path), "of another command");
    assert_int_equal(unlink(new_path), 0);
    assert_string_equal(read_whole(path), "old\n");
    assert_int_equal(truncate(path, MUCH), 0);
    assert_int_equal(srs_secret_add(path), EX_NOINPUT);
    assert_int_equal(status_of(path).st_size, MUCH);
    assert_int_equal(access(new_path, F_OK), -1);
}

static void survives_no_memory(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (bool happened = true; happened; failures += happened) {
        int status;

        write_file(path, "old\n", 0600);
        alloc_fail_at(failures + 1);
        status = srs_secret_add(path);
        happened = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(status, happened ? EX_OSERR : EX_OK);
        if (happened)
            assert_string_equal(read_whole(path), "old\n");
    }
    assert_true(failures > 1);
    assert_int_equal(unlink(path), 0);
    alloc_fail_at(1);
    assert_int_equal(srs_secret_create(path, NULL), EX_OSERR);
    alloc_fail_at(0);
    assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_made_for_few, set_up, tear_down),
        cmocka_unit_test_setup_teardown(its_group_is_that_of_the_account, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_exists_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_one_goes_before_the_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_leaves_the_file_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_no_memory, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
