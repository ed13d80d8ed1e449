/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of evaluations under way, and what happens when one is done. */
#include "spf/inflight.h"

#include "base/hash_table.h"
#include "base/log.h"
#include "base/log_value.h"
#include "base/stats.h"
#include "spf/evaluation.h"
#include "spf/outcome.h"
#include "spf/spf2_adapter.h"
#include "spf/spf_metrics.h"
#include "spf/trace.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 256 };

struct flight {
    struct hash_link link; /* the first member */
    struct inflight *inflight;
    struct inflight_follower *followers; /* this and the next four under the lock of the table */
    struct evaluation *evaluation;       /* NULL: it has not begun */
    unsigned references;                 /* that of the evaluation, until it has ended, and of who cancels it */
    bool is_in_table;
    bool is_forsaken;            /* all who followed it have left */
    struct spf_request *request; /* its copy */
    bool is_speculative;
    int64_t deadline_ms;
    bool has_time;    /* more than half of the timeout was left when it began */
    unsigned varying; /* what its key has besides client and domain */
    size_t key_len;
    uint8_t key[];
};

struct inflight {
    struct inflight_setup setup; /* but for these three, which may be adjusted at any time: */
    _Atomic uint32_t timeout_ms;
    atomic_bool has_lookahead;
    atomic_uint max_checks;
    uint8_t seed[HASH_SEED_SIZE];
    pthread_mutex_t lock; /* covers all below, the last three members of each follower, five of each flight; a leaf */
    unsigned under_way;   /* evaluations, in the table or alone */
    struct hash_link *buckets[BUCKETS];
};

struct inflight *inflight_create(const struct inflight_setup *setup)
{
    struct inflight *inflight = calloc(1, sizeof(*inflight));

    if (!inflight)
        return NULL;
    inflight->setup = *setup;
    inflight_adjust(inflight, setup->timeout_ms, setup->has_lookahead, setup->max_checks);
    memcpy(inflight->seed, setup->seed, sizeof(inflight->seed));
    pthread_mutex_init(&inflight->lock, NULL);
    return inflight;
}

static struct hash_table table_of(struct inflight *inflight)
{
    return (struct hash_table){inflight->buckets, BUCKETS};
}

void inflight_adjust(struct inflight *inflight, uint32_t timeout_ms, bool has_lookahead, unsigned max_checks)
{
    inflight->max_checks = max_checks;
    inflight->timeout_ms = timeout_ms;
    inflight->has_lookahead = has_lookahead;
}

void inflight_destroy(struct inflight *inflight)
{
    if (!inflight)
        return;
    pthread_mutex_destroy(&inflight->lock);
    free(inflight);
}

/* Appends a text to what a copy has room for. */
static const char *put_text(char **room, const char *text)
{
    size_t size = strlen(text) + 1;
    const char *copy = memcpy(*room, text, size);

    *room += size;
    return copy;
}

struct spf_request *request_copy(const struct spf_request *request)
{
    size_t texts =
        strlen(request->helo) + strlen(request->local) + strlen(request->domain) + strlen(request->receiver) + 4;
    struct spf_request *copy = malloc(sizeof(*copy) + texts);
    char *room;

    if (!copy)
        return NULL;
    room = (char *)(copy + 1);
    *copy = *request;
    copy->helo = put_text(&room, request->helo);
    copy->local = put_text(&room, request->local);
    copy->domain = put_text(&room, request->domain);
    copy->receiver = put_text(&room, request->receiver);
    return copy;
}

/* ---- The end of an evaluation ---- */

/* Nobody can join it any more. Lock held. */
static void leave_table(struct flight *flight)
{
    struct hash_table table = table_of(flight->inflight);

    if (flight->is_in_table)
        hash_table_remove(&table, &flight->link);
    flight->is_in_table = false;
}

static void destroy(struct flight *flight)
{
    if (flight->evaluation)
        evaluation_release(flight->evaluation);
    free(flight->request);
    free(flight);
}

/* Takes an evaluation out of the table, with its reference; returns those who follow it. */
static struct inflight_follower *take_out(struct flight *flight, bool *is_last)
{
    struct inflight *inflight = flight->inflight;
    struct inflight_follower *followers;

    pthread_mutex_lock(&inflight->lock);
    followers = flight->followers;
    inflight->under_way--;
    leave_table(flight);
    for (struct inflight_follower *follower = followers; follower; follower = follower->next)
        follower->flight = NULL;
    *is_last = --flight->references == 0; /* else who has cancelled it frees it, perhaps at once */
    pthread_mutex_unlock(&inflight->lock);
    return followers;
}

