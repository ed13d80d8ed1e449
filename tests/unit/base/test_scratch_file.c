/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files for libraries: in memory and on disk they hold the text, for this user alone, and leave nothing behind. */
#include "base/scratch_file.h"

#include "base/file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/smf-spf-scratch-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(directory) != NULL && setenv("TMPDIR", directory, 1) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(directory); /* fails if anything is left */
}

typedef bool (*write_function)(struct scratch_file *file, const char *text, size_t len);

static void check(write_function write_file, size_t len)
{
    struct strbuf found = {.limit = 1 << 20};
    struct scratch_file file;
    struct stat status;
    char *text = malloc(len + 1);

    assert_non_null(text);
    memset(text, 'x', len);
    assert_true(write_file(&file, text, len));
    assert_true(file_read(file.path, &found));
    assert_int_equal(found.len, len);
    assert_memory_equal(strbuf_text(&found), text, len);
    if (file.is_on_disk) {
        assert_int_equal(lstat(file.path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
    scratch_file_remove(&file);
    assert_int_equal(access(file.path, F_OK), -1);
    strbuf_free(&found);
    free(text);
}

static void test_text_is_there_until_removed(void **state)
{
    static const write_function ways[] = {scratch_file_write, scratch_file_write_on_disk};
    static const size_t sizes[] = {0, 1, 100000};

    (void)state;
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            check(ways[w], sizes[s]);
}

static void test_disk_is_not_needed(void **state)
{
    struct scratch_file file;

    (void)state;
    assert_int_equal(setenv("TMPDIR", "/nowhere", 1), 0);
    assert_true(scratch_file_write(&file, "x", 1));
    scratch_file_remove(&file);
    assert_false(scratch_file_write_on_disk(&file, "x", 1));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(setenv("TMPDIR", directory, 1), 0);
}

static void test_name_too_long(void **state)
{
    struct scratch_file file;
    char name[sizeof file.path];

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[0] = '/';
    name[sizeof name - 1] = '\0';
    assert_int_equal(setenv("TMPDIR", name, 1), 0);
    assert_false(scratch_file_write_on_disk(&file, "x", 1));
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(setenv("TMPDIR", directory, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_there_until_removed),
        cmocka_unit_test(test_disk_is_not_needed),
        cmocka_unit_test(test_name_too_long),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
