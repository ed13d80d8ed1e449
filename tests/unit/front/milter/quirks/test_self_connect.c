/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of how the filter finds its own listening socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "front/milter/quirks/self_connect.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Listens on any port of an address of this host; the port in *port. -1 where the host does not have the family. */
static int listen_inet(int family, const char *text, unsigned *port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr *sa = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    socklen_t len = family == AF_INET ? sizeof v4 : sizeof v6;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(family, text, family == AF_INET ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr);
    if (fd < 0 || bind(fd, sa, len) != 0 || listen(fd, 8) != 0) {
        close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, sa, &len), 0);
    *port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
    return fd;
}

/* Connects as `spec` says, and sees the connection arrive at `listening`. */
static void expect_arrival(int listening, const char *spec)
{
    int own = -1, arrived = -1;

    assert_true(self_connect_set(spec));
    own = self_connect_open();
    assert_true(own >= 0);
    arrived = accept(listening, NULL, NULL);
    assert_true(arrived >= 0);
    close(arrived);
    close(own);
}

static void finds_an_inet_socket(void **state)
{
    unsigned port = 0;
    char spec[64];
    int fd = listen_inet(AF_INET, "127.0.0.1", &port);

    (void)state;
    assert_true(fd >= 0);
    snprintf(spec, sizeof spec, "inet:%u@127.0.0.1", port);
    expect_arrival(fd, spec);
    snprintf(spec, sizeof spec, "inet:%u@[127.0.0.1]", port);
    expect_arrival(fd, spec);
    snprintf(spec, sizeof spec, "inet:%u", port);
    expect_arrival(fd, spec);
    snprintf(spec, sizeof spec, "fd:%d", fd);
    expect_arrival(fd, spec);
    assert_null(self_connect_path());
    close(fd);
}

static void finds_a_listener_on_every_address(void **state)
{
    unsigned port = 0;
    char spec[64];
    int fd = listen_inet(AF_INET, "0.0.0.0", &port);

    (void)state;
    assert_true(fd >= 0);
    snprintf(spec, sizeof spec, "inet:%u@0.0.0.0", port);
    expect_arrival(fd, spec);
    close(fd);
}

static void finds_an_inet6_socket(void **state)
{
    unsigned port = 0;
    char spec[64];
    int fd = listen_inet(AF_INET6, "::1", &port);

    (void)state;
    if (fd < 0)
        skip(); /* a host without IPv6 */
    snprintf(spec, sizeof spec, "inet6:%u@::1", port);
    expect_arrival(fd, spec);
    snprintf(spec, sizeof spec, "inet6:%u@[::1]", port);
    expect_arrival(fd, spec);
    close(fd);
}

static void finds_a_unix_socket_and_a_stale_one(void **state)
{
    char directory[] = "/tmp/smf-spf-own-XXXXXX";
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    char spec[64];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(sa.sun_path, sizeof sa.sun_path, "%s/socket", directory);
    snprintf(spec, sizeof spec, "unix:%s/socket", directory);
    assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof sa), 0);
    assert_int_equal(listen(fd, 8), 0);
    expect_arrival(fd, spec);
    assert_string_equal(self_connect_path(), sa.sun_path);
    close(fd);
    assert_int_equal(self_connect_open(), -1); /* stale: the path is there, nobody listens */
    unlink(sa.sun_path);
    assert_int_equal(self_connect_open(), -1);
    rmdir(directory);
}

static void moves_to_another_socket(void **state)
{
    unsigned port = 0, other_port = 0;
    char spec[64];
    int fd = listen_inet(AF_INET, "127.0.0.1", &port), other = listen_inet(AF_INET, "127.0.0.1", &other_port);
    int own = -1, arrived = -1;

    (void)state;
    snprintf(spec, sizeof spec, "inet:%u@127.0.0.1", port);
    assert_true(self_connect_set(spec));
    assert_false(self_connect_move(-1));
    assert_true(self_connect_move(other));
    own = self_connect_open();
    arrived = accept(other, NULL, NULL);
    assert_true(own >= 0 && arrived >= 0);
    close(arrived);
    close(own);
    close(fd);
    close(other);
}

static void knows_what_is_no_socket_of_this_host(void **state)
{
    char too_long[300] = "unix:/";

    (void)state;
    memset(too_long + 6, 'x', sizeof too_long - 7);
    assert_false(self_connect_set(too_long));
    assert_false(self_connect_set("inet:25@not an address"));
    assert_false(self_connect_set("fd:987654"));
    assert_false(self_connect_set("serial:1"));
    assert_int_equal(self_connect_open(), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_an_inet_socket),    cmocka_unit_test(finds_a_listener_on_every_address),
        cmocka_unit_test(finds_an_inet6_socket),   cmocka_unit_test(finds_a_unix_socket_and_a_stale_one),
        cmocka_unit_test(moves_to_another_socket), cmocka_unit_test(knows_what_is_no_socket_of_this_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
