/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that are written together: each to its own socket, and those that cannot be written harm no other. */
#include "front/policy/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { OURS, THEIRS };

static void open_pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
}

static void close_pair(const int ends[2])
{
    close(ends[OURS]);
    close(ends[THEIRS]);
}

static void assert_reads(int fd, const char *expected)
{
    char got[256];
    ssize_t len = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);

    got[len > 0 ? len : 0] = '\0';
    assert_string_equal(got, expected);
}

static bool has_ended(int fd)
{
    char octet;

    return recv(fd, &octet, 1, MSG_DONTWAIT) == 0;
}

static void test_order(void **state)
{
    static struct outbox outbox;
    int a[2], b[2];

    (void)state;
    open_pair(a);
    open_pair(b);
    for (int round = 0; round < 3; round++) { /* the memory is used again */
        strbuf_add(outbox_add(&outbox, a[OURS]), "1");
        strbuf_add(outbox_add(&outbox, b[OURS]), "2");
        strbuf_add(outbox_add(&outbox, a[OURS]), "3");
        assert_reads(a[THEIRS], "");
        assert_int_equal(outbox_send(&outbox), 3);
        assert_reads(a[THEIRS], "13");
        assert_reads(b[THEIRS], "2");
        assert_int_equal(outbox_send(&outbox), 0);
    }
    for (size_t i = 0; i < OUTBOX_MAX; i++) {
        assert_false(outbox_is_full(&outbox));
        strbuf_add(outbox_add(&outbox, a[OURS]), "x");
    }
    assert_true(outbox_is_full(&outbox));
    assert_int_equal(outbox_send(&outbox), OUTBOX_MAX);
    assert_false(outbox_is_full(&outbox));
    close_pair(a);
    close_pair(b);
}

/* Fills the way to the other end. */
static void fill(int fd)
{
    static const char filling[4096];

    while (send(fd, filling, sizeof filling, MSG_DONTWAIT) > 0)
        ;
    while (send(fd, filling, 1, MSG_DONTWAIT) > 0)
        ;
}

static void test_not_taken(void **state)
{
    static struct outbox outbox;
    struct strbuf *lost;
    int full[2], gone[2], usual[2], without_memory[2];

    (void)state;
    open_pair(full);
    open_pair(gone);
    open_pair(usual);
    open_pair(without_memory);
    fill(full[OURS]);
    close(gone[THEIRS]);
    strbuf_add(outbox_add(&outbox, full[OURS]), "a");
    strbuf_add(outbox_add(&outbox, gone[OURS]), "b");
    lost = outbox_add(&outbox, without_memory[OURS]);
    strbuf_add(lost, "c");
    lost->failed = true;
    strbuf_add(outbox_add(&outbox, usual[OURS]), "d");
    assert_int_equal(outbox_send(&outbox), 4);
    assert_true(has_ended(full[OURS]));
    assert_true(has_ended(gone[OURS]));
    assert_true(has_ended(without_memory[OURS]));
    assert_true(has_ended(without_memory[THEIRS]));
    assert_reads(usual[THEIRS], "d");
    assert_false(has_ended(usual[OURS]));
    for (int i = 0; i < 3; i++)
        strbuf_add(outbox_add(&outbox, usual[OURS]), "e");
    assert_int_equal(outbox_send(&outbox), 3);
    assert_reads(usual[THEIRS], "eee");
    close_pair(full);
    close(gone[OURS]);
    close_pair(without_memory);
    close_pair(usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_not_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
