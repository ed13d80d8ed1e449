/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluations under way. Whoever asks what another thread is evaluating waits for that thread's outcome.
 *
 * The first who asks for a key evaluates, and lands the outcome with what it depends on. The others get it, and look
 * whether it is theirs too: a macro may have made it depend on what is not in the key. */
#ifndef SMF_SPF_FLIGHT_H
#define SMF_SPF_FLIGHT_H

#include "base/clock.h"
#include "spf/result_key.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stdint.h>

struct flights;
struct flight;

/* `seed`: 16 random octets for the hash. `clock` must outlive it. NULL if out of memory. */
struct flights *flights_create(const uint8_t seed[16], const struct clock *clock);

/* Nothing may be under way. NULL is fine. */
void flights_destroy(struct flights *flights);

/* What came out of an evaluation. */
struct landing {
    struct spf_outcome outcome;
    bool is_private;       /* it came of a fault of ours, or of too little time: of use to nobody else */
    unsigned varying;      /* what it depends on besides client and domain (result_key.h) */
    struct result_key key; /* with that */
};

enum flight_turn {
    FLIGHT_LEADS, /* the caller evaluates, and calls flight_land */
    FLIGHT_ENDED, /* *landing is filled in */
    FLIGHT_LATE,  /* the deadline came first */
    FLIGHT_ALONE, /* the key is too long, or no memory: the caller evaluates, and nobody waits for it */
};

/* Waits for an evaluation of this key until `deadline_ms`, or begins one: then *flight is set. Any thread. Locks: one
 * for the table, a leaf, which is not held while waiting. */
enum flight_turn flight_join(struct flights *flights, const struct result_key *key, int64_t deadline_ms,
                             struct flight **flight, struct landing *landing);

/* Gives the outcome to all who wait, and ends the flight. `landing` stays the caller's. */
void flight_land(struct flights *flights, struct flight *flight, const struct landing *landing);

#endif
