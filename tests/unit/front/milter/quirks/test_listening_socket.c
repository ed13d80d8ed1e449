/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A listening socket that somebody else opened is found, exchanged, and its connections are ended. */
#include "front/milter/quirks/listening_socket.h"

#include "front/milter/quirks/self_connect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct sockaddr_in address;
static bool has_proc = true;

/* Stands in for the C library's: without /proc, as on other systems than Linux. */
DIR *opendir(const char *name)
{
    errno = ENOENT;
    return has_proc ? fdopendir(open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) : NULL;
}

static int open_listener(void)
{
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 10), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return fd;
}

static int connect_to(const struct sockaddr_in *where)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)where, sizeof *where) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool has_input(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    return poll(&ready, 1, 0) == 1;
}

static void check_stop(void)
{
    int other = open_listener(), on = 0, client, accepted, own;
    const struct sockaddr_in other_address = address;
    socklen_t len = sizeof on;
    char spec[64], octet;

    listening_socket_before();
    int listener = open_listener();
    snprintf(spec, sizeof spec, "inet:%u@127.0.0.1", ntohs(address.sin_port));
    assert_true(self_connect_set(spec));
    listening_socket_find(spec);
    client = connect_to(&address);
    assert_true(client >= 0);
    accepted = accept(listener, NULL, NULL);
    assert_int_equal(getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
    assert_int_equal(on, 1);

    listening_socket_exchange();
    assert_int_equal(connect_to(&address), -1);
    len = sizeof address;
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(ntohl(address.sin_addr.s_addr), INADDR_LOOPBACK);
    own = self_connect_open();
    assert_true(own >= 0);
    close(accept(listener, NULL, NULL)); /* the descriptor is the same, its address another */
    assert_false(has_input(accepted));

    listening_socket_hang_up();
    assert_true(has_input(accepted));
    assert_int_equal(recv(accepted, &octet, 1, 0), 0);
    assert_int_equal(send(accepted, "x", 1, MSG_NOSIGNAL), 1); /* the answer still goes out */
    assert_int_equal(recv(client, &octet, 1, 0), 1);

    close(own);
    client = connect_to(&other_address);
    assert_true(client >= 0); /* the one that listened before was left alone */
    close(client);
    close(accepted);
    close(listener);
    close(other);
}

static void all_that_a_stop_needs(void **state)
{
    (void)state;
    check_stop();
    has_proc = false;
    check_stop();
    has_proc = true;
}

/* Where no substitute can be made, it goes on listening, and no other descriptor is taken for one. */
static void without_a_substitute_it_stays(void **state)
{
    struct rlimit limit, none;
    int listener, client;
    char spec[64];

    (void)state;
    listening_socket_before();
    listener = open_listener();
    snprintf(spec, sizeof spec, "inet:%u@127.0.0.1", ntohs(address.sin_port));
    assert_true(self_connect_set(spec));
    listening_socket_find(spec);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    listening_socket_exchange();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_not_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
    client = connect_to(&address);
    assert_true(client >= 0);
    close(client);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_that_a_stop_needs),
                                       cmocka_unit_test(without_a_substitute_it_stays)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
