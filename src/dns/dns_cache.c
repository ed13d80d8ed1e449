/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Remembers, joins and limits the questions that go to a backend: the lock, the thread, and the calls on both sides. */
#include "dns/dns_cache.h"

#include "base/log.h"
#include "base/stats.h"
#include "base/thread.h"
#include "base/wait.h"
#include "dns/dns_exchange.h"
#include "dns/dns_memory.h"

#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { SLEEP_MAX_MS = 3600 * 1000 };

struct dns_cache {
    struct dns dns;
    struct dns *backend;
    struct dns_memory *memory; /* locks itself */
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t lock; /* covers all below; a shard of the memory may be locked under it */
    pthread_cond_t changed;
    int64_t sleeps_until_ms; /* the thread, if it sleeps */
    struct dns_exchange exchange;
};

static int64_t now_of(const struct dns_cache *cache)
{
    return clock_monotonic_ms(cache->dns.clock);
}

/* Gives the lock back, and has the thread look if something is due earlier than it knows. */
static void unlock(struct dns_cache *cache)
{
    if (cache->exchange.due_ms < cache->sleeps_until_ms)
        pthread_cond_signal(&cache->changed);
    pthread_mutex_unlock(&cache->lock);
}

/* What the exchange left to be done without the lock. */
static void do_work(const struct dns_exchange_work *work)
{
    if (work->outage_began)
        log_warning("DNS: nothing was answered for %" PRId64 " ms; until something is, nobody waits long for it",
                    work->outage_ms);
    if (work->outage_ended)
        log_notice("DNS: there are answers again, after %" PRId64 " ms", work->outage_ms);
    for (struct dns_asker *asker = work->answered, *next; asker; asker = next) {
        next = asker->next;
        asker->done(asker->context, asker->answer);
        free(asker);
    }
}

/* The backend's reply to a question, which may be one of several. */
static void on_reply(void *context, const struct dns_answer *answer)
{
    struct dns_question *question = context;
    struct dns_cache *cache = (struct dns_cache *)((char *)question->owner - offsetof(struct dns_cache, exchange));
    struct dns_exchange_work work = {0};

    pthread_mutex_lock(&cache->lock);
    dns_exchange_reply(&cache->exchange, question, answer, now_of(cache), &work);
    unlock(cache);
    do_work(&work);
    dns_answer_release(answer);
}

static void ask_backend(struct dns_cache *cache, struct dns_question *question, int64_t until_ms)
{
    cache->backend->ops->query(cache->backend, question->name, question->type, until_ms, on_reply, question);
}

/* Asks again, for nobody who waits, what is about to run out. */
static void refresh(struct dns_cache *cache, const struct dns_key *key, const char *name)
{
    struct dns_sending sending;
    bool asks;

    pthread_mutex_lock(&cache->lock);
    asks = dns_exchange_refresh(&cache->exchange, key, name, now_of(cache), &sending);
    unlock(cache);
    if (!asks)
        return;
    stats_add(STATS_DNS_CACHE_REFRESHED, 1);
    ask_backend(cache, sending.question, sending.until_ms);
}

/* Gives the answer that is known, and the reference to it, away. */
static void give_known(const struct dns_recollection *known, dns_callback done, void *context)
{
    if (known->answer) {
        stats_add(known->is_fresh ? STATS_DNS_CACHE_HITS : STATS_DNS_CACHE_STALE, 1);
        done(context, known->answer);
    } else {
        stats_add(STATS_DNS_CACHE_FAILURES, 1);
        done(context, dns_answer_empty(known->failure, 0));
    }
}

/* Has someone wait for what is not known well enough. */
static void ask(struct dns_cache *cache, const struct dns_key *key, const char *name, const struct dns_asker *wanted,
                struct dns_recollection *known)
{
    struct dns_asker *asker = malloc(sizeof(*asker));
    enum dns_turn turn = DNS_TURN_NO_MEMORY;
    struct dns_sending sending;

    if (asker) {
        *asker = *wanted;
        pthread_mutex_lock(&cache->lock);
        turn = dns_exchange_join(&cache->exchange, key, name, asker, known, now_of(cache), &sending);
        unlock(cache);
    }
    if (turn == DNS_TURN_KNOWN)
        give_known(known, wanted->done, wanted->context);
    else
        dns_answer_release(known->answer);
    if (turn == DNS_TURN_SEND)
        ask_backend(cache, sending.question, sending.until_ms);
    else if (turn != DNS_TURN_WAITS)
        free(asker);
    if (turn == DNS_TURN_NO_MEMORY)
        wanted->done(wanted->context, dns_answer_fault());
    else if (turn == DNS_TURN_STOPPING)
        wanted->done(wanted->context, dns_answer_empty(DNS_TIMEOUT, 0));
}

