/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notices that no name server answers at all, and says what may be asked until one does. Plain data: whoever owns it
 * holds a lock around each call. */
#ifndef SMF_DNS_DNS_OUTAGE_H
#define SMF_DNS_DNS_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DNS_OUTAGE_PATIENCE_MS = 500, /* how long anybody waits while nobody answers */
    DNS_OUTAGE_TRY_MS = 250,      /* how often something is asked then: within the patience, so that the first question
                                     after the end is answered */
};

struct dns_outage {
    bool is_on;
    int64_t began_ms;
    int64_t answered_ms;   /* when an answer, be it SERVFAIL, came last; at first, when all began */
    int64_t next_new_ms;   /* from when on another question may be asked */
    int64_t next_again_ms; /* from when on the last one should be asked again */
};

enum dns_silence {
    DNS_SILENCE_TOO_SHORT, /* it is too early to tell */
    DNS_SILENCE_OF_NAME,   /* others were answered meanwhile */
    DNS_SILENCE_OF_ALL,    /* nothing was answered meanwhile */
};

/* What it means that a question that was asked at `asked_ms` still has no answer; `gave_up`: and will have none, as
 * every server was given up. Silence of all begins an outage. */
enum dns_silence dns_outage_judge(struct dns_outage *outage, int64_t asked_ms, bool gave_up, int64_t now_ms);

/* An answer came. True if that ends an outage. */
bool dns_outage_answered(struct dns_outage *outage, int64_t now_ms);

/* May a question that was not asked so far be asked now? */
bool dns_outage_admits(struct dns_outage *outage, int64_t now_ms);

/* Is it time to ask the last question again? */
bool dns_outage_repeats(struct dns_outage *outage, int64_t now_ms);

#endif
