/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests the set of descriptors to wait for: many of them, changes, and no memory. */
#include "dns/poll_set.h"

#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

enum { COUNT = 40 };

static void test_many(void **state)
{
    struct poll_set set = POLL_SET_INIT;
    int fds[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        fds[i] = eventfd(i % 3 == 0, EFD_CLOEXEC); /* each third can be read */
        assert_true(fds[i] >= 0);
        assert_true(poll_set_watch(&set, fds[i], POLLIN));
    }
    poll_set_wait(&set, 1000);
    assert_int_equal(set.ready_count, 14);
    for (size_t i = 0; i < set.ready_count; i++) /* `ready` is not disturbed by what becomes of `watched` */
        assert_true(poll_set_watch(&set, set.ready[i].fd, 0));
    assert_int_equal(set.ready_count, 14);
    poll_set_wait(&set, 0);
    assert_int_equal(set.ready_count, 0);
    assert_int_equal(set.watched_count, COUNT - 14);
    for (size_t i = 0; i < COUNT; i++)
        close(fds[i]);
    poll_set_free(&set);
}

static void test_changes(void **state)
{
    struct poll_set set = POLL_SET_INIT;
    int fd = eventfd(0, EFD_CLOEXEC);

    (void)state;
    assert_true(poll_set_watch(&set, fd, 0)); /* taking out what is not in is nothing */
    assert_int_equal(set.watched_count, 0);
    assert_true(poll_set_watch(&set, fd, POLLIN));
    poll_set_wait(&set, 0);
    assert_int_equal(set.ready_count, 0);
    assert_true(poll_set_watch(&set, fd, POLLIN | POLLOUT));
    poll_set_wait(&set, 0);
    assert_int_equal(set.ready_count, 1);
    assert_int_equal(set.ready[0].fd, fd);
    assert_int_equal(set.ready[0].revents, POLLOUT);
    close(fd);
    poll_set_free(&set);
}

static void test_memory(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        struct poll_set set = POLL_SET_INIT;

        alloc_fail_at(n);
        assert_false(poll_set_watch(&set, 0, POLLIN));
        alloc_fail_at(0);
        assert_int_equal(set.watched_count, 0);
        assert_true(poll_set_watch(&set, 0, POLLIN));
        poll_set_free(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
