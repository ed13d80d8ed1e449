/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queries each name server by itself, again and again. */
#include "dns/dns_watch.h"

#include "base/event_loop.h"
#include "dns/dns_diagnosis.h"
#include "dns/dns_stub.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "localhost";

struct watched {
    struct dns_watch *watch;
    struct dns_server server;
    bool is_up;
    struct stub_query *query; /* NULL: it has replied, or could not be queried for a reason of ours */
};

struct dns_watch {
    struct dns_stub *stub;
    struct event_task *task;
    int64_t every_ms;
    const struct dns_server *(*servers)(void *context, size_t *count);
    void *context;
    pthread_mutex_t lock; /* covers what follows where the loop's thread writes it, and others read it */
    size_t count;
    struct watched watched[DNS_STATE_SERVERS];
};

static void set_up(struct watched *watched, bool is_up)
{
    pthread_mutex_lock(&watched->watch->lock);
    watched->is_up = is_up;
    pthread_mutex_unlock(&watched->watch->lock);
}

static void on_heard(void *context)
{
    (void)context; /* an outage is the business of the lookups */
}

static void on_reply(void *context, const struct dns_answer *answer)
{
    if (!answer->is_fault)
        set_up(context, true);
    dns_answer_release(answer);
}

static bool has_changed(const struct dns_watch *watch, const struct dns_server *servers, size_t count)
{
    for (size_t n = 0; n < count && n < watch->count; n++)
        if (strcmp(watch->watched[n].server.text, servers[n].text) != 0)
            return true;
    return count != watch->count;
}

/* Turns to the servers that are in use now. */
static void take_servers(struct dns_watch *watch)
{
    size_t count = 0;
    const struct dns_server *servers = watch->servers(watch->context, &count);

    count = count < DNS_STATE_SERVERS ? count : DNS_STATE_SERVERS;
    if (!has_changed(watch, servers, count))
        return;
    for (size_t n = 0; n < watch->count; n++)
        dns_stub_forget(&watch->watched[n].query);
    pthread_mutex_lock(&watch->lock);
    watch->count = count;
    for (size_t n = 0; n < count; n++)
        watch->watched[n] = (struct watched){.watch = watch, .server = servers[n], .is_up = true};
    pthread_mutex_unlock(&watch->lock);
}

static void run(void *context)
{
    struct dns_watch *watch = context;

    take_servers(watch);
    for (size_t n = 0; n < watch->count; n++) {
        struct watched *watched = &watch->watched[n];

        if (watched->query)
            set_up(watched, false);
        dns_stub_forget(&watched->query);
        (void)dns_stub_query(watch->stub, &watched->server, 1, name, DNS_A, NULL, on_reply, watched, &watched->query);
    }
    event_task_set_timer(watch->task, watch->every_ms);
}

struct dns_watch *dns_watch_create(struct event_loop *loop, const struct clock *clock, int64_t every_ms,
                                   const struct dns_server *(*servers)(void *context, size_t *count), void *context)
{
    struct dns_watch *watch = calloc(1, sizeof(*watch));

    if (!watch)
        return NULL;
    pthread_mutex_init(&watch->lock, NULL);
    watch->every_ms = every_ms;
    watch->servers = servers;
    watch->context = context;
    watch->stub = dns_stub_create(loop, clock, on_heard, NULL);
    watch->task = watch->stub ? event_task_create(loop, run, watch) : NULL;
    if (watch->task) {
        event_task_wake(watch->task);
        return watch;
    }
    dns_watch_destroy(watch);
    return NULL;
}

void dns_watch_destroy(struct dns_watch *watch)
{
    if (!watch)
        return;
    event_task_destroy(watch->task);
    dns_stub_destroy(watch->stub);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

void dns_watch_state(struct dns_watch *watch, struct dns_state *state)
{
    pthread_mutex_lock(&watch->lock);
    state->server_count = watch->count;
    for (size_t n = 0; n < watch->count; n++) {
        dns_server_show(&watch->watched[n].server, state->servers[n].server);
        state->servers[n].is_up = watch->watched[n].is_up;
    }
    pthread_mutex_unlock(&watch->lock);
}