/* Ends an evaluation, and calls all who follow; after the last call, the table may be gone. */
static void publish(struct flight *flight, struct published *published)
{
    struct inflight_follower *follower, *next;
    bool is_last;

    result_key_make(&published->key, flight->request, published->varying);
    for (follower = take_out(flight, &is_last); follower; follower = next) {
        next = follower->next; /* it may be gone after the call */
        follower->published(follower->context, published);
    }
    if (is_last)
        destroy(flight);
}

/* Logs and counts a fault of ours. */
static void report_fault(const struct spf_request *request, const char *what)
{
    char shown[LOG_VALUE_SIZE];

    log_error("SPF evaluation of %s: %s", log_word(request->domain, shown), what);
    stats_add(STATS_FAULTS, 1);
}

/* The walk is done: has it interpreted, and keeps the outcome. */
static void conclude(void *context)
{
    struct flight *flight = context;
    struct walk *walk = evaluation_walk(flight->evaluation);
    struct published published = {.is_private = true};

    spf_metrics_evaluation_ended();
    if (walk) {
        if (clock_monotonic_ms(flight->inflight->setup.clock) >= flight->deadline_ms)
            spf_metrics_deadline_exceeded();
        spf2_adapter_interpret(walk);
        if (walk->is_fault)
            report_fault(flight->request, walk->problem);
        else if (walk->is_stopped)
            spf_metrics_stopped(walk->stop);
        outcome_write(walk, &published.outcome);
        result_cache_put(flight->inflight->setup.cache, flight->request, &published.outcome, walk->macros_used);
        published.varying = walk->macros_used & RESULT_VARYING;
        published.is_private = walk->is_fault || (walk->result == RESULT_TEMPERROR && !flight->has_time);
        trace_of(flight->request->trace, walk);
    }
    publish(flight, &published);
}

/* ---- The beginning ---- */

static struct flight *find_flight(struct inflight *inflight, const struct result_key *key, uint64_t hash)
{
    struct hash_table table = table_of(inflight);
    struct hash_link *link = hash_table_first(&table, hash);

    for (; link; link = hash_table_next(link)) {
        struct flight *flight = (struct flight *)link;

        if (flight->key_len == key->len && memcmp(flight->key, key->octets, key->len) == 0)
            return flight;
    }
    return NULL;
}

/* Makes one with its copy of the request. NULL if out of memory. */
static struct flight *create_flight(struct inflight *inflight, const struct result_key *key,
                                    const struct spf_request *request)
{
    struct flight *flight = malloc(sizeof(*flight) + key->len);
    struct spf_request *copy = flight ? request_copy(request) : NULL;

    if (!copy) {
        free(flight);
        return NULL;
    }
    *flight = (struct flight){
        .inflight = inflight, .references = 1, .request = copy, .varying = key->varying, .key_len = key->len};
    memcpy(flight->key, key->octets, key->len);
    return flight;
}

static void add_to_table(struct flight *flight, uint64_t hash)
{
    struct hash_table table = table_of(flight->inflight);

    flight->link.hash = hash;
    flight->is_in_table = true;
    hash_table_add(&table, &flight->link);
}

/* Looks whether the cache has got to know more than it did when the caller looked: the outcome, or that the key is too
 * short. */
static bool is_needless(const struct flight *flight, struct published *published)
{
    if (!flight->is_in_table)
        return false;
    if (result_cache_look(flight->inflight->setup.cache, flight->request, &published->outcome, &published->varying))
        return true;
    published->is_key_too_short = published->varying & ~flight->varying;
    return published->is_key_too_short;
}

/* From now on who leaves last has its evaluation cancelled. False if all have left. */
static bool is_followed(struct flight *flight, struct evaluation *evaluation)
{
    bool is_followed;

    pthread_mutex_lock(&flight->inflight->lock);
    flight->evaluation = evaluation;
    is_followed = !flight->is_forsaken;
    pthread_mutex_unlock(&flight->inflight->lock);
    return is_followed;
}

