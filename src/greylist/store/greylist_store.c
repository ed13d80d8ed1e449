/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cache in front of a backend, and the thread that asks it. */
#include "greylist/store/greylist_store.h"

#include "base/log.h"
#include "base/thread.h"
#include "base/ttl_cache.h"
#include "greylist/store/backend.h"
#include "greylist/store/visit_queue.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    CACHE_OCTETS = 8 << 20,
    CACHE_KEY_SIZE = 2 * GREYLIST_KEY_SIZE,
    RETRY_MS = 1000,   /* of a store that is away */
    EXPIRY_MS = 1000,  /* between two steps while there is nothing to do */
    EXPIRY_STEPS = 2,  /* after a batch, while there is: they delete more than a batch can add */
    LAST_MS = 3000,    /* how long the end may take for what is left */
    PROBLEM_MAX = 500, /* octets of a reason in the log */
};

struct greylist_store {
    atomic_uint references;
    struct clock clock;
    struct backend *backend;   /* of the thread that asks, once it runs */
    struct visit_queue *queue; /* has a lock of its own */
    struct ttl_cache *cache;   /* has locks of its own */
    atomic_uint threads;       /* that run; the last one frees all */
    /* Of the thread that asks. */
    bool is_open, is_told;
    int64_t next_expiry_ms;
    /* What is counted. */
    _Atomic uint64_t cache_hits, entries, expired, batches, busy_us;
};

/* Stores that have nobody any more, and threads yet. */
static struct {
    pthread_mutex_t lock; /* a leaf */
    pthread_cond_t none;
    size_t count;
} ending = {.lock = PTHREAD_MUTEX_INITIALIZER, .none = PTHREAD_COND_INITIALIZER};

const char *store_answer_name(enum store_answer answer)
{
    static const char *const names[STORE_ANSWER_COUNT] = {"answered", "slow", "away", "full", "busy", "no-memory"};

    return names[answer];
}

