/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes queries from all threads, and runs them on one. */
#include "dns/dns_resolver.h"

#include "base/event_loop.h"
#include "base/histogram.h"
#include "base/log.h"
#include "base/log_value.h"
#include "base/mailbox.h"
#include "dns/dns_registrable.h"
#include "dns/dns_scheduler.h"
#include "dns/dns_slow.h"
#include "dns/dns_upstream.h"
#include "dns/dns_watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

enum {
    WAITERS_MAX = 64 * 1024, /* lookups under way */
    PORTS = 1024,            /* sockets in use, and so queries under way */
    PORTS_MIN = 16,
    PORTS_PART = 4,          /* of the descriptors that the process may have */
    SLOW_MS = 5 * 60 * 1000, /* for how long a zone is slow, as a silent one is suspect */
};

struct dns_resolver {
    struct dns dns;
    struct event_loop *loop;
    struct event_task *task;
    struct mailbox *mailbox;
    struct dns_scheduler scheduler; /* of the loop's thread, once it runs */
    struct dns_slow slow;           /* of any thread */
    struct dns_watch *watch;        /* NULL: the servers are not watched */
};

/* A waiter for the mailbox. NULL if out of memory. */
static struct dns_waiter *create_waiter(const char *name, enum dns_type type, dns_callback done, void *context)
{
    size_t name_size = strlen(name) + 1;
    struct dns_waiter *waiter = malloc(sizeof(*waiter) + name_size);

    if (!waiter)
        return NULL;
    *waiter = (struct dns_waiter){.type = type, .done = done, .context = context, .asked_us = histogram_now_us()};
    memcpy(waiter->name, name, name_size);
    return waiter;
}

static void resolver_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms,
                           dns_callback done, void *context)
{
    struct dns_resolver *resolver = (struct dns_resolver *)dns;
    struct dns_waiter *waiter = create_waiter(name, type, done, context);

    if (!waiter) {
        dns_deliver(done, context, dns_answer_fault());
        return;
    }
    waiter->deadline_ms = deadline_ms;
    if (mailbox_put(resolver->mailbox, &waiter->letter))
        return;   /* cppcheck-suppress memleak ; the mailbox owns it now, by its member */
    free(waiter); /* the backend stops; a callback that it calls then may still start a query */
    dns_deliver(done, context, dns_answer_empty(DNS_TIMEOUT, 0));
}

/* Letters arrive in order: none that is sent later can be meant, though it may have the same context anew. Without
 * memory the deadline ends the query. */
static void resolver_cancel(struct dns *dns, const char *name, enum dns_type type, dns_callback done, void *context)
{
    struct dns_resolver *resolver = (struct dns_resolver *)dns;
    struct dns_waiter *waiter = create_waiter(name, type, done, context);

    if (!waiter)
        return;
    waiter->cancels = true;
    if (!mailbox_put(resolver->mailbox, &waiter->letter))
        free(waiter);
} /* cppcheck-suppress memleak ; the mailbox owns it now, by its member */

static void resolver_destroy(struct dns *dns)
{
    struct dns_resolver *resolver = (struct dns_resolver *)dns;

    if (resolver->mailbox) {
        mailbox_close(resolver->mailbox);
        event_loop_stop(resolver->loop);
        dns_scheduler_end(&resolver->scheduler);
    }
    dns_watch_destroy(resolver->watch);
    dns_upstream_destroy(resolver->scheduler.upstream);
    mailbox_destroy(resolver->mailbox);
    event_task_destroy(resolver->task);
    event_loop_destroy(resolver->loop);
    dns_slow_destroy(&resolver->slow);
    free(resolver);
}

static void resolver_state(const struct dns *dns, struct dns_state *state)
{
    const struct dns_resolver *resolver = (const struct dns_resolver *)dns;

    state->has_outage = resolver->scheduler.watch.has_outage;
    if (resolver->watch)
        dns_watch_state(resolver->watch, state);
}

/* Any thread may: the seed does not change. */
static uint64_t zone_key(const struct dns_resolver *resolver, const char *zone)
{
    return dns_inflight_hash(&resolver->scheduler.inflight, zone, 0);
}

static bool resolver_is_slow(struct dns *dns, const char *name)
{
    struct dns_resolver *resolver = (struct dns_resolver *)dns;
    int64_t now_ms = clock_monotonic_ms(dns->clock);

    return dns_slow_has_any(&resolver->slow, now_ms) &&
           dns_slow_has(&resolver->slow, zone_key(resolver, dns_registrable(name)), now_ms);
}

