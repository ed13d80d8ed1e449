/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides who waits for which query, for how long, and what is sent when. */
#include "dns/dns_scheduler.h"

#include "base/event_loop.h"
#include "base/histogram.h"
#include "base/mailbox.h"
#include "base/stats.h"
#include "dns/dns_metrics.h"
#include "dns/dns_registrable.h"
#include "dns/dns_reply.h"
#include "dns/dns_upstream.h"

#include <stdlib.h>
#include <string.h>

enum {
    PLAIN_AFTER_MS = 700, /* a name that takes longer is queried plainly, too */
    WATCH_MS = 1000,      /* how often resolv.conf is checked, while there are waiters */
    ROUNDS_MAX = 64,      /* of cached answers that lead to further queries, before sockets are polled */
};

void dns_scheduler_heard(void *context)
{
    struct dns_scheduler *scheduler = context;

    if (dns_outage_watch_heard(&scheduler->watch, dns_scheduler_now_ms(scheduler)))
        event_task_wake(scheduler->task);
}

void dns_scheduler_port_given_back(void *context, void *zone)
{
    struct dns_scheduler *scheduler = context;

    dns_send_queue_port_given_back(&scheduler->to_send, zone);
    if (!scheduler->is_sending)
        event_task_wake(scheduler->task); /* something may wait for it */
}

/* Sends every query that has waiters again, to the present resolver. */
static void send_all_again(struct dns_scheduler *scheduler, int64_t now_ms)
{
    for (struct dns_inflight_query *query = scheduler->inflight.oldest; query; query = query->newer) {
        unbound_forget(&query->usual);
        dns_stub_forget(&query->plain);
        dns_send_queue_remove(&scheduler->to_send, query);
        query->stage = DNS_STAGE_QUEUED;
        query->sent_ms = now_ms;
        query->was_sent_plainly = false;
        dns_send_queue_add(&scheduler->to_send, query);
    }
    dns_reply_set_limits(scheduler, now_ms);
}

/* True if the loop has to go round once more before waiters get a timeout. A reply, or the resolver's stale answer
 * (UNBOUND_STALE_MS), comes before their time is over, but a loop that is late finds both due, and in any order. */
static bool has_last_turn(struct dns_scheduler *scheduler, struct dns_inflight_query *query, int64_t now_ms)
{
    const struct dns_waiter *waiter = query->waiters;

    while (waiter && waiter->limit_ms > now_ms)
        waiter = waiter->next;
    query->is_last_turn = waiter && (query->usual || query->plain) && !query->is_last_turn;
    if (query->is_last_turn)
        event_task_wake(scheduler->task);
    return query->is_last_turn;
}

/* Answers the waiters whose limit is reached, and sends a plain query for a slow name. */
static void look_at(struct dns_scheduler *scheduler, struct dns_inflight_query *query, int64_t now_ms)
{
    if (!has_last_turn(scheduler, query, now_ms) &&
        dns_inflight_answer(query, now_ms, dns_answer_empty(DNS_TIMEOUT, 0), &scheduler->answered) > 0)
        dns_reply_none(scheduler, query, "no reply by the deadline");
    for (const struct dns_waiter *waiter = query->waiters; waiter; waiter = waiter->next)
        dns_scheduler_due_at(scheduler, waiter->limit_ms);
    if (!query->waiters) {
        dns_reply_count(query, DNS_TIMEOUT);
        dns_reply_drop(scheduler, query);
    } else if (query->stage == DNS_STAGE_SENT && now_ms - query->sent_ms >= PLAIN_AFTER_MS) {
        dns_reply_query_plainly(scheduler, query);
    } else if (query->stage == DNS_STAGE_SENT) {
        dns_scheduler_due_at(scheduler, query->sent_ms + PLAIN_AFTER_MS);
    }
}

static void look_at_all(struct dns_scheduler *scheduler, int64_t now_ms)
{
    if (now_ms < scheduler->due_ms)
        return;
    scheduler->due_ms = INT64_MAX;
    for (struct dns_inflight_query *query = scheduler->inflight.oldest, *newer; query; query = newer) {
        newer = query->newer;
        look_at(scheduler, query, now_ms);
    }
}

/* Queries */

