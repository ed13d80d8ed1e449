/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The backend that asks the network: c-ares, driven by one event thread that alone touches its channel. */
#include "dns/dns_ares.h"

#include "base/stats.h"
#include "base/strbuf.h"
#include "base/thread.h"
#include "dns/dns_packet.h"
#include "dns/dns_server.h"
#include "dns/poll_set.h"

/* Nothing that c-ares 1.18 has is replaced by newer calls that it lacks. */
#define CARES_NO_DEPRECATED 1
#include <ares.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    TRY_MS = 2000,            /* for the first round over the servers; each further round has twice as long */
    TRIES = 4,                /* rounds: with one server 30 s, more than an evaluation takes (RFC 7208 4.6.4) */
    EDNS_SIZE = 1232,         /* octets that pass every usual path without fragments */
    RECEIVE_BUFFER = 4 << 20, /* octets of replies that may wait; the kernel cuts it to its own bound */
    QUERIES_PER_PORT = 32, /* where c-ares can tell: then another random port, against forged replies (RFC 5452 9.2) */
    CLASS_IN = 1,
    VERSION_WITH_FAILOVER = 0x011600,
};

/* One question. It belongs to the queue, then to the event thread, then to c-ares, which always calls back. */
struct question {
    struct question *next, *previous; /* in the queue (next alone), then among those under way */
    struct dns_ares *backend;
    ares_channel channel; /* that it was sent through */
    bool asked_again;
    dns_callback done; /* NULL once it was called: the deadline came before c-ares did */
    void *context;
    int64_t deadline_ms;
    enum dns_type type;
    char name[]; /* as c-ares wants it */
};

struct dns_ares {
    struct dns dns;
    pthread_t thread;
    int wake_fd; /* an eventfd: something was queued, or it is time to stop */

    pthread_mutex_t lock; /* covers the three below; a leaf */
    struct question *queue, **queue_end;
    bool stopping;

    /* Those below belong to the event thread. */
    ares_channel channel;
    ares_channel draining;    /* finishes what it has, but is not asked any more; NULL: none is */
    bool first_server_silent; /* the first server of `channel` let a question time out that another answered */
    bool is_reading;          /* c-ares calls back for replies */
    struct question *under_way;
    int64_t next_deadline_ms; /* no question under way has an earlier one; INT64_MAX: none has one */
    struct poll_set sockets;  /* wake_fd, and those of c-ares */
};

bool dns_ares_server_valid(const char *text)
{
    char ignored[DNS_SERVER_SIZE];

    return dns_server_read(text, ignored);
}

/* Takes the question out of those under way. */
static void unlink_question(struct question *question)
{
    if (question->previous)
        question->previous->next = question->next;
    else
        question->backend->under_way = question->next;
    if (question->next)
        question->next->previous = question->previous;
}

/* Calls the asker back, unless that was done. */
static void answer_question(struct question *question, const struct dns_answer *answer)
{
    dns_callback done = question->done;

    question->done = NULL;
    if (done)
        dns_deliver(done, question->context, answer);
    else
        dns_answer_release(answer);
}

static const struct dns_answer *read_reply(int status, const uint8_t *packet, size_t len, enum dns_type type)
{
    switch (status) {
    case ARES_SUCCESS:
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
        if (packet)
            return dns_packet_parse(packet, len, type);
        return dns_answer_empty(status == ARES_ENOTFOUND ? DNS_NXDOMAIN : DNS_FAILURE, 0); /* .onion (RFC 7686 2) */
    case ARES_ETIMEOUT:
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
        return dns_answer_empty(DNS_TIMEOUT, 0);
    default:
        return dns_answer_empty(DNS_FAILURE, 0);
    }
}

static void send_question(struct question *question);

/* c-ares has finished with a question, successfully or not. */
static void on_reply(void *context, int status, int timeouts, unsigned char *packet, int len)
{
    struct question *question = context;
    struct dns_ares *backend = question->backend;

    unlink_question(question);
    if (status == ARES_EFORMERR && question->done && !question->asked_again) {
        question->asked_again = true; /* c-ares 1.18 repeats only the first of several refused questions without EDNS */
        send_question(question);
        return;
    }
    if (packet && timeouts > 0 && question->channel == backend->channel)
        backend->first_server_silent = true;
    if (question->done)
        answer_question(question, read_reply(status, packet, (size_t)len, question->type));
    free(question);
}

