/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening sockets: what makes way for one, who may connect, and what is said where there is none. */
#include "front/listening.h"

#include "support/test_directory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[32], spec[64];
static struct front_socket wanted = {.spec = spec, .mode = 0660};
static struct listening listening;
static struct strbuf error;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/smf-spf-listen-XXXXXX");
    if (mkdtemp(directory) == NULL)
        return -1;
    test_directory_use(directory);
    (void)snprintf(spec, sizeof spec, "unix:%s", path_of("socket"));
    listening = (struct listening){.address.sun_path = ""};
    error = STRBUF_INIT;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    strbuf_free(&error);
    (void)unlink(path_of("socket"));
    (void)unlink(path_of("moved"));
    return rmdir(directory);
}

static bool can_connect(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_connected;

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path_of(name));
    assert_true(fd >= 0);
    is_connected = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is_connected;
}

static bool is_there(const char *name)
{
    struct stat found;

    return lstat(path_of(name), &found) == 0;
}

/* Opens what `spec` names; -1, and the end of the message is `message`. */
static int open_as(const char *message)
{
    const int fd = listening_open(&listening, &wanted, &error);
    const char *said = strbuf_text(&error);

    if (message == NULL) {
        assert_string_equal(said, "");
        assert_true(fd >= 0);
    } else {
        assert_int_equal(fd, -1);
        assert_true(strlen(said) >= strlen(message));
        assert_string_equal(said + strlen(said) - strlen(message), message);
        assert_memory_equal(said, spec, strlen(spec));
    }
    return fd;
}

static void a_unix_socket_has_its_mode(void **state)
{
    static const mode_t modes[] = {0660, 0600, 0666};

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        const mode_t mask = umask(0022);
        struct stat found;
        int fd;

        wanted.mode = modes[i];
        fd = open_as(NULL);
        assert_int_equal(umask(mask), 0022);
        assert_int_equal(lstat(path_of("socket"), &found), 0);
        assert_int_equal(found.st_mode & 0777, modes[i]);
        assert_true(can_connect("socket"));
        assert_int_not_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
        assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
        close(fd);
        listening_discard(&listening);
        assert_false(is_there("socket"));
    }
    wanted.mode = 0660;
}

static void a_socket_that_nobody_answers_on_is_replaced(void **state)
{
    (void)state;
    close(open_as(NULL));
    assert_false(can_connect("socket"));
    close(open_as(NULL));
}

static void one_that_somebody_answers_on_stays(void **state)
{
    struct listening other = {.address.sun_path = ""};
    const int fd = listening_open(&other, &wanted, &error);

    (void)state;
    assert_true(fd >= 0);
    open_as(": cannot listen: Address already in use");
    listening_discard(&listening); /* none was made by it */
    assert_true(can_connect("socket"));
    close(fd);
}

static void another_file_stays(void **state)
{
    (void)state;
    write_file("socket", "text");
    open_as(": cannot listen: File exists");
    assert_true(file_has("socket", "text"));
}

static void what_cannot_be_made_is_said(void **state)
{
    static const struct {
        const char *spec, *message;
    } cases[] = {
        {"nonsense", ": cannot listen: Invalid argument"},
        {"unix:/nonexistent/socket", ": cannot listen: No such file or directory"},
        {"inet:1024@192.0.2.1", ": cannot listen: Cannot assign requested address"},
        {"inet:1024@host.invalid.", ": cannot listen: Cannot assign requested address"},
        {"fd:999", ": cannot listen: Bad file descriptor"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(spec, sizeof spec, "%s", cases[i].spec);
        open_as(cases[i].message);
        strbuf_truncate(&error, 0);
        listening_discard(&listening);
    }
}

static void a_path_that_is_too_long_is_said(void **state)
{
    char longer[sizeof listening.address.sun_path + 8];

    (void)state;
    memset(longer, 'a', sizeof longer);
    memcpy(longer, "unix:/", 6);
    longer[6 + sizeof listening.address.sun_path - 1] = '\0'; /* there is no room for its NUL */
    wanted.spec = longer;
    assert_int_equal(listening_open(&listening, &wanted, &error), -1);
    assert_non_null(strstr(strbuf_text(&error), "cannot listen: "));
    wanted.spec = spec;
}

/* A port of loopback that was free a moment ago. */
static unsigned free_port(int family)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.any.sa_family = (sa_family_t)family};
    socklen_t len = sizeof address;
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unsigned port;

    if (fd < 0 || bind(fd, &address.any, family == AF_INET ? sizeof address.v4 : sizeof address.v6) != 0)
        skip();
    assert_int_equal(getsockname(fd, &address.any, &len), 0);
    port = ntohs(family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    close(fd);
    return port;
}

static void a_port_is_opened_once(void **state)
{
    int fd;

    (void)state;
    (void)snprintf(spec, sizeof spec, "inet:%u@127.0.0.1", free_port(AF_INET));
    fd = open_as(NULL);
    assert_string_equal(listening.address.sun_path, "");
    open_as(": cannot listen: Address already in use");
    strbuf_truncate(&error, 0);
    assert_true(listening_give(&listening, &wanted, 0, 0, &error)); /* there is nothing to give */
    close(fd);
    close(open_as(NULL));
}

static void ipv6_alone_takes_no_port_of_ipv4(void **state)
{
    int v6, v4;

    (void)state;
    (void)snprintf(spec, sizeof spec, "inet6:%u", free_port(AF_INET6));
    v6 = open_as(NULL);
    memmove(spec + 4, spec + 5, strlen(spec + 4)); /* inet: */
    v4 = open_as(NULL);
    close(v6);
    close(v4);
}

static void a_socket_that_was_passed_is_taken(void **state)
{
    const int passed = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fd, is_listening = 0;
    socklen_t len = sizeof is_listening;

    (void)state;
    (void)snprintf(spec, sizeof spec, "fd:%d", passed);
    fd = open_as(NULL);
    assert_int_not_equal(fd, passed);
    close(passed);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len), 0);
    assert_int_equal(is_listening, 1);
    close(fd);
}

static void only_what_was_made_is_given_and_removed(void **state)
{
    int fd;

    (void)state;
    fd = open_as(NULL);
    assert_true(listening_give(&listening, &wanted, (uid_t)-1, getegid(), &error));
    assert_int_equal(rename(path_of("socket"), path_of("moved")), 0);
    write_file("socket", "text");
    assert_false(listening_give(&listening, &wanted, (uid_t)-1, getegid(), &error));
    assert_non_null(strstr(strbuf_text(&error), "/socket: was exchanged for another file"));
    listening_discard(&listening);
    assert_true(file_has("socket", "text"));
    assert_string_equal(listening.address.sun_path, "");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_unix_socket_has_its_mode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_socket_that_nobody_answers_on_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_somebody_answers_on_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_file_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_made_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_path_that_is_too_long_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_port_is_opened_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ipv6_alone_takes_no_port_of_ipv4, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_socket_that_was_passed_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_was_made_is_given_and_removed, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