static void cache_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                        void *context)
{
    struct dns_cache *cache = (struct dns_cache *)dns;
    const struct dns_asker asker = {.done = done, .context = context, .deadline_ms = deadline_ms};
    const struct dns_key key = dns_key_make(name, type);
    struct dns_recollection known = dns_memory_recall(cache->memory, &key);

    if (known.is_fresh && known.is_due)
        refresh(cache, &key, name);
    if (known.is_fresh || !known.is_due)
        give_known(&known, done, context);
    else
        ask(cache, &key, name, &asker, &known);
}

void dns_cache_run_due(struct dns *dns)
{
    struct dns_cache *cache = (struct dns_cache *)dns;
    struct dns_question *question, *next;
    struct dns_exchange_work work = {0};

    pthread_mutex_lock(&cache->lock);
    question = dns_exchange_run_due(&cache->exchange, now_of(cache), &work);
    pthread_mutex_unlock(&cache->lock);
    do_work(&work);
    for (; question; question = next) {
        next = question->next_to_send; /* the reply may come at once */
        ask_backend(cache, question, question->send_until_ms);
    }
}

static void sleep_until_due(struct dns_cache *cache)
{
    int64_t now_ms = now_of(cache), left_ms = cache->exchange.due_ms - now_ms;
    struct timespec moment;

    if (left_ms <= 0)
        return;
    if (left_ms > SLEEP_MAX_MS)
        left_ms = SLEEP_MAX_MS;
    moment = clock_moment_after(left_ms);
    cache->sleeps_until_ms = now_ms + left_ms;
    pthread_cond_timedwait(&cache->changed, &cache->lock, &moment);
    cache->sleeps_until_ms = 0;
}

static void *run(void *context)
{
    struct dns_cache *cache = context;

    pthread_mutex_lock(&cache->lock);
    while (!cache->exchange.is_stopping) {
        sleep_until_due(cache);
        pthread_mutex_unlock(&cache->lock);
        dns_cache_run_due(&cache->dns);
        pthread_mutex_lock(&cache->lock);
    }
    pthread_mutex_unlock(&cache->lock);
    return NULL;
}

static bool start_thread(struct dns_cache *cache)
{
    cache->has_thread = thread_start(&cache->thread, run, cache) == 0;
    return cache->has_thread;
}

static void stop_thread(struct dns_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    dns_exchange_stop(&cache->exchange);
    pthread_cond_signal(&cache->changed);
    pthread_mutex_unlock(&cache->lock);
    if (cache->has_thread)
        pthread_join(cache->thread, NULL);
}

static void cache_destroy(struct dns *dns)
{
    struct dns_cache *cache = (struct dns_cache *)dns;
    struct dns_exchange_work work = {0};

    stop_thread(cache);
    dns_destroy(cache->backend); /* replies to all that it was asked */
    pthread_mutex_lock(&cache->lock);
    dns_exchange_end(&cache->exchange, &work);
    pthread_mutex_unlock(&cache->lock);
    do_work(&work);
    dns_memory_destroy(cache->memory);
    pthread_cond_destroy(&cache->changed);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static const struct dns_ops cache_ops = {.query = cache_query, .destroy = cache_destroy};

struct dns *dns_cache_create(const struct dns_cache_config *config, struct dns *backend)
{
    struct dns_cache *cache = calloc(1, sizeof(*cache));

    if (!cache) {
        dns_destroy(backend);
        return NULL;
    }
    cache->dns = (struct dns){.ops = &cache_ops, .clock = backend->clock, .keeps_answers = config->octets > 0};
    cache->backend = backend;
    cache->exchange.due_ms = INT64_MAX;
    cache->exchange.outage.answered_ms = now_of(cache);
    memcpy(cache->exchange.pending.seed, config->seed, sizeof(config->seed));
    pthread_mutex_init(&cache->lock, NULL);
    wait_cond_init(&cache->changed);
    cache->memory = dns_memory_create(config->octets, config->serve_stale, config->seed, backend->clock);
    cache->exchange.memory = cache->memory;
    if (cache->memory && (config->by_hand || start_thread(cache)))
        return &cache->dns;
    cache_destroy(&cache->dns);
    return NULL;
}

struct ttl_cache_stats dns_cache_stats(struct dns *dns)
{
    return dns_memory_stats(((struct dns_cache *)dns)->memory);
}
