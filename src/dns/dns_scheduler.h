/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The query scheduler of the network backend (dns_resolver.h), inside the dns room: who waits for which query, for how
 * long, and what is sent when. All of it runs on the thread of the loop. */
#ifndef SMF_DNS_DNS_SCHEDULER_H
#define SMF_DNS_DNS_SCHEDULER_H

#include "dns/dns.h"
#include "dns/dns_inflight.h"
#include "dns/dns_outage_watch.h"
#include "dns/dns_send_queue.h"
#include "dns/dns_slow.h"
#include "dns/dns_suspects.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_upstream;
struct event_task;
struct mailbox;

struct dns_scheduler {
    const struct clock *clock;
    bool keeps_failures;
    bool serve_stale;
    size_t ports;       /* bound of the outstanding queries */
    size_t waiters_max; /* bound of the lookups under way */

    struct event_task *task;       /* runs dns_scheduler_run */
    struct mailbox *mailbox;       /* brings struct dns_waiter, each allocated, which is taken over */
    struct dns_upstream *upstream; /* tells dns_scheduler_heard of replies */
    struct dns_slow *slow;

    struct dns_inflight inflight;
    struct dns_suspects suspects;
    struct dns_outage_watch watch;
    struct dns_waiter *answered; /* waiters to call */
    size_t waiters;              /* all that have come and were not called */
    struct dns_send_queue to_send;
    int64_t due_ms;  /* when the first waiter's limit is reached, or earlier */
    bool is_sending; /* a reply that comes now is from the cache */
};

/* The parts (task, mailbox, upstream, also of the watch, and slow) and the table's seed are to be set by their owner,
 * before the loop starts.
 */
void dns_scheduler_init(struct dns_scheduler *scheduler, const struct clock *clock, bool caches, bool serve_stale,
                        size_t ports, size_t waiters_max);

static inline int64_t dns_scheduler_now_ms(const struct dns_scheduler *scheduler)
{
    return clock_monotonic_ms(scheduler->clock);
}

static inline bool dns_scheduler_is_outage(const struct dns_scheduler *scheduler)
{
    return scheduler->watch.outage.is_on;
}

/* It is to run at this moment, or earlier. */
static inline void dns_scheduler_due_at(struct dns_scheduler *scheduler, int64_t at_ms)
{
    if (at_ms < scheduler->due_ms)
        scheduler->due_ms = at_ms;
}

/* Does what is due. `context` is the scheduler. Not from within a reply. */
void dns_scheduler_run(void *context);

/* A server has replied. `context` is the scheduler. */
void dns_scheduler_heard(void *context);

/* A query no longer holds a port. `context` is the scheduler; `zone` is what dns_upstream_query got as the holder. */
void dns_scheduler_port_given_back(void *context, void *zone);

/* Calls all that still wait. The loop has ended, and the mailbox is closed. */
void dns_scheduler_end(struct dns_scheduler *scheduler);

#endif
