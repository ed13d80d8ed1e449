/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up whether a domain publishes a DMARC record. */
#ifndef SMF_DMARC_DMARC_DISCOVERY_H
#define SMF_DMARC_DMARC_DISCOVERY_H

#include "base/tristate.h"
#include "dns/dns.h"

#include <stdint.h>

enum { DMARC_NAME_SIZE = sizeof("_dmarc.") + DNS_NAME_MAX };

/* What was found out. Zeroed: no record. */
struct dmarc_discovery {
    enum tristate is_published; /* by the domain or its organizational domain */
    char name[DMARC_NAME_SIZE]; /* YES: the domain with the record; UNKNOWN: the name whose lookup failed; else "" */
    enum dns_status status;     /* UNKNOWN: how it failed */
};

/* The queries of a walk that nobody waits for yet. */
struct dmarc_speculation;

/* Sends them, at most eight; their answers are in the DNS's cache then. `domain` is a name with A-labels, with or
 * without a trailing dot. NULL: nothing is asked for, or out of memory. Any thread; hold no lock. */
struct dmarc_speculation *dmarc_discovery_speculate(struct dns *dns, const char *domain, int64_t deadline_ms);

/* Cancels those that have no answer yet. NULL is fine. The DNS must live still. Any thread; hold no lock. */
void dmarc_speculation_end(struct dmarc_speculation *speculation);

/* Finds out whether `domain` or its organizational domain publishes a DMARC record (RFC 9989 4.10). Sends all queries
 * at once, and blocks until those that decide are answered, or until `deadline_ms`; the rest are cancelled. A lookup
 * that failed, for want of memory too, gives UNKNOWN, unless a record is found all the same. Any thread; hold no lock.
 */
void dmarc_discover(struct dns *dns, const char *domain, int64_t deadline_ms, struct dmarc_discovery *found);

/* Takes what was found, which is gone after the call. */
typedef void (*dmarc_done)(void *context, const struct dmarc_discovery *found);

/* The same without waiting: `done` is called once, before this returns or later, on any thread, that of the DNS too; it
 * must not block. Any thread; hold no lock. */
void dmarc_discover_start(struct dns *dns, const char *domain, int64_t deadline_ms, dmarc_done done, void *context);

#endif
