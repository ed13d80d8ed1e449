/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks getaddrinfo on a thread that may be left behind. */
#include "greylist/store/host_lookup.h"

#include "base/clock.h"
#include "base/thread.h"
#include "base/wait.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { PORT_SIZE = 16 };

struct answer {
    int error;        /* of getaddrinfo; 0: there are addresses */
    int system_error; /* errno, for EAI_SYSTEM */
    struct addrinfo *found;
};

struct host_lookup {
    pthread_mutex_t lock; /* covers what follows; a leaf */
    pthread_cond_t answered;
    bool is_running, is_left, has_answer;
    struct answer answer;
    char port[PORT_SIZE];
    char host[]; /* these two never change */
};

static struct answer ask(const struct host_lookup *lookup, int flags)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    struct answer answer = {0};

    answer.error = getaddrinfo(lookup->host, lookup->port, &hints, &answer.found);
    answer.system_error = errno;
    if (answer.error != 0)
        answer.found = NULL;
    return answer;
}

struct host_lookup *host_lookup_create(const char *host, unsigned port)
{
    struct host_lookup *lookup = calloc(1, sizeof *lookup + strlen(host) + 1);

    if (lookup == NULL)
        return NULL;
    memcpy(lookup->host, host, strlen(host) + 1);
    (void)snprintf(lookup->port, PORT_SIZE, "%u", port);
    pthread_mutex_init(&lookup->lock, NULL);
    wait_cond_init(&lookup->answered);
    return lookup;
}

static void free_lookup(struct host_lookup *lookup)
{
    if (lookup->answer.found != NULL)
        freeaddrinfo(lookup->answer.found);
    pthread_cond_destroy(&lookup->answered);
    pthread_mutex_destroy(&lookup->lock);
    free(lookup);
}

void host_lookup_destroy(struct host_lookup *lookup)
{
    bool is_running;

    if (lookup == NULL)
        return;
    pthread_mutex_lock(&lookup->lock);
    is_running = lookup->is_running;
    lookup->is_left = true; /* its thread frees it, if there is one */
    pthread_mutex_unlock(&lookup->lock);
    if (!is_running)
        free_lookup(lookup);
}

static void *run(void *context)
{
    struct host_lookup *lookup = context;
    const struct answer answer = ask(lookup, 0);
    bool is_left;

    pthread_mutex_lock(&lookup->lock);
    lookup->answer = answer;
    lookup->has_answer = true;
    lookup->is_running = false;
    is_left = lookup->is_left;
    pthread_cond_signal(&lookup->answered);
    pthread_mutex_unlock(&lookup->lock);
    if (is_left)
        free_lookup(lookup);
    return NULL;
}

/* Under the lock. */
static void begin(struct host_lookup *lookup)
{
    pthread_t thread;
    const int error = thread_start(&thread, run, lookup);

    if (error != 0) {
        lookup->answer = (struct answer){.error = EAI_SYSTEM, .system_error = error};
        lookup->has_answer = true;
        return;
    }
    lookup->is_running = true;
    pthread_detach(thread);
}

static struct addrinfo *read_answer(const struct host_lookup *lookup, const struct answer *answer,
                                    struct strbuf *problem)
{
    if (answer->error == 0)
        return answer->found;
    strbuf_addf(problem, "%s: %s", lookup->host,
                answer->error == EAI_SYSTEM ? strerror(answer->system_error) : gai_strerror(answer->error));
    return NULL;
}

struct addrinfo *host_lookup_get(struct host_lookup *lookup, int64_t timeout_ms, struct strbuf *problem)
{
    const struct timespec moment = clock_moment_after(timeout_ms);
    struct answer answer = ask(lookup, AI_NUMERICHOST);
    bool is_waiting = true, has_answer;

    if (answer.error != EAI_NONAME)
        return read_answer(lookup, &answer, problem);
    pthread_mutex_lock(&lookup->lock);
    if (!lookup->is_running && !lookup->has_answer)
        begin(lookup);
    while (!lookup->has_answer && is_waiting)
        is_waiting = wait_cond_until(&lookup->answered, &lookup->lock, &moment);
    has_answer = lookup->has_answer;
    answer = lookup->answer;
    lookup->answer = (struct answer){0};
    lookup->has_answer = false;
    pthread_mutex_unlock(&lookup->lock);
    if (has_answer)
        return read_answer(lookup, &answer, problem);
    strbuf_addf(problem, "%s: no address was found in time", lookup->host);
    return NULL;
}
