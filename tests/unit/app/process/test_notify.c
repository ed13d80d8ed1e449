/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the word to the service manager. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/process/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Binds a datagram socket at `path` ('@' begins an abstract name) as the manager does. */
static int bind_manager(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    const socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(sa.sun_path, path, strlen(path));
    if (path[0] == '@')
        sa.sun_path[0] = '\0';
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&sa, len), 0);
    return fd;
}

static void expect_notice(const char *path)
{
    char got[64] = "";
    int fd = bind_manager(path);

    setenv("NOTIFY_SOCKET", path, 1);
    notify_manager("READY=1");
    assert_int_equal(recv(fd, got, sizeof got - 1, 0), 7);
    assert_string_equal(got, "READY=1");
    close(fd);
}

static void tells_a_manager_on_a_path(void **state)
{
    char directory[] = "/tmp/smf-spf-notify-XXXXXX";
    char path[64];

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    expect_notice(path);
    unlink(path);
    rmdir(directory);
}

static void tells_a_manager_on_an_abstract_socket(void **state)
{
    char name[64];

    (void)state;
    snprintf(name, sizeof name, "@smf-spf-notify-%ld", (long)getpid());
    expect_notice(name);
}

static int lowest_free_descriptor(void)
{
    const int fd = dup(STDERR_FILENO);

    assert_true(fd >= 0);
    close(fd);
    return fd;
}

static void is_silent_without_a_manager(void **state)
{
    const int free_before = lowest_free_descriptor();
    char too_long[200];

    (void)state;
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[0] = '/';
    too_long[sizeof too_long - 1] = '\0';
    unsetenv("NOTIFY_SOCKET");
    notify_manager("READY=1");
    setenv("NOTIFY_SOCKET", "", 1);
    notify_manager("READY=1");
    setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
    notify_manager("READY=1");
    setenv("NOTIFY_SOCKET", too_long, 1);
    notify_manager("READY=1");
    assert_int_equal(lowest_free_descriptor(), free_before);
}

/* The socket's directory is out of reach when the word is sent. */
static void keeps_its_connection(void **state)
{
    char name[64], got[64] = "";
    int fd;

    (void)state;
    snprintf(name, sizeof name, "@smf-spf-kept-%ld", (long)getpid());
    setenv("NOTIFY_SOCKET", name, 1);
    fd = bind_manager(name);
    notify_open();
    setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
    notify_manager("STOPPING=1");
    assert_int_equal(recv(fd, got, sizeof got - 1, 0), 10);
    assert_string_equal(got, "STOPPING=1");
    close(fd);
    expect_notice(name); /* and there is a way when the manager begins anew */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_a_manager_on_a_path),
        cmocka_unit_test(tells_a_manager_on_an_abstract_socket),
        cmocka_unit_test(is_silent_without_a_manager),
        cmocka_unit_test(keeps_its_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