/* c-ares opens a socket, closes one, or waits for something else on it. Without memory a socket is not watched, and
 * what is asked through it ends at its deadline. */
static void on_socket_state(void *context, ares_socket_t fd, int readable, int writable)
{
    struct dns_ares *backend = context;

    poll_set_watch(&backend->sockets, fd, (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0)));
}

static void send_question(struct question *question)
{
    struct dns_ares *backend = question->backend;

    question->channel = backend->channel;
    question->previous = NULL;
    question->next = backend->under_way;
    if (question->next)
        question->next->previous = question;
    backend->under_way = question;
    if (question->deadline_ms < backend->next_deadline_ms)
        backend->next_deadline_ms = question->deadline_ms;
    ares_query(question->channel, question->name, CLASS_IN, (int)question->type, on_reply, question); /* may free it */
}

/* Answers what has reached its deadline. c-ares may go on with it, for nobody. */
static void expire(struct dns_ares *backend, int64_t now_ms)
{
    if (now_ms < backend->next_deadline_ms)
        return;
    backend->next_deadline_ms = INT64_MAX;
    for (struct question *question = backend->under_way; question; question = question->next) {
        if (!question->done)
            continue;
        if (question->deadline_ms <= now_ms)
            answer_question(question, dns_answer_empty(DNS_TIMEOUT, 0));
        else if (question->deadline_ms < backend->next_deadline_ms)
            backend->next_deadline_ms = question->deadline_ms;
    }
}

/* When c-ares wants to try again, from now; INT32_MAX if it waits for nothing. */
static int64_t retry_ms(ares_channel channel)
{
    struct timeval retry, *next = channel ? ares_timeout(channel, NULL, &retry) : NULL;

    return next ? (int64_t)next->tv_sec * 1000 + next->tv_usec / 1000 + 1 : INT32_MAX;
}

/* How long poll may sleep: until c-ares wants to try again or a deadline comes. */
static int sleep_ms(const struct dns_ares *backend, int64_t now_ms)
{
    int64_t left_ms = retry_ms(backend->channel), drain_ms = retry_ms(backend->draining);

    if (drain_ms < left_ms)
        left_ms = drain_ms;
    if (backend->next_deadline_ms - now_ms < left_ms)
        left_ms = backend->next_deadline_ms - now_ms;
    if (left_ms == INT32_MAX)
        return -1;
    return left_ms > 0 ? (int)left_ms : 0;
}

