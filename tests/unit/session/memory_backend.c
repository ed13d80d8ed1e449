/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A backend in memory. */
#include "memory_backend.h"

#include "greylist/store/backend.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEYS = 256 };

struct memory_control memory_control;

struct memory {
    struct backend backend; /* the first member */
    struct {
        char key[GREYLIST_KEY_SIZE];
        struct greylist_record record;
    } rows[KEYS];
    size_t count;
};

static int64_t monotonic_ms(void *context)
{
    (void)context;
    return clock_monotonic_ms(&clock_system);
}

static int64_t unix_s(void *context)
{
    (void)context;
    return memory_control.now_s;
}

const struct clock memory_clock = {monotonic_ms, unix_s, NULL};

static bool open_memory(struct backend *backend, struct strbuf *problem)
{
    (void)backend;
    if (memory_control.is_gone)
        strbuf_add(problem, "it is gone");
    return !memory_control.is_gone;
}

static void close_memory(struct backend *backend)
{
    (void)backend;
}

static void destroy(struct backend *backend)
{
    free(backend);
}

static struct greylist_record *row(struct memory *memory, const char *key)
{
    size_t i = 0;

    while (i < memory->count && strcmp(memory->rows[i].key, key) != 0)
        i++;
    if (i == memory->count) {
        memcpy(memory->rows[i].key, key, strlen(key) + 1);
        memory->count++;
    }
    return &memory->rows[i].record;
}

static void visit_one(struct memory *memory, struct backend_visit *visit)
{
    struct greylist_record *entry = row(memory, visit->subject.entry), *sender = NULL;
    struct greylist_stored stored = {.entry = *entry};

    if (visit->subject.sender[0] != '\0')
        sender = row(memory, visit->subject.sender);
    if (sender != NULL)
        stored.sender = *sender;
    visit->decision = greylist_decide(&visit->terms, &stored, visit->now_s);
    visit->answer = STORE_ANSWERED;
    if (visit->decision.changes_entry)
        *entry = visit->decision.next.entry;
    if (visit->decision.changes_sender && sender != NULL)
        *sender = visit->decision.next.sender;
}

static bool visit(struct backend *backend, struct backend_visit *const *visits, size_t count, struct strbuf *problem)
{
    const int delay_ms = memory_control.delay_ms;
    const struct timespec delay = {delay_ms / 1000, delay_ms % 1000 * 1000000L};

    memory_control.visits += (unsigned)count;
    (void)nanosleep(&delay, NULL);
    if (!open_memory(backend, problem))
        return false;
    for (size_t i = 0; i < count; i++)
        if (memory_control.is_full)
            visits[i]->answer = STORE_FULL;
        else
            visit_one((struct memory *)backend, visits[i]);
    return true;
}

static bool expire(struct backend *backend, int64_t now_s, struct backend_expiry *expiry, struct strbuf *problem)
{
    (void)backend;
    (void)now_s;
    (void)problem;
    *expiry = (struct backend_expiry){.deleted = 0};
    return true;
}

static const struct backend_functions functions = {
    .open = open_memory, .close = close_memory, .destroy = destroy, .visit = visit, .expire = expire};

struct greylist_store *memory_store_create(unsigned wait_ms)
{
    struct memory *memory = calloc(1, sizeof *memory);
    struct strbuf error = STRBUF_INIT;
    struct greylist_store *store;

    memory_control.is_gone = memory_control.is_full = false;
    memory_control.delay_ms = 0;
    memory_control.visits = 0;
    memory_control.now_s = 1700000000;
    if (memory == NULL)
        return NULL;
    memory->backend.functions = &functions;
    store = greylist_store_create_on(&memory->backend, &memory_clock, wait_ms, &error);
    strbuf_free(&error);
    return store;
}
