/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of unix sockets: what was held is changed, not what stands at its path by then; links are not followed. */
#include "base/socket_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[32];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char moved[sizeof address.sun_path];

static int set_up(void **state)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), bound;

    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/smf-spf-socket-XXXXXX");
    if (fd < 0 || mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    (void)snprintf(moved, sizeof moved, "%s/moved", directory);
    bound = bind(fd, (const struct sockaddr *)&address, sizeof address);
    close(fd);
    return bound == 0 ? chmod(address.sun_path, 0600) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(address.sun_path);
    (void)unlink(moved);
    return rmdir(directory);
}

static mode_t mode_of(const char *path)
{
    struct stat status;

    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode & 0777;
}

static void test_the_held_file_is_changed(void **state)
{
    struct socket_file file;
    int other;

    (void)state;
    assert_true(socket_file_hold(&file, address.sun_path));
    assert_true(S_ISSOCK(file.status.st_mode));
    assert_int_equal(rename(address.sun_path, moved), 0);
    other = open(address.sun_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(other >= 0);
    close(other);
    assert_true(socket_file_set_mode(&file, 0660));
    assert_true(socket_file_set_owner(&file, (uid_t)-1, getegid()));
    assert_int_equal(mode_of(moved), 0660);
    assert_int_equal(mode_of(address.sun_path), 0600);
    socket_file_release(&file);
    assert_int_equal(file.fd, -1);
}

static void test_links_are_not_followed(void **state)
{
    struct socket_file file;

    (void)state;
    assert_int_equal(unlink(address.sun_path), 0);
    assert_int_equal(symlink("/etc/passwd", address.sun_path), 0);
    assert_true(socket_file_hold(&file, address.sun_path));
    assert_true(S_ISLNK(file.status.st_mode));
    socket_file_release(&file);
}

static void test_nothing_there(void **state)
{
    struct socket_file file;

    (void)state;
    assert_int_equal(unlink(address.sun_path), 0);
    assert_false(socket_file_hold(&file, address.sun_path));
    assert_int_equal(errno, ENOENT);
    socket_file_release(&file);
}

/* What took the place of the socket that was made is neither given away nor removed. */
static void test_the_made_socket_alone_is_given_and_removed(void **state)
{
    struct stat made = {.st_ino = 0};
    int other;

    (void)state;
    assert_true(socket_file_note(address.sun_path, &made));
    assert_true(made.st_ino != 0);
    assert_true(socket_file_give(address.sun_path, &made, (uid_t)-1, getegid()));
    assert_int_equal(link(address.sun_path, moved), 0);
    assert_false(socket_file_give(address.sun_path, &made, (uid_t)-1, getegid())); /* a second name */
    assert_int_equal(errno, ESTALE);
    assert_int_equal(unlink(address.sun_path), 0);
    other = open(address.sun_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(other >= 0);
    close(other);
    assert_false(socket_file_note(address.sun_path, &made));
    assert_int_equal(errno, ESTALE);
    assert_false(socket_file_give(address.sun_path, &made, (uid_t)-1, getegid()));
    assert_int_equal(errno, ESTALE);
    assert_false(socket_file_remove(address.sun_path, &made));
    assert_int_equal(errno, ESTALE);
    assert_int_equal(access(address.sun_path, F_OK), 0);
    assert_true(socket_file_remove(moved, &made));
    assert_int_equal(access(moved, F_OK), -1);
    assert_false(socket_file_remove(moved, &made));
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_held_file_is_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_links_are_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_made_socket_alone_is_given_and_removed, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
