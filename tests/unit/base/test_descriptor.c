/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors: closed on exec, waiting or not as asked for, and errors that leave nothing open. */
#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_closed_on_exec(int fd)
{
    return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

static bool waits(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
}

static void test_pipe(void **state)
{
    (void)state;
    for (int wanted = 0; wanted < 2; wanted++) {
        int ends[2];
        char octet = 0;

        assert_true(descriptor_pipe(ends, wanted));
        for (int n = 0; n < 2; n++) {
            assert_true(is_closed_on_exec(ends[n]));
            assert_int_equal(waits(ends[n]), wanted);
        }
        assert_int_equal(write(ends[1], "x", 1), 1);
        assert_int_equal(read(ends[0], &octet, 1), 1);
        assert_int_equal(octet, 'x');
        close(ends[0]);
        close(ends[1]);
    }
}

static void test_pipe_without_descriptors(void **state)
{
    struct rlimit usual, none;
    int ends[2] = {-1, -2};

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    none = usual;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_false(descriptor_pipe(ends, true));
    assert_int_equal(errno, EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(ends[0], -1);
    assert_int_equal(ends[1], -2);
}

static void test_accept(void **state)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sockaddr_un bound;
    socklen_t len = sizeof bound;
    const int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    int fd;

    (void)state;
    assert_int_equal(bind(listening, (const struct sockaddr *)&address, sizeof address.sun_family), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(descriptor_accept(listening), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&bound, &len), 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&bound, len), 0);
    fd = descriptor_accept(listening);
    assert_true(fd >= 0);
    assert_true(is_closed_on_exec(fd));
    assert_true(waits(fd));
    close(fd);
    close(client);
    close(listening);
}

static void test_replace(void **state)
{
    int ends[2], others[2];
    char octet = 0;

    (void)state;
    assert_true(descriptor_pipe(ends, true));
    assert_true(descriptor_pipe(others, true));
    assert_true(descriptor_replace(ends[0], others[0]));
    assert_true(is_closed_on_exec(others[0]));
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(read(others[0], &octet, 1), 1);
    assert_int_equal(octet, 'x');
    close(ends[0]);
    assert_false(descriptor_replace(ends[0], others[0]));
    assert_int_equal(errno, EBADF);
    close(ends[1]);
    close(others[0]);
    close(others[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_pipe_without_descriptors),
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_replace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
