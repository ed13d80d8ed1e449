/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long an evaluation has waited for each zone (dns/dns_registrable.h), and how long it still may for one that is
 * slow (dns_report_slow).
 *
 * Only what the walk needs is waited for: lookahead costs nothing until its turn comes. Where several lookups of a zone
 * are needed at once, the time counts once. A zone's account is in its first lookup. Plain data, as lookups.h. */
#ifndef SMF_SPF_ZONE_WAIT_H
#define SMF_SPF_ZONE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

struct dns;
struct lookup;
struct lookups;

/* Of one zone; all is zero before. */
struct zone_wait {
    const char *zone;   /* points into the name of the lookup */
    int64_t since_ms;   /* when its first lookup was sent */
    int64_t counted_ms; /* up to when its waiting is counted */
    int64_t waited_ms;
    int64_t served_ms; /* that part of it that ended with an answer */
    bool is_slow;      /* it was when the first lookup was sent */
    bool is_cut;       /* a lookup of it had no answer, or none in time */
};

/* Puts a lookup that is being sent into its zone; `is_slow` as dns_is_slow says now. */
void zone_wait_enter(const struct lookups *lookups, struct lookup *lookup, bool is_slow, int64_t now_ms);

/* Notes what the last walk needs: from now on it is waited for. */
void zone_wait_note_needed(const struct lookups *lookups, int64_t now_ms);

/* Until when an answer to this lookup, which is being sent, is of use: `deadline_ms`, or for one of a slow zone the
 * earlier moment when the evaluation would have waited DNS_SLOW_ZONE_MS for the zone. */
int64_t zone_wait_limit(const struct lookups *lookups, const struct lookup *lookup, int64_t deadline_ms,
                        int64_t now_ms);

/* Counts the wait for a lookup that is answered now. */
void zone_wait_count(struct lookup *lookup, bool is_failure, int64_t now_ms);

/* The evaluation is over, which had its time from `begun_ms` to `deadline_ms`: reports the zones that are to blame
 * where it was too short (dns_report_slow), else those that are slow no more (dns_report_quick). To blame is a zone
 * whose answers took a quarter of the time, and a second. Silence is none of this: dns notices it by itself. */
void zone_wait_report(const struct lookups *lookups, struct dns *dns, int64_t begun_ms, int64_t deadline_ms,
                      int64_t now_ms);

#endif
