/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that a service manager passed are found by the names in the environment. */
#include "app/process/passed_sockets.h"

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

/* Descriptors 3 and 4 are stream sockets, 5 takes datagrams, 6 is closed. */
static int set_up(void **state)
{
    const int streams = socket(AF_UNIX, SOCK_STREAM, 0), datagrams = socket(AF_UNIX, SOCK_DGRAM, 0);

    (void)state;
    if (streams < 0 || datagrams < 0)
        return -1;
    dup2(datagrams, 15);
    dup2(streams, 13);
    dup2(13, 3);
    dup2(13, 4);
    dup2(15, 5);
    close(6);
    return 0;
}

static void set(const char *variable, const char *value)
{
    if (value != NULL)
        setenv(variable, value, 1);
    else
        unsetenv(variable);
}

static void test_find(void **state)
{
    char own[16], other[16];
    const struct {
        const char *spec, *pid, *fds, *names;
        const char *found;   /* NULL: none */
        const char *problem; /* a part of the message */
    } rows[] = {
        {"unix:/run/s", NULL, NULL, NULL, "unix:/run/s", NULL},
        {"fd:7", NULL, NULL, NULL, "fd:7", NULL},
        {"fd:milter", own, "1", "milter", "fd:3", NULL},
        {"fd:milter", own, "2", "metrics:milter", "fd:4", NULL},
        {"fd:metrics", own, "2", "metrics:milter", "fd:3", NULL},
        {"fd:milter", own, "2", ":milter", "fd:4", NULL},
        {"fd:milter", NULL, NULL, NULL, NULL, "fd:milter: the service manager has passed no socket to this"},
        {"fd:milter", own, NULL, "milter", NULL, "no socket to this process"},
        {"fd:milter", other, "1", "milter", NULL, "no socket to this process"},
        {"fd:milter", own, "1x", "milter", NULL, "no socket to this process"},
        {"fd:milter", own, "-1", "milter", NULL, "no socket to this process"},
        {"fd:milter", own, "99999999999", "milter", NULL, "no socket to this process"},
        {"fd:milter", own, "65536", "milter", NULL, "no socket to this process"},
        {"fd:milter", own, "1", NULL, NULL, "no socket of this name"},
        {"fd:milter", own, "1", "metrics:milter", NULL, "but metrics:milter"},
        {"fd:milter", own, "2", "milters:milte", NULL, "no socket of this name"},
        {"fd:milter", own, "2", "a\nb:c", NULL, "a\\x0ab:c"},
        {"fd:milter", own, "2", "milter:milter", NULL, "2 sockets have this name"},
        {"fd:milter", own, "3", "a:b:milter", NULL, "not a stream socket"},
        {"fd:milter", own, "4", "a:b:c:milter", NULL, "not a stream socket"},
    };

    (void)state;
    snprintf(own, sizeof own, "%ld", (long)getpid());
    snprintf(other, sizeof other, "%ld", (long)getppid());
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char numbered[PASSED_SOCKETS_SPEC_SIZE];
        struct strbuf error = STRBUF_INIT;
        const char *found;

        set("LISTEN_PID", rows[i].pid);
        set("LISTEN_FDS", rows[i].fds);
        set("LISTEN_FDNAMES", rows[i].names);
        found = passed_sockets_spec(rows[i].spec, numbered, &error);
        assert_string_equal(found != NULL ? found : "", rows[i].found != NULL ? rows[i].found : "");
        if (rows[i].problem != NULL)
            assert_non_null(strstr(strbuf_text(&error), rows[i].problem));
        else
            assert_string_equal(strbuf_text(&error), "");
        strbuf_free(&error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_find, set_up)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
