/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides who waits for which query, how long, and what is asked when. */
#include "dns/dns_scheduler.h"

#include "base/event_loop.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/stats.h"
#include "dns/dns_registrable.h"
#include "dns/dns_upstream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 700,          /* a name that takes longer is asked for plainly, too */
    SILENCE_MS = 250,           /* what the resolver takes at least to give up servers that are silent */
    SILENT_MS = 950,            /* a query that had less time than this says nothing about its name */
    SUSPECT_MS = 5 * 60 * 1000, /* for how long what was silent is waited for less (RFC 9520 3.2) */
    FAILURE_MS = 5 * 1000,      /* for how long what failed is not asked for */
    FAILED = 1,                 /* added to a name's key, for that */
    STALE_TTL_S = 30,           /* the TTL of an answer that is given after its time (RFC 8767 4) */
    WATCH_MS = 1000,            /* how often it is looked whether the servers have changed, while somebody waits */
    ROUNDS_MAX = 64,            /* answers at hand may lead to further queries; then sockets are looked at */
};

static int64_t now_of(const struct dns_scheduler *scheduler)
{
    return clock_monotonic_ms(scheduler->clock);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Answers */

/* Puts a query in the line of those that are sent next. Nothing is asked from within a reply. */
static void send_soon(struct dns_scheduler *scheduler, struct dns_inflight_query *query)
{
    query->next_sent = NULL;
    *scheduler->to_send_end = query;
    scheduler->to_send_end = &query->next_sent;
}

/* Takes a query out of that line. */
static void unqueue(struct dns_scheduler *scheduler, const struct dns_inflight_query *query)
{
    struct dns_inflight_query **link = &scheduler->to_send;

    while (*link && *link != query)
        link = &(*link)->next_sent;
    if (!*link)
        return;
    *link = query->next_sent;
    if (!*link)
        scheduler->to_send_end = link;
}

/* Ends a query that nobody waits for. What was sent still goes into the cache. */
static void drop(struct dns_scheduler *scheduler, struct dns_inflight_query *query)
{
    if (query->stage == DNS_STAGE_QUEUED)
        unqueue(scheduler, query);
    unbound_forget(&query->usual);
    dns_stub_forget(&query->plain);
    dns_inflight_remove(&scheduler->inflight, query);
}

/* Gives all waiters their answer, whose reference is taken over, and ends the query. */
static void finish(struct dns_scheduler *scheduler, struct dns_inflight_query *query, const struct dns_answer *answer)
{
    dns_inflight_answer(query, INT64_MAX, answer, &scheduler->answered);
    dns_answer_release(answer);
    drop(scheduler, query);
}

static bool is_negative(const struct dns_answer *answer)
{
    return answer->status == DNS_NODATA || answer->status == DNS_NXDOMAIN;
}

/* Are there descriptors left? If not, that nobody could be asked is our own fault. */
static bool has_descriptors(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

    if (fd < 0)
        return errno != EMFILE && errno != ENFILE && errno != EINVAL; /* EINVAL: the limit is 0 */
    close(fd);
    return true;
}

/* The next who ask for this name need not wait for the same (RFC 9520 3.2). */
static void remember_failure(struct dns_scheduler *scheduler, const struct dns_inflight_query *query)
{
    if (scheduler->keeps_failures)
        dns_suspects_add(&scheduler->suspects, query->name_key + FAILED, now_of(scheduler) + FAILURE_MS);
}

static void on_plain_reply(void *context, const struct dns_answer *answer);

/* Asks plainly, too: it may be a slow name, or EDNS may be the obstacle. */
static void ask_plainly(struct dns_scheduler *scheduler, struct dns_inflight_query *query)
{
    if (query->was_asked_plainly || scheduler->outage.is_on || !dns_upstream_can_ask_plainly(scheduler->upstream))
        return;
    query->was_asked_plainly =
        dns_upstream_ask_plainly(scheduler->upstream, query->name, query->type, on_plain_reply, query, &query->plain);
    if (query->was_asked_plainly)
        stats_add(STATS_DNS_QUESTIONS, 1);
}

/* The resolver or the plain query has failed. */
static void take_failure(struct dns_scheduler *scheduler, struct dns_inflight_query *query, bool is_fault,
                         bool was_refused)
{
    if (is_fault || !has_descriptors()) {
        finish(scheduler, query, dns_answer_fault());
        return;
    }
    ask_plainly(scheduler, query);
    if (query->usual || query->plain)
        return;
    if (scheduler->outage.is_on) {
        query->stage = DNS_STAGE_PARKED; /* somebody may reply while it is waited for */
        return;
    }
    if (was_refused)
        remember_failure(scheduler, query);
    finish(scheduler, query, dns_answer_empty(DNS_FAILURE, 0));
}

/* Came this after its time (RFC 8767)? Such an answer has no time left, which others may have had never. */
static bool seems_stale(const struct dns_scheduler *scheduler, const struct dns_inflight_query *query)
{
    return scheduler->serve_stale &&
           (scheduler->outage.is_on || now_of(scheduler) - query->asked_ms >= UNBOUND_STALE_MS - 10);
}

/* What to do with an answer of the resolver that has no time left. That there is nothing may be meant, may be out of
 * the cache, where it is not said after its time, as that can refuse mail, or may be what the resolver makes of an
 * extended RCODE (RFC 6891 6.1.3), so the servers are asked plainly. One with records gets a little time if it is
 * stale, so that its results live. False if it is not to be given. */
static bool admit_timeless(struct dns_scheduler *scheduler, const struct dns_inflight_query *query,
                           const struct dns_answer **answer)
{
    const struct dns_answer *given;

    if (is_negative(*answer) && !scheduler->outage.is_on &&
        (query->plain || (!query->was_asked_plainly && dns_upstream_can_ask_plainly(scheduler->upstream))))
        return false;
    if (!seems_stale(scheduler, query))
        return true;
    if (is_negative(*answer))
        return false;
    given = dns_answer_with_ttl(*answer, STALE_TTL_S);
    dns_answer_release(*answer);
    *answer = given;
    stats_add(STATS_DNS_CACHE_STALE, 1);
    return true;
}

static void take_answer(struct dns_scheduler *scheduler, struct dns_inflight_query *query,
                        const struct dns_answer *answer)
{
    if (answer->status != DNS_FAILURE) {
        dns_suspects_remove(&scheduler->suspects, query->name_key);
        dns_suspects_remove(&scheduler->suspects, query->zone_key);
    }
    finish(scheduler, query, answer);
}

/* Silence takes longer than this, so it was a reply that made the query fail. */
static bool was_refused(const struct dns_scheduler *scheduler, const struct dns_inflight_query *query)
{
    return !scheduler->is_sending && now_of(scheduler) - query->asked_ms < SILENCE_MS;
}

static void on_reply(void *context, const struct dns_answer *answer, enum unbound_source source)
{
    struct dns_inflight_query *query = context;
    struct dns_scheduler *scheduler = query->owner;

    if (source != UNBOUND_AT_ONCE)
        event_task_wake(scheduler->task);
    if (source == UNBOUND_NOBODY)
        dns_outage_asked(&scheduler->outage, query->asked_ms); /* be it at once, of servers that it thinks dead */
    if (source == UNBOUND_NOBODY ||
        (answer->status != DNS_FAILURE && answer->ttl_s == 0 && !admit_timeless(scheduler, query, &answer))) {
        take_failure(scheduler, query, answer->is_fault, source == UNBOUND_NOBODY && was_refused(scheduler, query));
        dns_answer_release(answer);
        return;
    }
    if (source == UNBOUND_AT_ONCE)
        stats_add(answer->status == DNS_FAILURE ? STATS_DNS_CACHE_FAILURES : STATS_DNS_CACHE_HITS, 1);
    take_answer(scheduler, query, answer);
}

/* Where the servers refuse, the resolver has nothing more to say. */
static void on_plain_reply(void *context, const struct dns_answer *answer)
{
    struct dns_inflight_query *query = context;
    struct dns_scheduler *scheduler = query->owner;

    event_task_wake(scheduler->task);
    if (answer->status != DNS_FAILURE) {
        take_answer(scheduler, query, answer);
        return;
    }
    unbound_forget(&query->usual);
    take_failure(scheduler, query, answer->is_fault, true);
    dns_answer_release(answer);
}

/* A server has replied, to whatever. */
void dns_scheduler_heard(void *context)
{
    struct dns_scheduler *scheduler = context;
    int64_t now_ms = now_of(scheduler), began_ms = scheduler->outage.began_ms;

    if (!dns_outage_heard(&scheduler->outage, now_ms))
        return;
    log_notice("DNS: recovered after %" PRId64 " ms", now_ms - began_ms);
    scheduler->outage_ended = true;
    event_task_wake(scheduler->task);
}

/* Waiters */

/* How long it waits, as things are. */
static void set_limit(struct dns_scheduler *scheduler, const struct dns_inflight_query *query,
                      struct dns_waiter *waiter, int64_t now_ms)
{
    waiter->limit_ms = waiter->deadline_ms;
    if (scheduler->outage.is_on || query->is_suspect)
        waiter->limit_ms = smaller(waiter->deadline_ms, now_ms + DNS_OUTAGE_WAIT_MS);
    scheduler->due_ms = smaller(scheduler->due_ms, waiter->limit_ms);
}

static void set_limits(struct dns_scheduler *scheduler, int64_t now_ms)
{
    for (struct dns_inflight_query *query = scheduler->inflight.oldest; query; query = query->newer)
        for (struct dns_waiter *waiter = query->waiters; waiter; waiter = waiter->next)
            set_limit(scheduler, query, waiter, now_ms);
}

static void begin_outage(struct dns_scheduler *scheduler, int64_t now_ms)
{
    stats_add(STATS_DNS_OUTAGES, 1);
    log_warning("DNS: no server replies since %" PRId64 " ms; until one does, nobody waits for it longer than %d ms",
                now_ms - scheduler->outage.began_ms, DNS_OUTAGE_WAIT_MS);
    set_limits(scheduler, now_ms);
}

/* Everything is asked that somebody still waits for, of the resolver that is there now. */
static void ask_all(struct dns_scheduler *scheduler, int64_t now_ms)
{
    scheduler->to_send = NULL;
    scheduler->to_send_end = &scheduler->to_send;
    for (struct dns_inflight_query *query = scheduler->inflight.oldest; query; query = query->newer) {
        unbound_forget(&query->usual);
        dns_stub_forget(&query->plain);
        query->stage = DNS_STAGE_QUEUED;
        query->asked_ms = now_ms;
        query->was_asked_plainly = false;
        send_soon(scheduler, query);
    }
    set_limits(scheduler, now_ms);
}

/* Somebody waited for its whole time, in vain. */
static void blame(struct dns_scheduler *scheduler, struct dns_inflight_query *query, int64_t now_ms)
{
    if (query->stage == DNS_STAGE_QUEUED || now_ms - query->asked_ms < SILENT_MS)
        return;
    dns_suspects_add(&scheduler->suspects, query->name_key, now_ms + SUSPECT_MS);
    dns_suspects_add(&scheduler->suspects, query->zone_key, now_ms + SUSPECT_MS);
    query->is_suspect = true;
    if (dns_outage_expired(&scheduler->outage, query->asked_ms))
        begin_outage(scheduler, now_ms);
}

/* Answers whoever can wait no longer for a query, and asks patiently for a slow name. */
static void look_at(struct dns_scheduler *scheduler, struct dns_inflight_query *query, int64_t now_ms)
{
    if (dns_inflight_answer(query, now_ms, dns_answer_empty(DNS_TIMEOUT, 0), &scheduler->answered) > 0)
        blame(scheduler, query, now_ms);
    for (const struct dns_waiter *waiter = query->waiters; waiter; waiter = waiter->next)
        scheduler->due_ms = smaller(scheduler->due_ms, waiter->limit_ms);
    if (!query->waiters)
        drop(scheduler, query);
    else if (query->stage == DNS_STAGE_ASKED && now_ms - query->asked_ms >= PATIENCE_MS)
        ask_plainly(scheduler, query);
    else if (query->stage == DNS_STAGE_ASKED)
        scheduler->due_ms = smaller(scheduler->due_ms, query->asked_ms + PATIENCE_MS);
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

    if (!query)
        return NULL;
    query->owner = scheduler;
    query->zone_key = dns_inflight_hash(&scheduler->inflight, dns_registrable(name), 0);
    query->is_suspect = dns_suspects_has(&scheduler->suspects, query->name_key, now_ms) ||
                        dns_suspects_has(&scheduler->suspects, query->zone_key, now_ms);
    query->asked_ms = now_ms;
    return query;
}

static void add_waiter(struct dns_scheduler *scheduler, struct dns_waiter *waiter, int64_t now_ms)
{
    struct dns_inflight_query *query = dns_inflight_find(&scheduler->inflight, waiter->name, waiter->type);
    bool is_new = query == NULL;

    if (is_new)
        query = add_query(scheduler, waiter->name, waiter->type, now_ms);
    else
        stats_add(STATS_DNS_CACHE_JOINED, 1);
    if (!query) {
        waiter->answer = dns_answer_fault();
        waiter->next = scheduler->answered;
        scheduler->answered = waiter;
        return;
    }
    set_limit(scheduler, query, waiter, now_ms);
    waiter->next = query->waiters;
    query->waiters = waiter;
    if (is_new && dns_suspects_has(&scheduler->suspects, query->name_key + FAILED, now_ms)) {
        stats_add(STATS_DNS_CACHE_FAILURES, 1);
        finish(scheduler, query, dns_answer_empty(DNS_FAILURE, 0));
    } else if (is_new) {
        send_soon(scheduler, query);
    }
}

static void send_query(struct dns_scheduler *scheduler, struct dns_inflight_query *query, int64_t now_ms)
{
    size_t under_way = dns_upstream_under_way(scheduler->upstream);

    scheduler->is_sending = true;
    query->stage = DNS_STAGE_ASKED;
    query->asked_ms = now_ms;
    scheduler->due_ms = smaller(scheduler->due_ms, now_ms + PATIENCE_MS);
    dns_upstream_ask(scheduler->upstream, query->name, query->type, on_reply, query, &query->usual);
    scheduler->is_sending = false;
    if (dns_upstream_under_way(scheduler->upstream) <= under_way)
        return; /* it was answered at once, and may be gone */
    stats_add(STATS_DNS_QUESTIONS, 1);
    dns_outage_asked(&scheduler->outage, now_ms);
    if (query->is_suspect)
        ask_plainly(scheduler, query);
}

/* Sends what stands in the line, as far as there is room. */
static bool send_queries(struct dns_scheduler *scheduler, int64_t now_ms)
{
    bool sent = false;

    while (scheduler->to_send && dns_upstream_under_way(scheduler->upstream) < scheduler->ports) {
        struct dns_inflight_query *query = scheduler->to_send;

        scheduler->to_send = query->next_sent;
        if (!scheduler->to_send)
            scheduler->to_send_end = &scheduler->to_send;
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
        next = letter->next;
        add_waiter(scheduler, (struct dns_waiter *)letter, now_ms);
    }
    return came;
}

/* Calls those that have an answer; they may ask on. */
static bool call_answered(struct dns_scheduler *scheduler)
{
    struct dns_waiter *waiter = scheduler->answered, *next;

    if (!waiter)
        return false;
    scheduler->answered = NULL;
    for (; waiter; waiter = next) {
        next = waiter->next;
        dns_deliver(waiter->done, waiter->context, waiter->answer);
        free(waiter);
    }
    return true;
}

/* Finds out whether anybody replies, while that is in doubt and somebody wants to know. Returns when to look again. */
static int64_t probe(struct dns_scheduler *scheduler, int64_t now_ms)
{
    int64_t at_ms = dns_outage_probe_at(&scheduler->outage), silent_ms;

    if (now_ms < at_ms || !scheduler->inflight.oldest) {
        dns_upstream_end_probe(scheduler->upstream);
        return at_ms;
    }
    silent_ms = dns_upstream_probe_silence(scheduler->upstream, now_ms);
    if (silent_ms >= DNS_OUTAGE_PROBE_MS && dns_outage_probe_silent(&scheduler->outage))
        begin_outage(scheduler, now_ms);
    dns_upstream_probe(scheduler->upstream, now_ms);
    return now_ms + (silent_ms < DNS_OUTAGE_PROBE_MS ? DNS_OUTAGE_PROBE_MS - silent_ms : DNS_OUTAGE_PROBE_MS);
}

/* Turns to the servers that resolv.conf names now. Those before are asked plainly what they have not answered, as they
 * may be late. True if there are others. */
static bool change_servers(struct dns_scheduler *scheduler, int64_t now_ms)
{
    if (!dns_upstream_has_changed(scheduler->upstream, now_ms))
        return false;
    for (struct dns_inflight_query *query = scheduler->inflight.oldest; query; query = query->newer)
        if (query->stage == DNS_STAGE_ASKED)
            ask_plainly(scheduler, query);
    dns_upstream_change(scheduler->upstream, now_ms);
    return true;
}

/* Sleeps until something is due, or a look at resolv.conf. */
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
    int64_t now_ms = now_of(scheduler);
    bool goes_on = true;

    if (scheduler->outage_ended)
        dns_upstream_renew(scheduler->upstream, now_ms);
    if ((change_servers(scheduler, now_ms) && scheduler->outage.is_on) || scheduler->outage_ended)
        ask_all(scheduler, now_ms); /* else the servers before go on with what they were asked */
    scheduler->outage_ended = false;
    look_at_all(scheduler, now_ms);
    for (unsigned round = 0; goes_on && round < ROUNDS_MAX; round++) {
        goes_on = take_waiters(scheduler, now_ms);
        goes_on |= send_queries(scheduler, now_ms);
        goes_on |= call_answered(scheduler);
    }
    if (goes_on)
        event_task_wake(scheduler->task);
    set_timer(scheduler, probe(scheduler, now_ms), now_ms);
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
                        size_t ports)
{
    *scheduler = (struct dns_scheduler){.clock = clock,
                                        .keeps_failures = caches,
                                        .serve_stale = caches && serve_stale,
                                        .ports = ports,
                                        .due_ms = INT64_MAX};
    scheduler->to_send_end = &scheduler->to_send;
    dns_outage_init(&scheduler->outage, now_of(scheduler));
}
