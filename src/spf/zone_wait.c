/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds up the time that lookups are waited for, by zone. */
#include "spf/zone_wait.h"

#include "dns/dns.h"
#include "dns/dns_registrable.h"
#include "spf/lookups.h"

#include <strings.h>

enum {
    BLAMED_MIN_MS = 1000,
    BLAMED_PART = 4, /* of the time that an evaluation has */
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The lookup of the same zone that was sent first, which may be this one. */
static struct lookup *first_of_zone(const struct lookups *lookups, struct lookup *lookup, const char *zone)
{
    for (struct lookup *other = lookups->first; other; other = other->next)
        if (other->zone == other && strcasecmp(other->wait.zone, zone) == 0)
            return other;
    return lookup;
}

void zone_wait_enter(const struct lookups *lookups, struct lookup *lookup, bool is_slow, int64_t now_ms)
{
    const char *zone = dns_registrable(lookup->name);

    lookup->zone = first_of_zone(lookups, lookup, zone);
    if (lookup->zone == lookup)
        lookup->wait = (struct zone_wait){.zone = zone, .since_ms = now_ms, .is_slow = is_slow};
}

static bool is_waited_for(const struct lookup *lookup)
{
    return lookup->zone && lookup->is_waited_for && !lookup->answer;
}

void zone_wait_note_needed(const struct lookups *lookups, int64_t now_ms)
{
    for (struct lookup *lookup = lookups->first; lookup; lookup = lookup->next) {
        if (lookup->is_waited_for || lookup->answer || !lookup->is_needed)
            continue;
        lookup->is_waited_for = true;
        lookup->needed_ms = now_ms;
    }
}

/* The wait for this lookup that is not counted yet. */
static int64_t uncounted(const struct lookup *lookup, int64_t now_ms)
{
    const int64_t begin_ms = later(lookup->needed_ms, lookup->zone->wait.counted_ms);

    return is_waited_for(lookup) ? later(now_ms - begin_ms, 0) : 0;
}

int64_t zone_wait_limit(const struct lookups *lookups, const struct lookup *lookup, int64_t deadline_ms, int64_t now_ms)
{
    const struct zone_wait *wait = &lookup->zone->wait;
    int64_t open_ms = 0, limit_ms;

    if (!wait->is_slow)
        return deadline_ms;
    for (const struct lookup *other = lookups->first; other; other = other->next)
        if (other->zone == lookup->zone)
            open_ms = later(open_ms, uncounted(other, now_ms));
    limit_ms = now_ms + later(DNS_SLOW_ZONE_MS - wait->waited_ms - open_ms, 0);
    return limit_ms < deadline_ms ? limit_ms : deadline_ms;
}

void zone_wait_count(struct lookup *lookup, bool is_failure, int64_t now_ms)
{
    struct zone_wait *wait;
    int64_t wait_ms;

    if (!lookup->zone)
        return; /* it was never sent */
    wait = &lookup->zone->wait;
    wait_ms = uncounted(lookup, now_ms);
    wait->waited_ms += wait_ms;
    wait->served_ms += is_failure ? 0 : wait_ms;
    wait->is_cut |= is_failure;
    if (lookup->is_waited_for)
        wait->counted_ms = now_ms;
}

void zone_wait_report(const struct lookups *lookups, struct dns *dns, int64_t begun_ms, int64_t deadline_ms,
                      int64_t now_ms)
{
    const int64_t blamed_ms = later((deadline_ms - begun_ms) / BLAMED_PART, BLAMED_MIN_MS);

    for (const struct lookup *lookup = lookups->first; lookup; lookup = lookup->next) {
        if (lookup->zone != lookup)
            continue;
        if (now_ms >= deadline_ms && lookup->wait.served_ms >= blamed_ms)
            dns_report_slow(dns, lookup->name);
        else if (now_ms < deadline_ms && lookup->wait.is_slow && !lookup->wait.is_cut)
            dns_report_quick(dns, lookup->name, lookup->wait.since_ms);
    }
}