/* Starts a query that is not in flight. NULL if out of memory. */
static struct dns_inflight_query *add_query(struct dns_scheduler *scheduler, const char *name, enum dns_type type,
                                            int64_t now_ms)
{
    struct dns_inflight_query *query = dns_inflight_add(&scheduler->inflight, name, type);
    const char *zone;

    if (!query)
        return NULL;
    query->owner = scheduler;
    zone = dns_registrable(name);
    query->is_apex = strlen(zone) == strlen(name);
    query->zone_key = dns_inflight_hash(&scheduler->inflight, zone, 0);
    query->zone = dns_send_queue_zone(&scheduler->to_send, query->zone_key);
    if (!query->zone) {
        dns_inflight_remove(&scheduler->inflight, query);
        return NULL;
    }
    query->is_suspect = dns_suspects_has(&scheduler->suspects, query->name_key, now_ms) ||
                        (!query->is_apex && dns_suspects_has(&scheduler->suspects, query->zone_key, now_ms));
    query->is_slow = dns_slow_has(scheduler->slow, query->zone_key, now_ms);
    query->sent_ms = now_ms;
    return query;
}

/* Has a waiter called with this answer. */
static void answer_waiter(struct dns_scheduler *scheduler, struct dns_waiter *waiter, const struct dns_answer *answer)
{
    waiter->answer = answer;
    waiter->next = scheduler->answered;
    scheduler->answered = waiter;
}

/* Ends the waiter that `letter` names, and its query if that has no other. */
static void cancel(struct dns_scheduler *scheduler, const struct dns_waiter *letter)
{
    struct dns_inflight_query *query = dns_inflight_find(&scheduler->inflight, letter->name, letter->type);
    struct dns_waiter *waiter = query ? dns_inflight_take_waiter(query, letter->done, letter->context) : NULL;

    if (!waiter)
        return;
    waiter->is_cancelled = true;
    answer_waiter(scheduler, waiter, dns_answer_empty(DNS_TIMEOUT, 0));
    if (!query->waiters)
        dns_reply_drop(scheduler, query);
}

static void add_waiter(struct dns_scheduler *scheduler, struct dns_waiter *waiter, int64_t now_ms)
{
    struct dns_inflight_query *query = dns_inflight_find(&scheduler->inflight, waiter->name, waiter->type);
    bool is_new = query == NULL;

    scheduler->waiters++;
    if (is_new && scheduler->waiters <= scheduler->waiters_max)
        query = add_query(scheduler, waiter->name, waiter->type, now_ms);
    if (!query) {
        answer_waiter(scheduler, waiter, dns_answer_fault());
        return;
    }
    stats_add(STATS_DNS_CACHE_JOINED, !is_new);
    dns_reply_set_limit(scheduler, query, waiter, now_ms);
    waiter->next = query->waiters;
    query->waiters = waiter;
    if (is_new && dns_suspects_has(&scheduler->suspects, query->name_key + DNS_REPLY_FAILED, now_ms)) {
        stats_add(STATS_DNS_CACHE_FAILURES, 1);
        dns_reply_finish(scheduler, query, dns_answer_empty(DNS_FAILURE, 0));
    } else if (is_new) {
        dns_send_queue_add(&scheduler->to_send, query);
    }
}

static void send_query(struct dns_scheduler *scheduler, struct dns_inflight_query *query, int64_t now_ms)
{
    size_t under_way = dns_upstream_under_way(scheduler->upstream);

    scheduler->is_sending = true;
    query->stage = DNS_STAGE_SENT;
    query->sent_ms = now_ms;
    dns_scheduler_due_at(scheduler, now_ms + PLAIN_AFTER_MS);
    dns_send_queue_port_taken(&scheduler->to_send, query->zone);
    dns_upstream_query(scheduler->upstream, query->name, query->type, dns_reply_take, query, query->zone,
                       &query->usual);
    scheduler->is_sending = false;
    if (dns_upstream_under_way(scheduler->upstream) <= under_way)
        return; /* it was answered from the cache, and may be freed */
    query->was_sent = true;
    stats_add(STATS_DNS_QUERIES, 1);
    dns_outage_query_sent(&scheduler->watch.outage, now_ms);
    /* libunbound may have the same query under way still, and send nothing within the short wait. */
    if (query->is_suspect || dns_scheduler_is_outage(scheduler))
        dns_reply_query_plainly(scheduler, query);
}

/* Sends what there is room for. */
static bool send_queries(struct dns_scheduler *scheduler, int64_t now_ms)
{
    struct dns_inflight_query *query;
    bool sent = false;

    while ((query = dns_send_queue_next(&scheduler->to_send, dns_upstream_under_way(scheduler->upstream),
                                        scheduler->ports)) != NULL) {
        send_query(scheduler, query, now_ms);
        sent = true;
    }
    return sent;
}

