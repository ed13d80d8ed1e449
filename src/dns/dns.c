/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands queries to a backend, and waits for the answer where the caller wants to. */
#include "dns/dns.h"

#include "base/log.h"
#include "base/log_value.h"
#include "base/stats.h"
#include "base/wait.h"
#include "dns/dns_name.h"

#include <stdatomic.h>
#include <stdlib.h>

void dns_destroy(struct dns *dns)
{
    if (dns)
        dns->ops->destroy(dns);
}

void dns_get_state(const struct dns *dns, struct dns_state *state)
{
    *state = (struct dns_state){0};
    if (dns->ops->state)
        dns->ops->state(dns, state);
}

void dns_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
               void *context)
{
    if (dns_name_valid(name))
        dns->ops->query(dns, name, type, deadline_ms, done, context);
    else
        done(context, dns_answer_empty(DNS_NXDOMAIN, 0));
}

void dns_cancel(struct dns *dns, const char *name, enum dns_type type, dns_callback done, void *context)
{
    if (dns->ops->cancel && dns_name_valid(name))
        dns->ops->cancel(dns, name, type, done, context);
}

bool dns_is_slow(struct dns *dns, const char *name)
{
    return dns->ops->is_slow && dns_name_valid(name) && dns->ops->is_slow(dns, name);
}

void dns_report_slow(struct dns *dns, const char *name)
{
    if (dns->ops->report_slow && dns_name_valid(name))
        dns->ops->report_slow(dns, name);
}

void dns_report_quick(struct dns *dns, const char *name, int64_t since_ms)
{
    if (dns->ops->report_quick && dns_name_valid(name))
        dns->ops->report_quick(dns, name, since_ms);
}

void dns_deliver(dns_callback done, void *context, const struct dns_answer *answer)
{
    if (answer->status == DNS_TIMEOUT)
        stats_add(STATS_DNS_TIMEOUTS, 1);
    else if (answer->status == DNS_FAILURE)
        stats_add(STATS_DNS_FAILURES, 1);
    done(context, answer);
}

/* Shared by the thread that waits and the callback: the last of the two frees it, so a late answer finds it alive. */
struct pending_lookup {
    struct wait_event answered;
    _Atomic(const struct dns_answer *) answer;
    atomic_uint users;
};

static struct pending_lookup *pending_create(void)
{
    struct pending_lookup *pending = calloc(1, sizeof(*pending));

    if (!pending)
        return NULL;
    pending->users = 2;
    wait_event_init(&pending->answered);
    return pending;
}

static void pending_release(struct pending_lookup *pending)
{
    if (atomic_fetch_sub(&pending->users, 1) > 1)
        return;
    dns_answer_release(pending->answer);
    wait_event_destroy(&pending->answered);
    free(pending);
}

static void pending_answer(void *context, const struct dns_answer *answer)
{
    struct pending_lookup *pending = context;

    pending->answer = answer;
    wait_event_signal(&pending->answered);
    pending_release(pending);
}

static const struct dns_answer *pending_wait(struct pending_lookup *pending, const struct timespec *moment)
{
    const struct dns_answer *answer;

    (void)wait_event_until(&pending->answered, moment);
    answer = atomic_exchange(&pending->answer, NULL);
    pending_release(pending);
    return answer;
}

static void log_overdue(const char *name, enum dns_type type)
{
    char shown[LOG_VALUE_SIZE];

    log_warning("DNS: %s %s: no reply by the deadline", log_word(name, shown), dns_type_name(type));
}

const struct dns_answer *dns_lookup(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms)
{
    int64_t left_ms = deadline_ms - clock_monotonic_ms(dns->clock);
    struct timespec moment = clock_moment_after((left_ms > 0 ? left_ms : 0) + DNS_LATE_MS);
    struct pending_lookup *pending = pending_create();
    const struct dns_answer *answer;

    if (!pending)
        return dns_answer_fault();
    dns_query(dns, name, type, deadline_ms, pending_answer, pending);
    answer =
        pending_wait(pending, &moment); /* NOLINT(clang-analyzer-unix.Malloc): the callback leaves one user of two */
    if (answer)
        return answer;
    log_overdue(name, type);
    stats_add(STATS_DNS_TIMEOUTS, 1);
    return dns_answer_empty(DNS_TIMEOUT, 0);
}

const char *dns_type_name(enum dns_type type)
{
    switch (type) {
    case DNS_A:
        return "A";
    case DNS_PTR:
        return "PTR";
    case DNS_MX:
        return "MX";
    case DNS_TXT:
        return "TXT";
    case DNS_AAAA:
        return "AAAA";
    }
    return "?";
}

const char *dns_status_name(enum dns_status status)
{
    static const char *const names[] = {
        [DNS_OK] = "answered",     [DNS_NODATA] = "no data",  [DNS_NXDOMAIN] = "NXDOMAIN",
        [DNS_TIMEOUT] = "timeout", [DNS_FAILURE] = "failure",
    };

    return names[status];
}