/* Lets a channel work on the sockets that are ready, which may be another's, and on what timed out. */
static void process(struct dns_ares *backend, ares_channel channel)
{
    for (size_t i = 0; i < backend->sockets.ready_count; i++) {
        struct pollfd ready = backend->sockets.ready[i];

        if (ready.fd != backend->wake_fd)
            ares_process_fd(channel, (ready.revents & ~POLLOUT) ? ready.fd : ARES_SOCKET_BAD,
                            (ready.revents & POLLOUT) ? ready.fd : ARES_SOCKET_BAD);
    }
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

/* Sleeps until a socket is ready, a question was queued or time has come, then lets c-ares work. */
static void work(struct dns_ares *backend)
{
    uint64_t ignored;

    poll_set_wait(&backend->sockets, sleep_ms(backend, clock_monotonic_ms(backend->dns.clock)));
    while (read(backend->wake_fd, &ignored, sizeof(ignored)) > 0)
        ;
    backend->is_reading = true;
    process(backend, backend->channel);
    if (backend->draining)
        process(backend, backend->draining);
    backend->is_reading = false;
    if (backend->draining && retry_ms(backend->draining) == INT32_MAX) {
        ares_destroy(backend->draining);
        backend->draining = NULL;
    }
}

static void init_library(void)
{
    ares_library_init(
        ARES_LIB_INIT_ALL); /* allocates nothing, and is never undone: backends come and go on any thread */
}

static int open_channel(struct dns_ares *backend, ares_channel *channel)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct ares_options options = {
        .flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
        .timeout = TRY_MS,
        .tries = TRIES,
        .ednspsz = EDNS_SIZE,
        .socket_receive_buffer_size = RECEIVE_BUFFER, /* a burst must not lose any: what is lost takes TRY_MS */
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = backend,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB |
               ARES_OPT_SOCK_RCVBUF | ARES_OPT_NOROTATE | ARES_OPT_DOMAINS;

#ifdef ARES_OPT_UDP_MAX_QUERIES
    options.udp_max_queries = QUERIES_PER_PORT;
    mask |= ARES_OPT_UDP_MAX_QUERIES;
#endif
#ifdef ARES_OPT_QUERY_CACHE
    mask |= ARES_OPT_QUERY_CACHE; /* of no seconds: none */
#endif
    pthread_once(&once, init_library);
    return ares_init_options(channel, &options, mask);
}

/* Asks another server first from now on, if the first was silent. Later versions of c-ares see to that. The servers of
 * a channel cannot be changed while it waits for replies, so a new channel takes its place. */
static void prefer_next_server(struct dns_ares *backend)
{
    struct ares_addr_port_node *servers = NULL, *last;
    ares_channel channel = NULL;

    if (ARES_VERSION >= VERSION_WITH_FAILOVER || !backend->first_server_silent || backend->draining)
        return;
    backend->first_server_silent = false;
    if (ares_get_servers_ports(backend->channel, &servers) != ARES_SUCCESS)
        return;
    if (servers && servers->next && open_channel(backend, &channel) == ARES_SUCCESS) {
        for (last = servers; last->next; last = last->next)
            ;
        last->next = servers;
        last = servers;
        servers = servers->next;
        last->next = NULL;
        if (ares_set_servers_ports(channel, servers) == ARES_SUCCESS) {
            backend->draining = backend->channel;
            backend->channel = channel;
        } else {
            ares_destroy(channel);
        }
    }
    ares_free_data(servers);
}

/* Takes all that is queued. */
static struct question *take_queue(struct dns_ares *backend, bool *stopping)
{
    struct question *first;

    pthread_mutex_lock(&backend->lock);
    first = backend->queue;
    backend->queue = NULL;
    backend->queue_end = &backend->queue;
    *stopping = backend->stopping;
    pthread_mutex_unlock(&backend->lock);
    return first;
}

static void *run(void *context)
{
    struct dns_ares *backend = context;
    bool stopping = false;

    while (!stopping) {
        struct question *question = take_queue(backend, &stopping);

        prefer_next_server(backend);
        while (question) {
            struct question *next = question->next;

            send_question(question);
            question = next;
        }
        expire(backend, stopping ? INT64_MAX : clock_monotonic_ms(backend->dns.clock));
        if (!stopping)
            work(backend);
    }
    return NULL;
}

static void wake(const struct dns_ares *backend)
{
    const uint64_t one = 1;

    while (write(backend->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

/* A question for c-ares: a backslash starts an escape there, every other octet is itself. NULL if out of memory. */
static struct question *question_create(struct dns_ares *backend, const char *name, enum dns_type type)
{
    struct question *question = malloc(sizeof(*question) + 2 * strlen(name) + 1);
    char *end;

    if (!question)
        return NULL;
    *question = (struct question){.backend = backend, .type = type};
    for (end = question->name; *name; name++) {
        if (*name == '\\')
            *end++ = '\\';
        *end++ = *name;
    }
    *end = '\0';
    return question;
}

/* Passes a question to the event thread. False once the backend stops: a callback that it runs then may still ask. */
static bool enqueue(struct dns_ares *backend, struct question *question)
{
    bool stopping, is_first;

    pthread_mutex_lock(&backend->lock);
    stopping = backend->stopping;
    is_first = !backend->queue;
    if (!stopping) {
        *backend->queue_end = question;
        backend->queue_end = &question->next;
    }
    pthread_mutex_unlock(&backend->lock);
    if (!stopping && is_first)
        wake(backend);
    return !stopping;
}

/* False once the backend stops. What a callback for a reply asks is sent before the next reply is looked at, as these
 * may be many; but after the last one c-ares closes its socket first, so that the next question leaves from another
 * port. */
static bool take_question(struct dns_ares *backend, struct question *question)
{
    if (!pthread_equal(pthread_self(), backend->thread) || !backend->is_reading || !backend->under_way)
        return enqueue(backend, question);
    send_question(question);
    return true;
}

static void ares_backend_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms,
                               dns_callback done, void *context)
{
    struct dns_ares *backend = (struct dns_ares *)dns;
    struct question *question = question_create(backend, name, type);

    stats_add(STATS_DNS_QUESTIONS, 1);
    if (!question) {
        dns_deliver(done, context, dns_answer_fault());
        return;
    }
    question->done = done;
    question->context = context;
    question->deadline_ms = deadline_ms;
    if (take_question(backend, question))
        return;
    answer_question(question, dns_answer_empty(DNS_TIMEOUT, 0));
    free(question);
}

/* Frees what dns_ares_create has made so far. */
static void backend_free(struct dns_ares *backend)
{
    if (backend->channel)
        ares_destroy(backend->channel); /* calls on_reply for what is left */
    if (backend->draining)
        ares_destroy(backend->draining);
    if (backend->wake_fd >= 0)
        close(backend->wake_fd);
    pthread_mutex_destroy(&backend->lock);
    poll_set_free(&backend->sockets);
    free(backend);
}

static void ares_backend_destroy(struct dns *dns)
{
    struct dns_ares *backend = (struct dns_ares *)dns;

    pthread_mutex_lock(&backend->lock);
    backend->stopping = true;
    pthread_mutex_unlock(&backend->lock);
    wake(backend);
    pthread_join(backend->thread, NULL);
    backend_free(backend);
}

static const struct dns_ops ares_ops = {.query = ares_backend_query, .destroy = ares_backend_destroy};

/* Gives c-ares the configured servers. False, with a message. */
static bool set_servers(struct dns_ares *backend, const struct dns_ares_config *config, char *error, size_t error_size)
{
    struct strbuf list = STRBUF_INIT;
    int status = ARES_SUCCESS;

    for (size_t i = 0; i < config->server_count; i++) {
        char server[DNS_SERVER_SIZE];

        if (!dns_server_read(config->servers[i], server)) {
            snprintf(error, error_size, "\"%s\" is not a name server: an IP address, or one with a port",
                     config->servers[i]);
            strbuf_free(&list);
            return false;
        }
        strbuf_addf(&list, "%s%s", i > 0 ? "," : "", server);
    }
    if (list.failed)
        status = ARES_ENOMEM;
    else if (list.len > 0)
        status = ares_set_servers_ports_csv(backend->channel, list.text);
    if (status != ARES_SUCCESS)
        snprintf(error, error_size, "the name servers cannot be used: %s", ares_strerror(status));
    strbuf_free(&list);
    return status == ARES_SUCCESS;
}

static struct dns_ares *backend_create(const struct clock *clock)
{
    struct dns_ares *backend = calloc(1, sizeof(*backend));

    if (!backend)
        return NULL;
    backend->dns = (struct dns){.ops = &ares_ops, .clock = clock};
    pthread_mutex_init(&backend->lock, NULL);
    backend->queue_end = &backend->queue;
    backend->next_deadline_ms = INT64_MAX;
    backend->wake_fd = -1;
    return backend;
}

struct dns *dns_ares_create(const struct dns_ares_config *config, const struct clock *clock, char *error,
                            size_t error_size)
{
    struct dns_ares *backend = backend_create(clock);
    int problem;

    if (!backend) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    backend->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (backend->wake_fd < 0) {
        snprintf(error, error_size, "eventfd: %s", strerror(errno));
        goto failed;
    }
    if (!poll_set_watch(&backend->sockets, backend->wake_fd, POLLIN)) {
        snprintf(error, error_size, "out of memory");
        goto failed;
    }
    problem = open_channel(backend, &backend->channel);
    if (problem != ARES_SUCCESS) {
        snprintf(error, error_size, "c-ares does not start: %s", ares_strerror(problem));
        goto failed;
    }
    if (!set_servers(backend, config, error, error_size))
        goto failed;
    problem = thread_start(&backend->thread, run, backend);
    if (problem != 0) {
        snprintf(error, error_size, "the DNS thread does not start: %s", strerror(problem));
        goto failed;
    }
    return &backend->dns;

failed:
    backend_free(backend);
    return NULL;
}