static void resolver_report_slow(struct dns *dns, const char *name)
{
    struct dns_resolver *resolver = (struct dns_resolver *)dns;
    const char *zone = dns_registrable(name);
    int64_t now_ms = clock_monotonic_ms(dns->clock);
    char shown[LOG_VALUE_SIZE];

    if (dns_slow_mark(&resolver->slow, zone_key(resolver, zone), now_ms, now_ms + SLOW_MS))
        log_info(
            "DNS: %s: slow answers used up the time of an evaluation; until the domain is quick again, evaluations "
            "wait %d ms for it at most",
            log_word(zone, shown), DNS_SLOW_ZONE_MS);
}

static void resolver_report_quick(struct dns *dns, const char *name, int64_t since_ms)
{
    struct dns_resolver *resolver = (struct dns_resolver *)dns;

    dns_slow_clear(&resolver->slow, zone_key(resolver, dns_registrable(name)), since_ms);
}

static const struct dns_ops resolver_ops = {.query = resolver_query,
                                            .cancel = resolver_cancel,
                                            .destroy = resolver_destroy,
                                            .is_slow = resolver_is_slow,
                                            .report_slow = resolver_report_slow,
                                            .report_quick = resolver_report_quick,
                                            .state = resolver_state};

static const struct dns_server *servers_in_use(void *context, size_t *count)
{
    const struct dns_scheduler *scheduler = context;

    return dns_upstream_servers(scheduler->upstream, count);
}

/* How many sockets the queries may take of the descriptors that there are. */
static size_t ports_of_process(void)
{
    struct rlimit limit;
    size_t ports = PORTS;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / PORTS_PART < PORTS)
        ports = (size_t)(limit.rlim_cur / PORTS_PART);
    return ports > PORTS_MIN ? ports : PORTS_MIN;
}

static bool open_loop(struct dns_resolver *resolver, char *error, size_t error_size)
{
    struct dns_scheduler *scheduler = &resolver->scheduler;

    resolver->loop = event_loop_create();
    if (resolver->loop)
        resolver->task = event_task_create(resolver->loop, dns_scheduler_run, scheduler);
    if (resolver->task)
        resolver->mailbox = mailbox_create(resolver->task);
    scheduler->task = resolver->task;
    scheduler->mailbox = resolver->mailbox;
    snprintf(error, error_size, "the DNS loop cannot be made: %s", strerror(errno));
    return resolver->mailbox != NULL;
}

/* Everything but the thread. False, with a message. */
static bool set_up(struct dns_resolver *resolver, const struct dns_resolver_config *config, char *error,
                   size_t error_size)
{
    struct dns_scheduler *scheduler = &resolver->scheduler;
    struct dns_resolver_config own = *config;
    const struct unbound_events events = {
        .heard = dns_scheduler_heard, .port_given_back = dns_scheduler_port_given_back, .context = scheduler};

    own.serve_stale = config->serve_stale && config->cache_octets > 0;
    dns_scheduler_init(scheduler, resolver->dns.clock, config->cache_octets > 0, own.serve_stale, ports_of_process(),
                       config->waiters_max > 0 ? config->waiters_max : WAITERS_MAX);
    scheduler->slow = &resolver->slow;
    snprintf(error, error_size, "the system gives no random octets");
    if (getrandom(scheduler->inflight.seed, sizeof(scheduler->inflight.seed), 0) !=
        (ssize_t)sizeof(scheduler->inflight.seed))
        return false;
    if (!open_loop(resolver, error, error_size))
        return false;
    scheduler->upstream =
        dns_upstream_create(resolver->loop, &own, scheduler->ports, &events, resolver->dns.clock, error, error_size);
    scheduler->watch.upstream = scheduler->upstream;
    if (!scheduler->upstream || !config->watches_servers)
        return scheduler->upstream != NULL;
    snprintf(error, error_size, "out of memory or descriptors");
    resolver->watch = dns_watch_create(resolver->loop, resolver->dns.clock, DNS_WATCH_MS, servers_in_use, scheduler);
    return resolver->watch != NULL;
}

const char *dns_resolver_library_version(void)
{
    return unbound_version();
}

struct dns *dns_resolver_create(const struct dns_resolver_config *config, const struct clock *clock, char *error,
                                size_t error_size)
{
    struct dns_resolver *resolver = calloc(1, sizeof(*resolver));
    int problem = 0;

    snprintf(error, error_size, "out of memory");
    if (!resolver)
        return NULL;
    dns_slow_init(&resolver->slow);
    resolver->dns = (struct dns){.ops = &resolver_ops, .clock = clock, .keeps_answers = config->cache_octets > 0};
    if (set_up(resolver, config, error, error_size)) {
        problem = event_loop_start(resolver->loop);
        if (problem == 0)
            return &resolver->dns;
        snprintf(error, error_size, "the DNS thread does not start: %s", strerror(problem));
    }
    resolver_destroy(&resolver->dns);
    return NULL;
}
