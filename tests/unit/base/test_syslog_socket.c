/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way to the system's log: a receiver that listens, is gone, comes back, or stops reading. */
#include "base/syslog_socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/smf-test-XXXXXX";
static char path[64];

static int listen_at_path(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    assert_true(fd >= 0);
    memcpy(name.sun_path, path, sizeof path);
    unlink(path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static bool send_text(struct syslog_socket *log, const char *text)
{
    return syslog_socket_send(log, LOG_MAIL | LOG_INFO, text, strlen(text));
}

static void expect_received(int fd, const char *expected)
{
    char got[4096];
    ssize_t len = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);

    assert_true(len >= 0);
    got[len] = '\0';
    assert_string_equal(got, expected);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/log", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static void test_sends(void **state)
{
    struct syslog_socket log = {.path = path, .fd = -1};
    int receiver = listen_at_path();

    (void)state;
    assert_true(send_text(&log, "one"));
    assert_true(send_text(&log, ""));
    assert_true(syslog_socket_send(&log, LOG_LOCAL7 | LOG_DEBUG, "two and more", 3));
    expect_received(receiver, "<22>one");
    expect_received(receiver, "<22>");
    expect_received(receiver, "<191>two");
    syslog_socket_close(&log);
    syslog_socket_close(&log);
    assert_int_equal(log.fd, -1);
    close(receiver);
}

static void test_receiver_comes_and_goes(void **state)
{
    struct syslog_socket log = {.path = path, .fd = -1};

    (void)state;
    unlink(path);
    assert_false(send_text(&log, "nobody there"));
    assert_int_equal(log.fd, -1);

    int receiver = listen_at_path();
    assert_true(send_text(&log, "came"));
    expect_received(receiver, "<22>came");

    close(receiver);
    assert_false(send_text(&log, "went"));
    receiver = listen_at_path();
    assert_true(send_text(&log, "back"));
    expect_received(receiver, "<22>back");

    int successor = listen_at_path();
    close(receiver);
    assert_true(send_text(&log, "replaced in between"));
    expect_received(successor, "<22>replaced in between");
    syslog_socket_close(&log);
    close(successor);
}

static void test_receiver_that_does_not_read(void **state)
{
    struct syslog_socket log = {.path = path, .fd = -1};
    int receiver = listen_at_path();
    unsigned sent = 0;
    char got[100];

    (void)state;
    while (sent < 1000000 && send_text(&log, "text"))
        sent++;
    assert_in_range(sent, 1, 999999);
    for (int i = 0; i < 2000; i++) /* would take minutes if each waited */
        assert_false(send_text(&log, "lost"));

    for (unsigned i = 0; i < sent; i++)
        assert_int_equal(recv(receiver, got, sizeof got, MSG_DONTWAIT), strlen("<22>text"));
    assert_true(send_text(&log, "again"));
    expect_received(receiver, "<22>again");
    syslog_socket_close(&log);
    close(receiver);
}

static void test_impossible_paths(void **state)
{
    char too_long[200] = "";
    const char *const paths[] = {"", "/", "/nonexistent/log", too_long};

    (void)state;
    memset(too_long, 'x', sizeof too_long - 1);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct syslog_socket log = {.path = paths[i], .fd = -1};

        assert_false(send_text(&log, "text"));
        assert_int_equal(log.fd, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sends),
        cmocka_unit_test(test_receiver_comes_and_goes),
        cmocka_unit_test(test_receiver_that_does_not_read),
        cmocka_unit_test(test_impossible_paths),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
