/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files read whole: sizes around the limit, what cannot be read, and no memory. */
#include "base/file.h"

#include "support/alloc_fail.h"

#include <errno.h>
#include <fcntl.h>
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

enum { LIMIT = 10000 };

static char path[] = "/tmp/smf-spf-file-XXXXXX";

static int set_up(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_octets(size_t count)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    for (size_t i = 0; i < count; i++)
        assert_int_not_equal(fputc(i % 7 == 0 ? '\0' : 'x', file), EOF);
    assert_int_equal(fclose(file), 0);
}

static void test_sizes(void **state)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, LIMIT - 1, LIMIT, LIMIT + 1, 2 * LIMIT};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct strbuf text = {.limit = LIMIT};

        write_octets(sizes[i]);
        if (sizes[i] <= LIMIT) {
            assert_true(file_read(path, &text));
            assert_int_equal(text.len, sizes[i]);
        } else {
            assert_false(file_read(path, &text));
            assert_int_equal(errno, EFBIG);
        }
        strbuf_free(&text);
    }
}

/* A pipe is read like a file, but nobody waits for a FIFO that has no writer. */
static void test_pipes(void **state)
{
    struct strbuf text = {.limit = LIMIT};
    char fifo[64], pipe_path[64];
    int ends[2];

    (void)state;
    snprintf(fifo, sizeof fifo, "%s.fifo", path);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    alarm(20); /* ends the test where it does wait */
    assert_false(file_read(fifo, &text));
    alarm(0);
    assert_int_equal(errno, ENODATA);
    assert_int_equal(unlink(fifo), 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "some", 4), 4);
    assert_int_equal(close(ends[1]), 0);
    snprintf(pipe_path, sizeof pipe_path, "/dev/fd/%d", ends[0]);
    assert_true(file_read(pipe_path, &text));
    assert_string_equal(strbuf_text(&text), "some");
    assert_int_equal(close(ends[0]), 0);
    strbuf_free(&text);
}

/* Nor is one waited for that says nothing more. */
static void test_silent_pipe(void **state)
{
    struct strbuf text = {.limit = LIMIT};
    char fifo[64];
    int fd;

    (void)state;
    snprintf(fifo, sizeof fifo, "%s.fifo", path);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    fd = open(fifo, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "some", 4), 4);
    alarm(60);
    assert_false(file_read(fifo, &text));
    assert_int_equal(errno, ETIMEDOUT);
    alarm(0);
    close(fd);
    assert_int_equal(unlink(fifo), 0);
    strbuf_free(&text);
}

static void test_errors(void **state)
{
    struct strbuf text = STRBUF_INIT;

    (void)state;
    assert_false(file_read("/nonexistent/file", &text));
    assert_int_equal(errno, ENOENT);
    assert_false(file_read("/tmp", &text));
    assert_int_equal(errno, EISDIR);
    assert_int_equal(text.len, 0);
    strbuf_free(&text);
}

static void test_no_memory(void **state)
{
    unsigned failures = 0;

    (void)state;
    write_octets(LIMIT);
    for (unsigned n = 1;; n++) {
        struct strbuf text = {.limit = LIMIT};

        alloc_fail_at(n);
        bool is_read = file_read(path, &text);
        int error = errno;
        bool failed = alloc_fail_happened();

        alloc_fail_at(0);
        strbuf_free(&text);
        if (!failed) {
            assert_true(is_read);
            break;
        }
        failures++;
        if (!is_read)
            assert_int_equal(error, ENOMEM);
    }
    assert_true(failures > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes), cmocka_unit_test(test_pipes),
                                       cmocka_unit_test(test_silent_pipe), cmocka_unit_test(test_errors),
                                       cmocka_unit_test(test_no_memory)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