static bool take_waiters(struct dns_scheduler *scheduler, int64_t now_ms)
{
    struct letter *letter = mailbox_take(scheduler->mailbox), *next;
    bool came = letter != NULL;

    for (; letter; letter = next) {
        struct dns_waiter *waiter = (struct dns_waiter *)letter;

        next = letter->next;
        if (!waiter->cancels) {
            add_waiter(scheduler, waiter, now_ms);
            continue;
        }
        cancel(scheduler, waiter);
        free(waiter);
    }
    return came;
}

static void call(const struct dns_waiter *waiter)
{
    if (waiter->is_cancelled) {
        waiter->done(waiter->context, waiter->answer); /* that it has none is no timeout */
        return;
    }
    if (waiter->needed_network)
        dns_metrics_lookup(histogram_now_us() - waiter->asked_us);
    dns_deliver(waiter->done, waiter->context, waiter->answer);
}

/* Calls the waiters that have an answer; they may start further queries. */
static bool call_answered(struct dns_scheduler *scheduler)
{
    struct dns_waiter *waiter = scheduler->answered, *next;

    if (!waiter)
        return false;
    scheduler->answered = NULL;
    for (; waiter; waiter = next) {
        next = waiter->next;
        scheduler->waiters--;
        call(waiter);
        free(waiter);
    }
    return true;
}

/* Turns to the servers that resolv.conf names now. Those before are also sent plain queries for what they have not
 * answered, as they may be late. True if there are others. */
static bool change_servers(struct dns_scheduler *scheduler, int64_t now_ms)
{
    if (!dns_upstream_has_changed(scheduler->upstream, now_ms))
        return false;
    for (struct dns_inflight_query *query = scheduler->inflight.oldest; query; query = query->newer)
        if (query->stage == DNS_STAGE_SENT)
            dns_reply_query_plainly(scheduler, query);
    dns_upstream_change(scheduler->upstream, now_ms);
    return true;
}

/* Sleeps until something is due, or resolv.conf is to be checked. */
static void set_timer(struct dns_scheduler *scheduler, int64_t probe_ms, int64_t now_ms)
{
    int64_t at_ms = now_ms + WATCH_MS;

    if (probe_ms < at_ms)
        at_ms = probe_ms;
    if (scheduler->due_ms < at_ms)
        at_ms = scheduler->due_ms;
    if (scheduler->inflight.oldest)
        event_task_set_timer(scheduler->task, at_ms > now_ms ? at_ms - now_ms : 0);
    else
        event_task_clear_timer(scheduler->task);
}

void dns_scheduler_run(void *context)
{
    struct dns_scheduler *scheduler = context;
    int64_t now_ms = dns_scheduler_now_ms(scheduler), probe_ms;
    bool goes_on = true, begins_outage;

    if (scheduler->watch.has_ended)
        dns_upstream_renew(scheduler->upstream, now_ms);
    if ((change_servers(scheduler, now_ms) && dns_scheduler_is_outage(scheduler)) || scheduler->watch.has_ended)
        send_all_again(scheduler, now_ms); /* else the servers before go on with their queries */
    scheduler->watch.has_ended = false;
    look_at_all(scheduler, now_ms);
    for (unsigned round = 0; goes_on && round < ROUNDS_MAX; round++) {
        goes_on = take_waiters(scheduler, now_ms);
        goes_on |= send_queries(scheduler, now_ms);
        goes_on |= call_answered(scheduler);
    }
    if (goes_on)
        event_task_wake(scheduler->task);
    probe_ms = dns_outage_watch_probe(&scheduler->watch, scheduler->inflight.oldest != NULL, now_ms, &begins_outage);
    if (begins_outage)
        dns_reply_set_limits(scheduler, now_ms);
    set_timer(scheduler, probe_ms, now_ms);
}

void dns_scheduler_end(struct dns_scheduler *scheduler)
{
    do {
        take_waiters(scheduler, dns_scheduler_now_ms(scheduler));
        while (scheduler->inflight.oldest) {
            dns_inflight_answer(scheduler->inflight.oldest, INT64_MAX, dns_answer_empty(DNS_TIMEOUT, 0),
                                &scheduler->answered);
            dns_reply_drop(scheduler, scheduler->inflight.oldest);
        }
    } while (call_answered(scheduler));
}

void dns_scheduler_init(struct dns_scheduler *scheduler, const struct clock *clock, bool caches, bool serve_stale,
                        size_t ports, size_t waiters_max)
{
    *scheduler = (struct dns_scheduler){.clock = clock,
                                        .keeps_failures = caches,
                                        .serve_stale = caches && serve_stale,
                                        .ports = ports,
                                        .waiters_max = waiters_max,
                                        .due_ms = INT64_MAX};
    dns_send_queue_init(&scheduler->to_send);
    dns_outage_watch_init(&scheduler->watch, dns_scheduler_now_ms(scheduler));
}
