/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that answers as it was told to. */
#include "resp_liar.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { DRIBBLE_MS = 20 };

struct resp_liar {
    pthread_t thread;
    int listening, stops[2];
    const char *const *answers;
    size_t count;
    enum resp_liar_end end;
    unsigned connections;
};

/* True if the descriptor is ready; false: the liar is to stop, or the time is over. */
static bool wait_for(const struct resp_liar *liar, int fd, short events, int timeout_ms)
{
    struct pollfd polled[] = {{.fd = liar->stops[0], .events = POLLIN}, {.fd = fd, .events = events}};

    return poll(polled, 2, timeout_ms) > 0 && polled[0].revents == 0;
}

static bool is_stopped(const struct resp_liar *liar)
{
    struct pollfd polled = {.fd = liar->stops[0], .events = POLLIN};

    return poll(&polled, 1, 0) > 0;
}

static bool say(const struct resp_liar *liar, int fd, const char *octets, size_t len)
{
    while (len > 0) {
        ssize_t count;

        if (!wait_for(liar, fd, POLLOUT, -1))
            return false;
        count = send(fd, octets, len, MSG_NOSIGNAL);
        if (count <= 0)
            return false;
        octets += count;
        len -= (size_t)count;
    }
    return true;
}

/* Until the other side goes. */
static void go_on(const struct resp_liar *liar, int fd)
{
    const char *answer = liar->count > 0 ? liar->answers[liar->count - 1] : "*1\r\n";
    const size_t len = strlen(answer);
    char octets[16384] = "";

    for (size_t n = 0; liar->end == LIAR_FLOODS && n < sizeof octets; n++)
        octets[n] = answer[n % len];
    if (liar->end == LIAR_IS_QUIET)
        while (wait_for(liar, fd, POLLIN, -1) && recv(fd, octets, sizeof octets, 0) > 0)
            ;
    for (size_t n = 0; liar->end == LIAR_DRIBBLES && !is_stopped(liar) && say(liar, fd, answer + n, 1);
         n = (n + 1) % len)
        (void)poll(NULL, 0, DRIBBLE_MS);
    while (liar->end == LIAR_FLOODS && say(liar, fd, octets, sizeof octets / len * len))
        ;
}

static void serve(const struct resp_liar *liar, int fd)
{
    char octets[4096];

    for (size_t n = 0; n < liar->count; n++)
        if (!wait_for(liar, fd, POLLIN, -1) || recv(fd, octets, sizeof octets, 0) <= 0 ||
            !say(liar, fd, liar->answers[n], strlen(liar->answers[n])))
            return;
    go_on(liar, fd);
}

static void *run(void *context)
{
    struct resp_liar *liar = context;

    while (wait_for(liar, liar->listening, POLLIN, -1)) {
        const int fd = accept(liar->listening, NULL, NULL);

        if (fd < 0)
            break;
        liar->connections++;
        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
        serve(liar, fd);
        close(fd);
    }
    return NULL;
}

struct resp_liar *resp_liar_start(const char *path, const char *const *answers, size_t count, enum resp_liar_end end)
{
    struct resp_liar *liar = calloc(1, sizeof *liar);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    assert_non_null(liar);
    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    liar->answers = answers;
    liar->count = count;
    liar->end = end;
    liar->listening = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(liar->listening >= 0);
    (void)unlink(path);
    assert_int_equal(bind(liar->listening, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(liar->listening, 8), 0);
    assert_int_equal(pipe(liar->stops), 0);
    assert_int_equal(pthread_create(&liar->thread, NULL, run, liar), 0);
    return liar;
}

unsigned resp_liar_stop(struct resp_liar *liar)
{
    unsigned connections;

    close(liar->stops[1]);
    (void)pthread_join(liar->thread, NULL);
    connections = liar->connections;
    close(liar->stops[0]);
    close(liar->listening);
    free(liar);
    return connections;
}