static int64_t now_us(void)
{
    const struct timespec now = clock_moment_after(0);

    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* --- The cache: of subjects whose messages go on without anything new to store. --- */

static size_t cache_key(const struct greylist_subject *subject, char key[CACHE_KEY_SIZE])
{
    const size_t entry_len = strlen(subject->entry), sender_len = strlen(subject->sender);

    memcpy(key, subject->entry, entry_len);
    key[entry_len] = ' '; /* no key ends with it */
    memcpy(key + entry_len + 1, subject->sender, sender_len);
    return entry_len + 1 + sender_len;
}

static bool is_known(const struct greylist_decision *decision)
{
    return decision->reason == GREYLIST_KNOWN_ENTRY || decision->reason == GREYLIST_KNOWN_SENDER;
}

static bool decide_from_cache(struct greylist_store *store, const struct greylist_subject *subject,
                              const struct greylist_terms *terms, struct greylist_decision *decision)
{
    char key[CACHE_KEY_SIZE];
    const size_t key_len = cache_key(subject, key);
    struct greylist_stored stored;
    size_t stored_len = sizeof stored;

    if (!ttl_cache_get(store->cache, key, key_len, &stored, &stored_len))
        return false;
    *decision = greylist_decide(terms, &stored, clock_unix_s(&store->clock));
    return is_known(decision) && !decision->changes_entry && !decision->changes_sender;
}

static void put_into_cache(struct greylist_store *store, const struct backend_visit *asked)
{
    char key[CACHE_KEY_SIZE];
    size_t key_len;

    if (asked->answer != STORE_ANSWERED ||
        !(is_known(&asked->decision) || asked->decision.reason == GREYLIST_CAME_BACK))
        return;
    key_len = cache_key(&asked->subject, key);
    (void)ttl_cache_put(store->cache, key, key_len, &asked->decision.next, sizeof asked->decision.next,
                        INT64_C(1000) * STORE_CACHE_S);
}

/* --- The thread that asks. --- */

static const char *place_of(const struct greylist_store *store)
{
    return store->backend->place != NULL ? store->backend->place : "";
}

/* Once for each time that it goes away, and once when it is there again. */
static void set_open(struct greylist_store *store, bool is_open, const struct strbuf *problem)
{
    store->is_open = is_open;
    visit_queue_set_away(store->queue, !is_open);
    if (!is_open && !store->is_told)
        log_error("greylist: no store: %s%s; nobody is deferred until it is there again", place_of(store),
                  strbuf_text(problem));
    else if (is_open && store->is_told)
        log_warning("greylist: the store is there again");
    store->is_told = !is_open;
}

static void open_backend(struct greylist_store *store)
{
    struct strbuf problem = {.limit = PROBLEM_MAX};
    const bool is_open = store->backend->functions->open(store->backend, &problem);
    const struct timespec again = clock_moment_after(RETRY_MS);

    set_open(store, is_open, &problem);
    strbuf_free(&problem);
    if (!is_open)
        visit_queue_wait_for_end(store->queue, &again);
}

static void lose_backend(struct greylist_store *store, const struct strbuf *problem)
{
    const struct timespec again = clock_moment_after(RETRY_MS);

    store->backend->functions->close(store->backend);
    set_open(store, false, problem);
    visit_queue_wait_for_end(store->queue, &again);
}

/* Up to `steps` of them, until nothing more is to be deleted. */
static void expire(struct greylist_store *store, unsigned steps)
{
    struct strbuf problem = {.limit = PROBLEM_MAX};
    struct backend_expiry expiry = {.has_more = true};
    bool works = true;

    while (works && steps-- > 0 && expiry.has_more) {
        expiry = (struct backend_expiry){.has_more = false};
        works = store->backend->functions->expire(store->backend, clock_unix_s(&store->clock), &expiry, &problem);
        store->expired += expiry.deleted;
    }
    store->entries = expiry.entries;
    store->next_expiry_ms = clock_monotonic_ms(&clock_system) + (expiry.has_more ? 0 : EXPIRY_MS);
    if (!works)
        lose_backend(store, &problem);
    strbuf_free(&problem);
}

static void expire_if_due(struct greylist_store *store)
{
    if (clock_monotonic_ms(&clock_system) >= store->next_expiry_ms)
        expire(store, EXPIRY_STEPS);
}

static void ask(struct greylist_store *store, struct visit *const *batch, size_t count)
{
    struct backend_visit *asked[BACKEND_BATCH_MAX];
    struct strbuf problem = {.limit = PROBLEM_MAX};
    const int64_t begin_us = now_us();
    bool works;

    for (size_t i = 0; i < count; i++)
        asked[i] = &batch[i]->asked;
    works = store->backend->functions->visit(store->backend, asked, count, &problem);
    store->batches++;
    store->busy_us += (uint64_t)(now_us() - begin_us);
    for (size_t i = 0; i < count; i++) {
        if (!works)
            asked[i]->answer = STORE_AWAY;
        put_into_cache(store, asked[i]);
    }
    if (works && problem.len > 0)
        log_error("greylist: nothing new is stored: %s%s; who is not known is not deferred", place_of(store),
                  strbuf_text(&problem));
    visit_queue_answer(store->queue, batch, count);
    if (!works)
        lose_backend(store, &problem);
    strbuf_free(&problem);
}

static int64_t until_expiry_ms(const struct greylist_store *store)
{
    const int64_t left_ms = store->next_expiry_ms - clock_monotonic_ms(&clock_system);

    return left_ms > 0 ? left_ms : 0;
}

/* One turn: what has come, and a step of expiry. */
static size_t turn(struct greylist_store *store)
{
    struct visit *batch[BACKEND_BATCH_MAX];
    const struct timespec moment = clock_moment_after(until_expiry_ms(store));
    const size_t count = visit_queue_take(store->queue, batch, BACKEND_BATCH_MAX, &moment);

    if (count > 0)
        ask(store, batch, count);
    if (store->is_open)
        expire_if_due(store);
    return count;
}

/* Of what is left at the end, as much as a few seconds allow is stored. */
static void finish(struct greylist_store *store)
{
    const int64_t last_ms = clock_monotonic_ms(&clock_system) + LAST_MS;

    if (!store->is_open && !store->is_told)
        open_backend(store); /* the end has come before */
    while (store->is_open && turn(store) > 0 && clock_monotonic_ms(&clock_system) < last_ms)
        ;
    visit_queue_set_away(store->queue, true);
    store->backend->functions->close(store->backend);
}

static void destroy(struct greylist_store *store)
{
    store->backend->functions->destroy(store->backend);
    visit_queue_destroy(store->queue);
    ttl_cache_destroy(store->cache);
    free(store);
}

static void note_end(void)
{
    pthread_mutex_lock(&ending.lock);
    if (--ending.count == 0)
        pthread_cond_broadcast(&ending.none);
    pthread_mutex_unlock(&ending.lock);
}

/* Of a thread of the store's, which nobody has any more. A backend may be slow, so that whoever had the store last does
 * not wait for this. */
static void leave(struct greylist_store *store)
{
    if (atomic_fetch_sub(&store->threads, 1) != 1)
        return;
    destroy(store);
    note_end();
}

static void *run_asking(void *context)
{
    struct greylist_store *store = context;

    while (!visit_queue_has_ended(store->queue)) {
        if (store->is_open)
            (void)turn(store);
        else
            open_backend(store);
    }
    finish(store);
    leave(store);
    return NULL;
}

static void *run_late(void *context)
{
    struct greylist_store *store = context;

    visit_queue_answer_late(store->queue);
    leave(store);
    return NULL;
}

/* --- Its life. --- */

/* False: neither runs. */
static bool start(struct greylist_store *store)
{
    pthread_t asking, late;

    store->threads = 2;
    if (thread_start(&late, run_late, store) != 0)
        return false;
    if (thread_start(&asking, run_asking, store) != 0) {
        visit_queue_end(store->queue);
        (void)pthread_join(late, NULL); /* it is not the last of two */
        return false;
    }
    (void)pthread_detach(late);
    (void)pthread_detach(asking);
    return true;
}

struct greylist_store *greylist_store_create_on(struct backend *backend, const struct clock *clock, unsigned wait_ms,
                                                struct strbuf *error)
{
    uint8_t seed[16];
    struct greylist_store *store = calloc(1, sizeof(*store));

    if (store == NULL) {
        strbuf_add(error, "out of memory");
        backend->functions->destroy(backend);
        return NULL;
    }
    randombytes_buf(seed, sizeof seed);
    store->references = 1;
    store->clock = *clock;
    store->backend = backend;
    store->queue = visit_queue_create(wait_ms);
    store->cache = ttl_cache_create(CACHE_OCTETS, seed, &store->clock);
    if (store->queue == NULL || store->cache == NULL)
        strbuf_add(error, "out of memory");
    else if (!start(store))
        strbuf_add(error, "no thread can be started");
    else
        return store;
    destroy(store);
    return NULL;
}

struct greylist_store *greylist_store_create(const struct greylist_store_config *config, struct strbuf *error)
{
    struct backend *backend = backend_create(config);

    if (backend == NULL) {
        strbuf_add(error, "out of memory");
        return NULL;
    }
    return greylist_store_create_on(backend, config->clock, STORE_WAIT_MS, error);
}

struct greylist_store *greylist_store_acquire(struct greylist_store *store)
{
    if (store != NULL)
        atomic_fetch_add(&store->references, 1);
    return store;
}

void greylist_store_release(struct greylist_store *store)
{
    if (store == NULL || atomic_fetch_sub(&store->references, 1) != 1)
        return;
    pthread_mutex_lock(&ending.lock);
    ending.count++;
    pthread_mutex_unlock(&ending.lock);
    visit_queue_end(store->queue); /* from here on it is its threads' */
}

void greylist_store_await_ends(void)
{
    pthread_mutex_lock(&ending.lock);
    while (ending.count > 0)
        pthread_cond_wait(&ending.none, &ending.lock);
    pthread_mutex_unlock(&ending.lock);
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool greylist_store_config_is_same(const struct greylist_store_config *a, const struct greylist_store_config *b)
{
    const struct store_address *x = &a->address, *y = &b->address;

    if (x->kind != y->kind || a->entries_max != b->entries_max || !is_same_text(a->password_file, b->password_file))
        return false;
    if (x->kind == STORE_SQLITE)
        return strcmp(x->path, y->path) == 0;
    if (x->kind == STORE_REDIS ? strcmp(x->host, y->host) != 0 || x->port != y->port : strcmp(x->path, y->path) != 0)
        return false;
    return x->database == y->database && strcmp(x->prefix, y->prefix) == 0;
}

/* --- A visit. --- */

static struct visit *make_visit(const struct greylist_store *store, const struct greylist_subject *subject,
                                const struct greylist_terms *terms)
{
    struct visit *visit = malloc(sizeof(*visit));

    if (visit == NULL)
        return NULL;
    memset(visit, 0, sizeof *visit);
    memcpy(visit->asked.subject.entry, subject->entry, strlen(subject->entry) + 1);
    memcpy(visit->asked.subject.sender, subject->sender, strlen(subject->sender) + 1);
    visit->asked.terms = *terms;
    visit->asked.now_s = clock_unix_s(&store->clock);
    return visit;
}

void greylist_store_visit(struct greylist_store *store, const struct greylist_subject *subject,
                          const struct greylist_terms *terms, store_done done, void *context)
{
    struct greylist_decision decision;
    struct visit *visit;
    enum store_answer refused = STORE_NO_MEMORY;

    if (decide_from_cache(store, subject, terms, &decision)) {
        atomic_fetch_add_explicit(&store->cache_hits, 1, memory_order_relaxed);
        visit_queue_count(store->queue, STORE_ANSWERED);
        done(context, STORE_ANSWERED, &decision);
        return;
    }
    visit = make_visit(store, subject, terms);
    if (visit != NULL) {
        visit->done = done;
        visit->context = context;
        refused = visit_queue_add(store->queue, visit);
    }
    if (refused == STORE_ANSWERED)
        return;
    free(visit);
    visit_queue_count(store->queue, refused);
    done(context, refused, NULL);
}

void greylist_store_get_state(struct greylist_store *store, struct greylist_store_state *state)
{
    state->is_away = visit_queue_is_away(store->queue);
    for (unsigned i = 0; i < STORE_ANSWER_COUNT; i++)
        state->answers[i] = visit_queue_answers(store->queue, i);
    state->cache_hits = store->cache_hits;
    state->entries = store->entries;
    state->expired = store->expired;
    state->batches = store->batches;
    state->busy_us = store->busy_us;
}
