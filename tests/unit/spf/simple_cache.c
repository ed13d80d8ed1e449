/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DNS cache for tests: a list, and a lock. */
#include "unit/spf/simple_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct asker {
    struct asker *next;
    dns_callback done;
    void *context;
};

struct entry {
    struct entry *next;
    struct simple_cache *cache;
    enum dns_type type;
    const struct dns_answer *answer; /* NULL: under way, or not kept */
    bool is_under_way;
    struct asker *askers;
    char name[DNS_NAME_MAX + 1];
};

struct simple_cache {
    struct dns dns;
    struct dns *backend;
    pthread_mutex_t lock; /* covers all below */
    struct entry *entries;
};

static void on_answer(void *context, const struct dns_answer *answer)
{
    struct entry *entry = context;
    struct asker *asker, *next;

    pthread_mutex_lock(&entry->cache->lock);
    asker = entry->askers;
    entry->askers = NULL;
    entry->is_under_way = false;
    if (answer->ttl_s > 0)
        entry->answer = dns_answer_acquire(answer);
    pthread_mutex_unlock(&entry->cache->lock);
    for (; asker; asker = next) {
        next = asker->next;
        asker->done(asker->context, dns_answer_acquire(answer));
        free(asker);
    }
    dns_answer_release(answer);
}

/* Under the lock. NULL if out of memory. */
static struct entry *find(struct simple_cache *cache, const char *name, enum dns_type type)
{
    struct entry *entry = cache->entries;

    while (entry && (entry->type != type || strcasecmp(entry->name, name) != 0))
        entry = entry->next;
    if (!entry)
        entry = calloc(1, sizeof(*entry));
    if (!entry || entry->cache)
        return entry;
    entry->cache = cache;
    entry->type = type;
    memcpy(entry->name, name, strlen(name) + 1);
    entry->next = cache->entries;
    cache->entries = entry;
    return entry;
}

static void query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                  void *context)
{
    struct simple_cache *cache = (struct simple_cache *)dns;
    struct asker *asker = malloc(sizeof(*asker));
    const struct dns_answer *answer = NULL;
    struct entry *entry;
    bool asks = false;

    pthread_mutex_lock(&cache->lock);
    entry = asker ? find(cache, name, type) : NULL;
    if (!entry) {
        answer = dns_answer_fault();
    } else if (entry->answer) {
        answer = dns_answer_acquire(entry->answer);
    } else {
        *asker = (struct asker){.next = entry->askers, .done = done, .context = context};
        entry->askers = asker;
        asks = !entry->is_under_way;
        entry->is_under_way = true;
    }
    pthread_mutex_unlock(&cache->lock);
    if (answer) {
        free(asker);
        done(context, answer);
    }
    if (asks)
        cache->backend->ops->query(cache->backend, name, type, deadline_ms, on_answer, entry);
}

static void destroy(struct dns *dns)
{
    struct simple_cache *cache = (struct simple_cache *)dns;

    dns_destroy(cache->backend);
    for (struct entry *entry = cache->entries, *next; entry; entry = next) {
        next = entry->next;
        dns_answer_release(entry->answer);
        free(entry);
    }
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static const struct dns_ops ops = {.query = query, .destroy = destroy};

struct dns *simple_cache_create(struct dns *backend)
{
    struct simple_cache *cache = calloc(1, sizeof(*cache));

    if (!cache) {
        dns_destroy(backend);
        return NULL;
    }
    cache->dns = (struct dns){.ops = &ops, .clock = backend->clock, .keeps_answers = true};
    cache->backend = backend;
    pthread_mutex_init(&cache->lock, NULL);
    return &cache->dns;
}
