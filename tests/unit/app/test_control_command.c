/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command waits for the filter's answer for a minute, however the answer comes. */
#include "app/control_command.h"

#include "base/clock.h"
#include "support/test_directory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

enum { OCTETS = 3000 };

static char directory[] = "/tmp/smf-spf-control-XXXXXX";
static atomic_int sent, looks, later_ms;

int64_t __real_clock_monotonic_ms(const struct clock *clock);
int64_t __wrap_clock_monotonic_ms(const struct clock *clock);

/* From the second look on, so much time has passed. */
int64_t __wrap_clock_monotonic_ms(const struct clock *clock)
{
    return __real_clock_monotonic_ms(clock) + (looks++ > 0 ? later_ms : 0);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0 && strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

/* Answers octet by octet, a millisecond each. */
static void *trickle(void *listener)
{
    const int fd = accept(*(const int *)listener, NULL, NULL);

    for (sent = 0; sent < OCTETS && send(fd, "x", 1, MSG_NOSIGNAL) == 1; sent++)
        usleep(1000);
    close(fd);
    return NULL;
}

/* What `smf-spf stats` ends with; its messages go to the file `said`. */
static int ask_for_stats(void)
{
    const struct command_defaults defaults = {.config_path = path_of("conf"), .config_named = true};
    char name[] = "stats", *arguments[] = {name, NULL};
    const int errors = dup(STDERR_FILENO);
    int status;

    fflush(stderr);
    assert_non_null(freopen(path_of("said"), "w", stderr));
    looks = 0;
    status = stats_command_run(1, arguments, &defaults);
    fflush(stderr);
    assert_true(dup2(errors, STDERR_FILENO) >= 0);
    close(errors);
    return status;
}

static void check_trickle(int passed_ms, int least, int most)
{
    int listener;
    pthread_t filter;
    char text[128];

    (void)snprintf(text, sizeof text, "ControlSocket %s\nUser nobody\n", path_of("socket"));
    write_file("conf", text);
    listener = listen_at(path_of("socket"));
    later_ms = passed_ms;
    assert_int_equal(pthread_create(&filter, NULL, trickle, &listener), 0);
    assert_int_equal(ask_for_stats(), EX_UNAVAILABLE);
    assert_int_equal(pthread_join(filter, NULL), 0);
    assert_in_range(sent, least, most);
    close(listener);
    unlink(path_of("socket"));
}

static void an_answer_that_trickles_has_an_end(void **state)
{
    (void)state;
    check_trickle(0, OCTETS, OCTETS); /* it is read to its end, and is no answer */
    check_trickle(61 * 1000, 1, OCTETS - 1);
}

static int make_directory(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL || chmod(directory, 0755) != 0)
        return -1;
    test_directory_use(directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path_of("conf"));
    unlink(path_of("said"));
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_answer_that_trickles_has_an_end)};

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
