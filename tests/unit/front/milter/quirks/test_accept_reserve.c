/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests when a listening socket's connections have to wait. */
#include "front/milter/quirks/accept_reserve.h"

#include "base/instrumented.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { LIMIT = 64, RESERVE = LIMIT / 4 };

static struct rlimit usual;
static int held[LIMIT];
static size_t held_count;

static int limit_descriptors(void **state)
{
    struct rlimit low;

    (void)state;
    held_count = 0;
    if (getrlimit(RLIMIT_NOFILE, &usual) != 0)
        return -1;
    low = (struct rlimit){.rlim_cur = LIMIT, .rlim_max = usual.rlim_max};
    return setrlimit(RLIMIT_NOFILE, &low);
}

static int free_descriptors(void **state)
{
    (void)state;
    while (held_count > 0)
        close(held[--held_count]);
    return setrlimit(RLIMIT_NOFILE, &usual);
}

/* Takes descriptors until the lowest free one is this. */
static void hold_below(int number)
{
    for (;;) {
        int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

        if (fd >= number || fd < 0) {
            close(fd);
            return;
        }
        held[held_count++] = fd;
    }
}

static void a_quarter_is_the_reserve(void **state)
{
    (void)state;
    assert_false(accept_reserve_is_low());
    hold_below(LIMIT - RESERVE - 1);
    assert_false(accept_reserve_is_low());
    hold_below(LIMIT - RESERVE);
    assert_true(accept_reserve_is_low());
    hold_below(LIMIT);
    assert_true(accept_reserve_is_low());
    close(held[--held_count]);
    close(held[--held_count]);
    assert_true(accept_reserve_is_low());
}

/* Many descriptors have no larger reserve than this filter has use for. */
static void the_reserve_is_bounded(void **state)
{
    struct rlimit high = usual;

    (void)state;
    high.rlim_cur = usual.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &high), 0);
    hold_below(LIMIT - RESERVE);
    assert_false(accept_reserve_is_low());
}

#if !SANITIZED

/* A socket that listens without a name that others could find (unix(7)), with one connection in its backlog. */
static int listen_with_one(int *client)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t len = sizeof address;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *client = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(*client, (struct sockaddr *)&address, len), 0);
    return fd;
}

static void connections_wait(void **state)
{
    int client, listening = listen_with_one(&client), accepted;

    (void)state;
    assert_true(accept_reserve_is_kept());
    accept_reserve_watch(listening);
    hold_below(LIMIT - RESERVE);
    errno = 0;
    assert_int_equal(accept(listening, NULL, NULL), -1);
    assert_int_equal(errno, EMFILE);
    while (held_count > 0)
        close(held[--held_count]);
    accepted = accept(listening, NULL, NULL);
    assert_true(accepted >= 0);
    accept_reserve_watch(-1);
    close(accepted);
    close(client);
    close(listening);
}

/* Those of other sockets do not, the metrics' for instance. */
static void others_do_not(void **state)
{
    int client, listening = listen_with_one(&client), accepted;

    (void)state;
    hold_below(LIMIT - RESERVE);
    accepted = accept(listening, NULL, NULL);
    assert_true(accepted >= 0);
    close(accepted);
    close(client);
    close(listening);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_quarter_is_the_reserve, limit_descriptors, free_descriptors),
        cmocka_unit_test_setup_teardown(the_reserve_is_bounded, limit_descriptors, free_descriptors),
#if !SANITIZED
        cmocka_unit_test_setup_teardown(connections_wait, limit_descriptors, free_descriptors),
        cmocka_unit_test_setup_teardown(others_do_not, limit_descriptors, free_descriptors),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
