/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens, runs and stops the front ends. */
#include "app/fronts.h"

#include "base/thread.h"

enum {
    DRAIN_POLL_MS = 20, /* how often an orderly stop checks whether the last message has ended */
    HANG_UP_MS = 2000,  /* how long it waits then for the connections to be closed, which takes no time */
};

void fronts_add(struct fronts *fronts, const struct front *front, const char *key, struct front_socket socket)
{
    struct fronts_entry *entry;

    fronts->sockets[fronts->socket_count++] = (struct fronts_socket){front, key, socket};
    for (size_t i = 0; i < fronts->count; i++)
        if (fronts->entries[i].front == front)
            return;
    entry = &fronts->entries[fronts->count++];
    entry->front = front;
    entry->list = fronts;
}

static bool open_one(const struct fronts_socket *entry, const struct front_host *host, const struct identity *identity,
                     struct strbuf *error)
{
    const struct front *front = entry->front;
    const char *path = front->path(entry->socket.spec);
    struct strbuf message = STRBUF_INIT;
    bool opened;

    if (path != NULL && !privileges_borrow(identity, path, identity->socket_gid, entry->key, error)) {
        privileges_return(identity);
        return false;
    }
    opened = front->open(front, &entry->socket, host, &message);
    privileges_return(identity);
    opened = opened && front->give(front, &entry->socket, identity->uid, identity->socket_gid, &message);
    if (!opened)
        strbuf_addf(error, "%s: %s", entry->key, strbuf_text(&message));
    strbuf_free(&message);
    return opened;
}

bool fronts_open(struct fronts *fronts, const struct front_host *host, const struct identity *identity,
                 struct strbuf *error)
{
    for (size_t i = 0; i < fronts->socket_count; i++)
        if (!open_one(&fronts->sockets[i], host, identity, error))
            return false;
    return true;
}

/* With the privileges that made them. */
void fronts_discard(const struct fronts *fronts, const struct identity *identity)
{
    for (size_t i = 0; i < fronts->socket_count; i++) {
        const struct fronts_socket *entry = &fronts->sockets[i];
        const char *path = entry->front->path(entry->socket.spec);
        struct strbuf unused = STRBUF_INIT;

        if (path != NULL && privileges_borrow(identity, path, (gid_t)-1, entry->key, &unused))
            entry->front->discard(entry->front, &entry->socket);
        privileges_return(identity);
        strbuf_free(&unused);
    }
}

static void *run_one(void *context)
{
    struct fronts_entry *entry = context;
    struct fronts *fronts = entry->list;

    entry->has_failed = !entry->front->run(entry->front);
    fronts->has_ended = true;
    if (fronts->wake != NULL)
        fronts->wake();
    return NULL;
}

bool fronts_run(struct fronts *fronts, struct strbuf *error)
{
    for (size_t i = 0; i < fronts->count; i++) {
        if (thread_start(&fronts->entries[i].thread, run_one, &fronts->entries[i]) != 0) {
            strbuf_add(error, "cannot start a thread");
            return false;
        }
    }
    return true;
}

bool fronts_have_ended(const struct fronts *fronts)
{
    return fronts->has_ended;
}

const char *fronts_failed(const struct fronts *fronts)
{
    for (size_t i = 0; i < fronts->count; i++)
        if (fronts->entries[i].has_failed)
            return fronts->entries[i].front->name;
    return NULL;
}

struct front_load fronts_load(const struct fronts *fronts)
{
    struct front_load load = {0};

    for (size_t i = 0; i < fronts->count; i++) {
        const struct front *front = fronts->entries[i].front;
        unsigned threads = 0, waiting = 0;

        load.connections += front->drain->connections;
        load.messages += front->drain->messages;
        if (front->threads != NULL)
            front->threads(&threads, &waiting);
        load.threads += threads;
        load.threads_waiting += waiting;
    }
    return load;
}

static bool is_under_way(const struct front *front)
{
    return !drain_is_idle(front->drain);
}

static bool is_connected(const struct front *front)
{
    return front->drain->connections > 0;
}

static bool is_any(const struct fronts *fronts, bool (*is_so)(const struct front *front))
{
    for (size_t i = 0; i < fronts->count; i++)
        if (is_so(fronts->entries[i].front))
            return true;
    return false;
}

/* Waits as long as it is so of any front end. */
static void wait_while(const struct fronts *fronts, bool (*is_so)(const struct front *front), uint32_t limit_ms,
                       const struct fronts_pace *pace)
{
    const int64_t deadline_ms = clock_monotonic_ms(pace->clock) + limit_ms;

    while (is_any(fronts, is_so) && clock_monotonic_ms(pace->clock) < deadline_ms)
        if (!pace->pause(DRAIN_POLL_MS))
            return;
}

void fronts_stop(const struct fronts *fronts, uint32_t limit_ms, const struct fronts_pace *pace)
{
    for (size_t i = 0; i < fronts->count; i++) {
        drain_close(fronts->entries[i].front->drain);
        fronts->entries[i].front->close(fronts->entries[i].front);
    }
    wait_while(fronts, is_under_way, limit_ms, pace);
    for (size_t i = 0; i < fronts->count; i++)
        fronts->entries[i].front->hang_up(fronts->entries[i].front);
    wait_while(fronts, is_connected, HANG_UP_MS, pace);
}

void fronts_let_go(const struct fronts *fronts)
{
    for (size_t i = 0; i < fronts->count; i++)
        (void)pthread_detach(fronts->entries[i].thread);
}
