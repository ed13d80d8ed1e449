/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the port of the metrics: whatever a client sends, what comes back is nothing, or begins as an answer in HTTP,
 * and the server answers the next client. The server is the front end itself, on a thread of its own. */
#include "front/metrics/metrics_front.h"

#include "base/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ANSWER_LIMIT_S = 60 };

static struct sockaddr_un name;
static socklen_t name_len;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void write_metrics(void *context, bool is_openmetrics, struct strbuf *out)
{
    (void)context;
    strbuf_add(out, is_openmetrics ? "open 1\n# EOF\n" : "plain 1\n");
}

static bool is_healthy(void *context, struct strbuf *line)
{
    (void)context;
    strbuf_add(line, "fine\n");
    return true;
}

static void *serve(void *context)
{
    (void)context;
    require(metrics_front.run(&metrics_front));
    return NULL;
}

/* The fuzzer's own clock interrupts calls; whoever waits too long here is seen by the limit of the socket. */
static void ignore_clock(void)
{
    sigset_t clock_signal;

    sigemptyset(&clock_signal);
    sigaddset(&clock_signal, SIGALRM);
    require(pthread_sigmask(SIG_BLOCK, &clock_signal, NULL) == 0);
}

/* At a socket with a name that no file has. */
static void start(void)
{
    static const struct front_host host = {.write_metrics = write_metrics, .is_healthy = is_healthy};
    static char spec[32];
    struct front_socket socket_ = {.spec = spec};
    struct strbuf error = STRBUF_INIT;
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_t thread;

    name = (struct sockaddr_un){.sun_family = AF_UNIX};
    require(fd >= 0 && bind(fd, (const struct sockaddr *)&name, sizeof(sa_family_t)) == 0);
    name_len = sizeof name;
    require(getsockname(fd, (struct sockaddr *)&name, &name_len) == 0);
    (void)snprintf(spec, sizeof spec, "fd:%d", fd);
    ignore_clock();
    require(metrics_front.open(&metrics_front, &socket_, &host, &error));
    require(thread_start(&thread, serve, NULL) == 0);
}

/* Sends the octets and the end; the answer goes to `answer`, as far as it fits. Returns its length. */
static size_t talk(const void *data, size_t size, char *answer, size_t answer_size)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval limit = {.tv_sec = ANSWER_LIMIT_S};
    size_t len = 0;
    ssize_t got;

    require(fd >= 0 && connect(fd, (const struct sockaddr *)&name, name_len) == 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)send(fd, data, size, MSG_NOSIGNAL); /* a server that has heard enough may have closed it */
    (void)shutdown(fd, SHUT_WR);
    while (len < answer_size && (got = recv(fd, answer + len, answer_size - len, 0)) > 0)
        len += (size_t)got;
    close(fd);
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n", begin[] = "HTTP/1.";
    static bool is_started;
    char answer[2048] = "";
    size_t len;

    if (!is_started)
        start();
    is_started = true;
    len = talk(data, size, answer, sizeof answer - 1);
    require(len == 0 || strncmp(answer, begin, strlen(begin)) == 0);
    len = talk(request, sizeof request - 1, answer, sizeof answer - 1);
    answer[len] = '\0';
    require(strstr(answer, " 200 ") != NULL && strstr(answer, "\r\n\r\nplain 1\n") != NULL);
    return 0;
}
