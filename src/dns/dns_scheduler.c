/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides who waits for which query, for how long, and what is sent when. */
#include "dns/dns_scheduler.h"

#include "base/event_loop.h"
#include "base/histogram.h"
#include "base/log.h"
#include "base/log_value.h"
#include "base/mailbox.h"
#include "base/stats.h"
#include "dns/dns_metrics.h"
#include "dns/dns_registrable.h"
#include "dns/dns_upstream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PLAIN_AFTER_MS = 700,       /* a name that takes longer is queried plainly, too */
    SILENCE_MS = 250,           /* how long the resolver takes at least to give up silent servers */
    SILENT_MS = 950,            /* a shorter wait proves nothing about the name */
    SUSPECT_MS = 5 * 60 * 1000, /* for how long a silent name has a shorter wait (RFC 9520 3.2) */
    FAILURE_MS = 5 * 1000,      /* for how long a failed name is not queried */
    FAILED = 1,                 /* added to the key of a failed name */
    STALE_TTL_S = 30,           /* the TTL of a stale answer (RFC 8767 4) */
    WATCH_MS = 1000,            /* how often resolv.conf is checked, while there are waiters */
    ROUNDS_MAX = 64,            /* of cached answers that lead to further queries, before sockets are polled */
};

static int64_t now_of(const struct dns_scheduler *scheduler)
{
    return clock_monotonic_ms(scheduler->clock);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool is_outage(const struct dns_scheduler *scheduler)
{
    return scheduler->watch.outage.is_on;
}

/* Answers */

/* Ends a query without waiters. The reply to what was sent still goes into the cache. */
static void drop(struct dns_scheduler *scheduler, struct dns_inflight_query *query)
{
    dns_send_queue_remove(&scheduler->to_send, query);
    unbound_forget(&query->usual);
    dns_stub_forget(&query->plain);
    dns_send_queue_release(&scheduler->to_send, query->zone);
    dns_inflight_remove(&scheduler->inflight, query);
}

static enum dns_outcome outcome_of(const struct dns_inflight_query *query, enum dns_status status)
{
    static const enum dns_outcome outcomes[] = {
        [DNS_OK] = DNS_OUTCOME_ANSWER,         [DNS_NODATA] = DNS_OUTCOME_NODATA,
        [DNS_NXDOMAIN] = DNS_OUTCOME_NXDOMAIN, [DNS_TIMEOUT] = DNS_OUTCOME_TIMEOUT,
        [DNS_FAILURE] = DNS_OUTCOME_SERVFAIL,
    };

    if (query->is_stale)
        return DNS_OUTCOME_TIMEOUT; /* no server answered, or it would be fresh */
    if (status == DNS_FAILURE && query->failure != STUB_FAILED)
        return query->failure == STUB_REFUSED ? DNS_OUTCOME_REFUSED : DNS_OUTCOME_TRUNCATED;
    return outcomes[status];
}

/* Counts what came of a query that is over. */
static void count_outcome(const struct dns_inflight_query *query, enum dns_status status)
{
    if (!query->was_sent)
        return;
    stats_add(STATS_DNS_CACHE_MISSES, !query->is_stale);
    dns_metrics_question(query->type, outcome_of(query, status));
}

/* Gives all waiters their answer, whose reference is taken over, and ends the query. */
static void finish(struct dns_scheduler *scheduler, struct dns_inflight_query *query, const struct dns_answer *answer)
{
    dns_inflight_answer(query, INT64_MAX, answer, &scheduler->answered);
    count_outcome(query, answer->status);
    dns_answer_release(answer);
    drop(scheduler, query);
}

static bool is_negative(const struct dns_answer *answer)
{
    return answer->status == DNS_NODATA || answer->status == DNS_NXDOMAIN;
}

/* Are there descriptors left? If not, a failed query is an internal error. */
static bool has_descriptors(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

    if (fd < 0)
        return errno != EMFILE && errno != ENFILE && errno != EINVAL; /* EINVAL: the limit is 0 */
    close(fd);
    return true;
}

/* Later callers need not wait for the same failure (RFC 9520 3.2). */
static void record_failure(struct dns_scheduler *scheduler, const struct dns_inflight_query *query)
{
    if (scheduler->keeps_failures)
        dns_suspects_add(&scheduler->suspects, query->name_key + FAILED, now_of(scheduler) + FAILURE_MS);
}

/* Says which servers it was that had no answer, and why. */
static void log_failure(const struct dns_scheduler *scheduler, const struct dns_inflight_query *query, const char *how)
{
    struct strbuf servers = STRBUF_INIT;
    char shown[LOG_VALUE_SIZE];

    dns_upstream_describe(scheduler->upstream, &servers);
    log_info("DNS: %s %s: %s (%s)", log_word(query->name, shown), dns_type_name(query->type), how,
             strbuf_text(&servers));
    strbuf_free(&servers);
}

/* Waiters */

/* Sets how long it waits, given the state of the DNS and of the name. */
static void set_limit(struct dns_scheduler *scheduler, const struct dns_inflight_query *query,
                      struct dns_waiter *waiter, int64_t now_ms)
{
    waiter->limit_ms = waiter->deadline_ms;
    if (is_outage(scheduler) || query->is_suspect || query->is_slow)
        waiter->limit_ms = smaller(waiter->deadline_ms, now_ms + DNS_CLIENT_RESPONSE_MS);
    scheduler->due_ms = smaller(scheduler->due_ms, waiter->limit_ms);
}

static void set_limits(struct dns_scheduler *scheduler, int64_t now_ms)
{
    for (struct dns_inflight_query *query = scheduler->inflight.oldest; query; query = query->newer)
        for (struct dns_waiter *waiter = query->waiters; waiter; waiter = waiter->next)
            set_limit(scheduler, query, waiter, now_ms);
}

/* A query had no reply for as long as a waiter or the resolver waits. `how` is for the log. */
static void record_silence(struct dns_scheduler *scheduler, struct dns_inflight_query *query, const char *how)
{
    int64_t now_ms = now_of(scheduler);

    if (query->stage == DNS_STAGE_QUEUED || now_ms - query->sent_ms < SILENT_MS)
        return;
    if (!query->is_suspect && !is_outage(scheduler))
        log_failure(scheduler, query, how);
    dns_suspects_add(&scheduler->suspects, query->name_key, now_ms + SUSPECT_MS);
    dns_suspects_add(&scheduler->suspects, query->zone_key, now_ms + SUSPECT_MS);
    query->is_suspect = true;
    if (dns_outage_watch_expired(&scheduler->watch, query->sent_ms, now_ms))
        set_limits(scheduler, now_ms);
}

/* Replies */

static void on_plain_reply(void *context, const struct dns_answer *answer);

/* Silent zones have no claim to the part of the room that is for new zones. */
static const void *zone_at_stub(const struct dns_inflight_query *query)
{
    return query->is_suspect ? NULL : query->zone;
}

/* May a plain query be sent, if none was? */
static bool can_query_plainly(const struct dns_scheduler *scheduler, const struct dns_inflight_query *query)
{
    return !query->was_sent_plainly && dns_upstream_can_query_plainly(scheduler->upstream, zone_at_stub(query));
}

/* Sends a plain query, too: the name may be slow, or EDNS the obstacle. */
static void query_plainly(struct dns_scheduler *scheduler, struct dns_inflight_query *query)
{
    if (!can_query_plainly(scheduler, query))
        return;
    query->was_sent_plainly = dns_upstream_query_plainly(scheduler->upstream, query->name, query->type,
                                                         zone_at_stub(query), on_plain_reply, query, &query->plain);
    if (!query->was_sent_plainly)
        return;
    query->was_sent = true;
    stats_add(STATS_DNS_QUERIES, 1);
}

/* The resolver or the plain query has failed. */
static void take_failure(struct dns_scheduler *scheduler, struct dns_inflight_query *query, bool is_fault,
                         bool was_refused)
{
    if (is_fault || !has_descriptors()) {
        finish(scheduler, query, dns_answer_fault());
        return;
    }
    query_plainly(scheduler, query);
    if (query->usual || query->plain)
        return;
    if (is_outage(scheduler)) {
        query->stage = DNS_STAGE_PARKED; /* a server may reply while it has waiters */
        return;
    }
    if (was_refused)
        record_failure(scheduler, query);
    else
        record_silence(scheduler, query, "the resolver had no reply");
    finish(scheduler, query, dns_answer_empty(DNS_FAILURE, 0));
}

/* Is this answer, whose TTL is 0, a stale one (RFC 8767)? Fresh answers may have that TTL, too. */
static bool seems_stale(const struct dns_scheduler *scheduler, const struct dns_inflight_query *query)
{
    return scheduler->serve_stale &&
           (is_outage(scheduler) || now_of(scheduler) - query->sent_ms >= UNBOUND_STALE_MS - 10);
}

/* Checks an answer of the resolver whose TTL is 0. A negative one may be fresh; or stale, and negative answers are not
 * served stale, as they can refuse mail; or what the resolver makes of an extended RCODE (RFC 6891 6.1.3): so a plain
 * query is sent. A stale one with records gets a short TTL, so that results can be cached. False if it is not to be
 * used. */
static bool admit_expired(struct dns_scheduler *scheduler, struct dns_inflight_query *query,
                          const struct dns_answer **answer)
{
    const struct dns_answer *given;

    if (is_negative(*answer) && !is_outage(scheduler) && (query->plain || can_query_plainly(scheduler, query)))
        return false;
    if (!seems_stale(scheduler, query))
        return true;
    if (is_negative(*answer))
        return false;
    given = dns_answer_with_ttl(*answer, STALE_TTL_S);
    dns_answer_release(*answer);
    *answer = given;
    query->is_stale = true;
    stats_add(STATS_DNS_CACHE_STALE, 1);
    return true;
}

/* What answers is no suspect any more. The apex of a zone, where its record is, says nothing about the names below it:
 * a zone could answer for its record each time and be silent for what that names. */
static void clear_suspicion(struct dns_scheduler *scheduler, const struct dns_inflight_query *query)
{
    dns_suspects_remove(&scheduler->suspects, query->name_key);
    if (query->is_apex)
        return;
    dns_suspects_remove(&scheduler->suspects, query->zone_key);
    dns_slow_answered(scheduler->slow, query->zone_key, now_of(scheduler));
}

/* `is_cached`: no server said it now. */
static void take_answer(struct dns_scheduler *scheduler, struct dns_inflight_query *query,
                        const struct dns_answer *answer, bool is_cached)
{
    if (answer->status != DNS_FAILURE && !is_cached)
        clear_suspicion(scheduler, query);
    finish(scheduler, query, answer);
}

/* Silence takes longer, so it was a reply that made the query fail. */
static bool was_refused(const struct dns_scheduler *scheduler, const struct dns_inflight_query *query)
{
    return !scheduler->is_sending && now_of(scheduler) - query->sent_ms < SILENCE_MS;
}

static void on_reply(void *context, const struct dns_answer *answer, enum unbound_source source)
{
    struct dns_inflight_query *query = context;
    struct dns_scheduler *scheduler = query->owner;

    if (source != UNBOUND_AT_ONCE)
        event_task_wake(scheduler->task);
    if (source == UNBOUND_NO_REPLY)
        dns_outage_query_sent(&scheduler->watch.outage,
                              query->sent_ms); /* even at once, of servers that it holds for dead */
    if (source == UNBOUND_NO_REPLY ||
        (answer->status != DNS_FAILURE && answer->ttl_s == 0 && !admit_expired(scheduler, query, &answer))) {
        take_failure(scheduler, query, answer->is_fault, source == UNBOUND_NO_REPLY && was_refused(scheduler, query));
        dns_answer_release(answer);
        return;
    }
    if (source == UNBOUND_AT_ONCE && !query->is_stale)
        stats_add(answer->status == DNS_FAILURE ? STATS_DNS_CACHE_FAILURES : STATS_DNS_CACHE_HITS, 1);
    take_answer(scheduler, query, answer, source == UNBOUND_AT_ONCE || query->is_stale);
}

/* Where the servers refuse the plain query, the resolver is not waited for. */
static void on_plain_reply(void *context, const struct dns_answer *answer)
{
    struct dns_inflight_query *query = context;
    struct dns_scheduler *scheduler = query->owner;

    event_task_wake(scheduler->task);
    if (answer->status != DNS_FAILURE) {
        take_answer(scheduler, query, answer, false);
        return;
    }
    if (!answer->is_fault)
        log_failure(scheduler, query, "failed");
    query->failure = dns_upstream_plain_failure(scheduler->upstream);
    unbound_forget(&query->usual);
    take_failure(scheduler, query, answer->is_fault, true);
    dns_answer_release(answer);
}

void dns_scheduler_heard(void *context)
{
    struct dns_scheduler *scheduler = context;

    if (dns_outage_watch_heard(&scheduler->watch, now_of(scheduler)))
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
    set_limits(scheduler, now_ms);
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
        record_silence(scheduler, query, "no reply by the deadline");
    for (const struct dns_waiter *waiter = query->waiters; waiter; waiter = waiter->next)
        scheduler->due_ms = smaller(scheduler->due_ms, waiter->limit_ms);
    if (!query->waiters) {
        count_outcome(query, DNS_TIMEOUT);
        drop(scheduler, query);
    } else if (query->stage == DNS_STAGE_SENT && now_ms - query->sent_ms >= PLAIN_AFTER_MS) {
        query_plainly(scheduler, query);
    } else if (query->stage == DNS_STAGE_SENT) {
        scheduler->due_ms = smaller(scheduler->due_ms, query->sent_ms + PLAIN_AFTER_MS);
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
        drop(scheduler, query);
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
    set_limit(scheduler, query, waiter, now_ms);
    waiter->next = query->waiters;
    query->waiters = waiter;
    if (is_new && dns_suspects_has(&scheduler->suspects, query->name_key + FAILED, now_ms)) {
        stats_add(STATS_DNS_CACHE_FAILURES, 1);
        finish(scheduler, query, dns_answer_empty(DNS_FAILURE, 0));
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
    scheduler->due_ms = smaller(scheduler->due_ms, now_ms + PLAIN_AFTER_MS);
    dns_send_queue_port_taken(&scheduler->to_send, query->zone);
    dns_upstream_query(scheduler->upstream, query->name, query->type, on_reply, query, query->zone, &query->usual);
    scheduler->is_sending = false;
    if (dns_upstream_under_way(scheduler->upstream) <= under_way)
        return; /* it was answered from the cache, and may be freed */
    query->was_sent = true;
    stats_add(STATS_DNS_QUERIES, 1);
    dns_outage_query_sent(&scheduler->watch.outage, now_ms);
    /* libunbound may have the same query under way still, and send nothing within the short wait. */
    if (query->is_suspect || is_outage(scheduler))
        query_plainly(scheduler, query);
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
            query_plainly(scheduler, query);
    dns_upstream_change(scheduler->upstream, now_ms);
    return true;
}

/* Sleeps until something is due, or resolv.conf is to be checked. */
static void set_timer(struct dns_scheduler *scheduler, int64_t probe_ms, int64_t now_ms)
{
    int64_t at_ms = smaller(smaller(scheduler->due_ms, probe_ms), now_ms + WATCH_MS);

    if (scheduler->inflight.oldest)
        event_task_set_timer(scheduler->task, at_ms > now_ms ? at_ms - now_ms : 0);
    else
        event_task_clear_timer(scheduler->task);
}

void dns_scheduler_run(void *context)
{
    struct dns_scheduler *scheduler = context;
    int64_t now_ms = now_of(scheduler), probe_ms;
    bool goes_on = true, begins_outage;

    if (scheduler->watch.has_ended)
        dns_upstream_renew(scheduler->upstream, now_ms);
    if ((change_servers(scheduler, now_ms) && is_outage(scheduler)) || scheduler->watch.has_ended)
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
        set_limits(scheduler, now_ms);
    set_timer(scheduler, probe_ms, now_ms);
}

void dns_scheduler_end(struct dns_scheduler *scheduler)
{
    do {
        take_waiters(scheduler, now_of(scheduler));
        while (scheduler->inflight.oldest) {
            dns_inflight_answer(scheduler->inflight.oldest, INT64_MAX, dns_answer_empty(DNS_TIMEOUT, 0),
                                &scheduler->answered);
            drop(scheduler, scheduler->inflight.oldest);
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
    dns_outage_watch_init(&scheduler->watch, now_of(scheduler));
}
