/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kick thread is woken when the last of libmilter's threads begins to wait. Its rests have no end here, so that
 * whatever it does during one, it was woken for. */
#include "front/milter/quirks/libmilter_kick.h"

#include "base/clock.h"
#include "base/wait.h"
#include "front/milter/quirks/libmilter_threads.h"
#include "front/milter/quirks/self_connect.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    SHORT_MS = 20, /* a probe is overdue after that; every rest is longer */
    KICKS = 5,
    END_S = 60, /* the test fails by then */
};

static atomic_uint rests;

int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    return __real_poll(fds, count, timeout_ms > SHORT_MS ? -1 : timeout_ms);
}

/* The kick thread asks for it when a rest begins, and at no other time. */
static unsigned count_connections(void)
{
    atomic_fetch_add(&rests, 1);
    return 1;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 64), 0);
    return fd;
}

/* Takes one probe, as libmilter does: reads the end, and closes. */
static void answer_probe(int listening)
{
    int fd = accept(listening, NULL, NULL);
    char octet;

    assert_true(fd >= 0);
    assert_int_equal(read(fd, &octet, 1), 0);
    close(fd);
}

static void await_rest(unsigned number)
{
    while (atomic_load(&rests) < number)
        usleep(1000);
}

/* This thread is one of libmilter's, and it waits for a moment. */
static void wait_as_libmilter_does(void)
{
    struct timespec moment = clock_moment_after(0);
    struct wait_event event;

    wait_event_init(&event);
    assert_false(wait_event_until(&event, &moment));
    wait_event_destroy(&event);
}

static void *wait_until_told(void *context)
{
    atomic_bool *told = context;

    libmilter_threads_note();
    while (!atomic_load(told))
        wait_as_libmilter_does();
    return NULL;
}

/* Each time the only thread waits, a probe comes out of a rest. */
static void the_last_thread_that_waits_leads_to_a_probe(void **state)
{
    char directory[] = "/tmp/smf-spf-kick-XXXXXX", path[64], spec[80];
    struct stat before, after;
    int listening;

    (void)state;
    alarm(END_S);
    assert_int_equal(fstat(STDIN_FILENO, &before), 0);
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    snprintf(spec, sizeof spec, "unix:%s", path);
    listening = listen_at(path);
    assert_true(self_connect_set(spec));
    assert_true(libmilter_kick_start(count_connections));
    answer_probe(listening);
    await_rest(1);
    for (unsigned n = 0; n < KICKS; n++) {
        atomic_bool told = false;
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, wait_until_told, &told), 0);
        answer_probe(listening);
        atomic_store(&told, true);
        assert_int_equal(pthread_join(thread, NULL), 0);
        while (atomic_load(&rests) < 2 + n) {
            struct pollfd waiting = {.fd = listening, .events = POLLIN};

            if (__real_poll(&waiting, 1, 1) > 0)
                answer_probe(listening);
        }
    }
    assert_int_equal(fstat(STDIN_FILENO, &after), 0); /* no descriptor but its own is closed */
    assert_true(before.st_dev == after.st_dev && before.st_ino == after.st_ino);
    close(listening);
    unlink(path);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_thread_that_waits_leads_to_a_probe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
