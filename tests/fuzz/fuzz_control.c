/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the control socket: whatever is sent there, a verb is run for a whole line that names it and this filter's
 * configuration, or none, and for nothing else. */
#include "app/control.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONFIG "/nonexistent/smf-spf.conf"

enum { ANSWER_LIMIT_S = 60 };

static unsigned runs;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool run_verb(void *context, struct strbuf *answer)
{
    (void)context;
    strbuf_add(answer, "text\n");
    runs++;
    return runs % 2 == 0;
}

static const struct control_verb verbs[] = {{"reload", run_verb}, {"stats", run_verb}, {NULL, NULL}};

/* The fuzzer's own clock interrupts calls; whoever waits too long here is seen by the limit of the socket. */
static void ignore_clock(void)
{
    sigset_t clock_signal;

    sigemptyset(&clock_signal);
    sigaddset(&clock_signal, SIGALRM);
    require(pthread_sigmask(SIG_BLOCK, &clock_signal, NULL) == 0);
}

/* A socket with a name that no file has. */
static int listen_somewhere(struct sockaddr_un *name, socklen_t *len)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    *len = sizeof(sa_family_t); /* the kernel chooses */
    require(fd >= 0 && bind(fd, (const struct sockaddr *)name, *len) == 0 && listen(fd, 4) == 0);
    *len = sizeof *name;
    require(getsockname(fd, (struct sockaddr *)name, len) == 0);
    return fd;
}

/* Does the line ask for one of the verbs, for this filter? */
static bool names_verb(const char *line)
{
    for (const struct control_verb *verb = verbs; verb->word != NULL; verb++) {
        const size_t len = strlen(verb->word);

        if (strncmp(line, verb->word, len) == 0 &&
            (line[len] == '\0' || (line[len] == ' ' && strcmp(line + len + 1, CONFIG) == 0)))
            return true;
    }
    return false;
}

static bool asks_for_verb(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    char *line = end != NULL ? strndup((const char *)data, (size_t)(end - data)) : NULL;
    const bool is_verb = line != NULL && names_verb(line);

    free(line);
    return is_verb;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct control control = {.config_path = CONFIG, .verbs = verbs, .fd = -1};
    static struct sockaddr_un name;
    static socklen_t len;
    const struct timeval limit = {.tv_sec = ANSWER_LIMIT_S};
    const unsigned before = runs;
    char answer[512];
    ssize_t got;
    int fd;

    if (control.fd < 0) {
        ignore_clock();
        control.fd = listen_somewhere(&name, &len);
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0 && connect(fd, (const struct sockaddr *)&name, len) == 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    require(size > 65536 || send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size);
    require(shutdown(fd, SHUT_WR) == 0);
    control_serve(&control);
    got = recv(fd, answer, sizeof answer, MSG_WAITALL);
    require((runs - before == 1) == asks_for_verb(data, size) && runs - before <= 1);
    if (runs > before)
        require(got > 0 && memcmp(answer, runs % 2 == 0 ? CONTROL_DONE "\ntext" : CONTROL_FAILED "\ntext", 9) == 0);
    close(fd);
    return 0;
}