/* Begins to evaluate, unless that is needless. */
static void begin(struct flight *flight, int64_t deadline_ms)
{
    const struct inflight_setup *setup = &flight->inflight->setup;
    const struct evaluation_setup wanted = {
        .dns = setup->dns,
        .request = flight->request,
        .deadline_ms = deadline_ms,
        .now_s = clock_unix_s(setup->clock),
        .has_lookahead = flight->inflight->has_lookahead,
        .is_kept_only = flight->is_speculative,
        .done = conclude,
        .context = flight,
    };
    struct published published = {.is_private = false};
    struct evaluation *evaluation;

    if (is_needless(flight, &published)) {
        publish(flight, &published);
        return;
    }
    flight->deadline_ms = deadline_ms;
    flight->has_time = deadline_ms - clock_monotonic_ms(setup->clock) >= flight->inflight->timeout_ms / 2;
    evaluation = evaluation_create(&wanted);
    if (evaluation) {
        spf_metrics_evaluation_begun();
        if (is_followed(flight, evaluation))
            evaluation_begin(evaluation);
        else
            evaluation_cancel(evaluation);
        return;
    }
    report_fault(flight->request, "out of memory");
    outcome_shed(&published.outcome, "out of memory");
    published.is_private = true;
    publish(flight, &published);
}

static void follow(struct flight *flight, struct inflight_follower *follower, bool is_first)
{
    follower->next = flight->followers;
    follower->flight = flight;
    follower->is_first = is_first;
    flight->followers = follower;
}

/* Is there room for one more evaluation? Those that nobody waits for leave some for the others. Lock held. */
static bool has_room(const struct inflight *inflight, bool is_speculative)
{
    const unsigned max = inflight->max_checks;

    return inflight->under_way < (is_speculative ? max - max / 4 : max);
}

/* Finds the evaluation of a key, or makes one, in the table if it is to be shared. Lock held. */
static enum inflight_join find_or_create(struct inflight *inflight, const struct result_key *key,
                                         const struct spf_request *request, enum inflight_kind kind,
                                         struct flight **found, struct flight **created)
{
    const bool is_shared = kind != INFLIGHT_ALONE && !key->too_long, is_speculative = kind == INFLIGHT_SPECULATIVE;
    uint64_t hash = is_shared ? hash_octets(inflight->seed, key->octets, key->len) : 0;

    *created = NULL;
    *found = is_shared ? find_flight(inflight, key, hash) : NULL;
    if (*found)
        return INFLIGHT_JOINED;
    if (!has_room(inflight, is_speculative))
        return INFLIGHT_FULL;
    *found = *created = create_flight(inflight, key, request);
    if (!*created)
        return INFLIGHT_NO_MEMORY;
    inflight->under_way++;
    (*created)->is_speculative = is_speculative;
    if (is_shared)
        add_to_table(*created, hash);
    return INFLIGHT_JOINED;
}

enum inflight_join inflight_join(struct inflight *inflight, const struct spf_request *request, unsigned varying,
                                 int64_t deadline_ms, enum inflight_kind kind, struct inflight_follower *follower)
{
    struct result_key key;
    struct flight *found, *created;
    enum inflight_join joined;

    result_key_make(&key, request, varying);
    pthread_mutex_lock(&inflight->lock);
    joined = find_or_create(inflight, &key, request, kind, &found, &created);
    if (found)
        follow(found, follower, created != NULL);
    pthread_mutex_unlock(&inflight->lock);
    if (created)
        begin(created, deadline_ms);
    return joined;
}

/* Ends an evaluation that nobody follows any more, and gives a reference back. */
static void cancel(struct flight *flight)
{
    struct inflight *inflight = flight->inflight;
    bool is_last;

    evaluation_cancel(flight->evaluation);
    pthread_mutex_lock(&inflight->lock);
    is_last = --flight->references == 0;
    pthread_mutex_unlock(&inflight->lock);
    if (is_last)
        destroy(flight);
}

/* Returns the evaluation that nobody follows any more, with a reference; NULL: somebody does, or it has not begun. Lock
 * held. */
static struct flight *unfollow(struct inflight_follower *follower)
{
    struct flight *flight = follower->flight;
    struct inflight_follower **link = &flight->followers;

    while (*link != follower)
        link = &(*link)->next;
    *link = follower->next;
    follower->flight = NULL;
    if (flight->followers)
        return NULL;
    leave_table(flight);
    flight->is_forsaken = true;
    if (!flight->evaluation)
        return NULL;
    flight->references++;
    return flight;
}

bool inflight_leave(struct inflight *inflight, struct inflight_follower *follower)
{
    struct flight *alone = NULL;
    bool is_there;

    pthread_mutex_lock(&inflight->lock);
    is_there = follower->flight != NULL;
    if (is_there)
        alone = unfollow(follower);
    pthread_mutex_unlock(&inflight->lock);
    if (alone)
        cancel(alone);
    return is_there;
}
