/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of a query that is under way: replies, silence, and its end. */
#include "dns/dns_reply.h"

#include "base/event_loop.h"
#include "base/log.h"
#include "base/log_value.h"
#include "base/stats.h"
#include "dns/dns_metrics.h"
#include "dns/dns_upstream.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    SILENCE_MS = 250,           /* how long the resolver takes at least to give up silent servers */
    SILENT_MS = 950,            /* a shorter wait proves nothing about the name */
    SUSPECT_MS = 5 * 60 * 1000, /* for how long a silent name has a shorter wait (RFC 9520 3.2) */
    FAILURE_MS = 5 * 1000,      /* for how long a failed name is not queried */
    STALE_TTL_S = 30,           /* the TTL of a stale answer (RFC 8767 4) */
};

/* Answers */

/* Ends a query without waiters. The reply to what was sent still goes into the cache. */
void dns_reply_drop(struct dns_scheduler *scheduler, struct dns_inflight_query *query)
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
void dns_reply_count(const struct dns_inflight_query *query, enum dns_status status)
{
    if (!query->was_sent)
        return;
    stats_add(STATS_DNS_CACHE_MISSES, !query->is_stale);
    dns_metrics_question(query->type, outcome_of(query, status));
}

/* Gives all waiters their answer, whose reference is taken over, and ends the query. */
void dns_reply_finish(struct dns_scheduler *scheduler, struct dns_inflight_query *query,
                      const struct dns_answer *answer)
{
    dns_inflight_answer(query, INT64_MAX, answer, &scheduler->answered);
    dns_reply_count(query, answer->status);
    dns_answer_release(answer);
    dns_reply_drop(scheduler, query);
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
        dns_suspects_add(&scheduler->suspects, query->name_key + DNS_REPLY_FAILED,
                         dns_scheduler_now_ms(scheduler) + FAILURE_MS);
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
void dns_reply_set_limit(struct dns_scheduler *scheduler, const struct dns_inflight_query *query,
                         struct dns_waiter *waiter, int64_t now_ms)
{
    const int64_t short_ms = now_ms + DNS_CLIENT_RESPONSE_MS;
    const bool is_short = dns_scheduler_is_outage(scheduler) || query->is_suspect || query->is_slow;

    waiter->limit_ms = is_short && short_ms < waiter->deadline_ms ? short_ms : waiter->deadline_ms;
    dns_scheduler_due_at(scheduler, waiter->limit_ms);
}

void dns_reply_set_limits(struct dns_scheduler *scheduler, int64_t now_ms)
{
    for (struct dns_inflight_query *query = scheduler->inflight.oldest; query; query = query->newer)
        for (struct dns_waiter *waiter = query->waiters; waiter; waiter = waiter->next)
            dns_reply_set_limit(scheduler, query, waiter, now_ms);
}

/* A query had no reply for as long as a waiter or the resolver waits. `how` is for the log. */
void dns_reply_none(struct dns_scheduler *scheduler, struct dns_inflight_query *query, const char *how)
{
    int64_t now_ms = dns_scheduler_now_ms(scheduler);

    if (query->stage == DNS_STAGE_QUEUED || now_ms - query->sent_ms < SILENT_MS)
        return;
    if (!query->is_suspect && !dns_scheduler_is_outage(scheduler))
        log_failure(scheduler, query, how);
    dns_suspects_add(&scheduler->suspects, query->name_key, now_ms + SUSPECT_MS);
    dns_suspects_add(&scheduler->suspects, query->zone_key, now_ms + SUSPECT_MS);
    query->is_suspect = true;
    if (dns_outage_watch_expired(&scheduler->watch, query->sent_ms, now_ms))
        dns_reply_set_limits(scheduler, now_ms);
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
void dns_reply_query_plainly(struct dns_scheduler *scheduler, struct dns_inflight_query *query)
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
        dns_reply_finish(scheduler, query, dns_answer_fault());
        return;
    }
    dns_reply_query_plainly(scheduler, query);
    if (query->usual || query->plain)
        return;
    if (dns_scheduler_is_outage(scheduler)) {
        query->stage = DNS_STAGE_PARKED; /* a server may reply while it has waiters */
        return;
    }
    if (was_refused)
        record_failure(scheduler, query);
    else
        dns_reply_none(scheduler, query, "the resolver had no reply");
    dns_reply_finish(scheduler, query, dns_answer_empty(DNS_FAILURE, 0));
}

/* Is this answer, whose TTL is 0, a stale one (RFC 8767)? Fresh answers may have that TTL, too. */
static bool seems_stale(const struct dns_scheduler *scheduler, const struct dns_inflight_query *query)
{
    return scheduler->serve_stale && (dns_scheduler_is_outage(scheduler) ||
                                      dns_scheduler_now_ms(scheduler) - query->sent_ms >= UNBOUND_STALE_MS - 10);
}

/* Checks an answer of the resolver whose TTL is 0. A negative one may be fresh; or stale, and negative answers are not
 * served stale, as they can refuse mail; or what the resolver makes of an extended RCODE (RFC 6891 6.1.3): so a plain
 * query is sent. A stale one with records gets a short TTL, so that results can be cached. False if it is not to be
 * used. */
static bool admit_expired(struct dns_scheduler *scheduler, struct dns_inflight_query *query,
                          const struct dns_answer **answer)
{
    const struct dns_answer *given;

    if (is_negative(*answer) && !dns_scheduler_is_outage(scheduler) &&
        (query->plain || can_query_plainly(scheduler, query)))
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
    dns_slow_answered(scheduler->slow, query->zone_key, dns_scheduler_now_ms(scheduler));
}

/* `is_cached`: no server said it now. */
static void take_answer(struct dns_scheduler *scheduler, struct dns_inflight_query *query,
                        const struct dns_answer *answer, bool is_cached)
{
    if (answer->status != DNS_FAILURE && !is_cached)
        clear_suspicion(scheduler, query);
    dns_reply_finish(scheduler, query, answer);
}

/* Silence takes longer, so it was a reply that made the query fail. */
static bool was_refused(const struct dns_scheduler *scheduler, const struct dns_inflight_query *query)
{
    return !scheduler->is_sending && dns_scheduler_now_ms(scheduler) - query->sent_ms < SILENCE_MS;
}

void dns_reply_take(void *context, const struct dns_answer *answer, enum unbound_source source)
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
