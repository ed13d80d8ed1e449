/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluations under way, so that one is enough for all who ask the same (single flight).
 *
 * The first for a key leads: it evaluates, and publishes the outcome with what that depends on. Those who come
 * meanwhile follow: they are called with it, and look whether it is theirs too, as a macro may have made it depend on
 * what is not in the key. Nobody waits here. */
#ifndef SMF_SPF_INFLIGHT_H
#define SMF_SPF_INFLIGHT_H

#include "spf/result_key.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stdint.h>

struct inflight;        /* the table */
struct inflight_leader; /* one evaluation */

/* What came out of an evaluation. */
struct published {
    struct spf_outcome outcome;
    bool is_private;       /* it came of a fault of ours, or of too little time: of use to nobody else */
    unsigned varying;      /* what it depends on besides client and domain (result_key.h) */
    struct result_key key; /* with that */
};

/* Whoever follows. Lives until it was called or has left. */
struct inflight_follower {
    void (*published)(void *context, const struct published *published); /* may ask on; holds no lock */
    void *context;
    struct inflight_follower *next;
    struct inflight_leader *leader; /* NULL: it was called, or is about to be */
};

/* `seed`: 16 random octets for the hash. NULL if out of memory. */
struct inflight *inflight_create(const uint8_t seed[16]);

/* Nothing may be under way. NULL is fine. */
void inflight_destroy(struct inflight *inflight);

enum inflight_turn {
    INFLIGHT_LEADS,   /* the caller evaluates, and calls inflight_publish */
    INFLIGHT_FOLLOWS, /* the follower is called */
    INFLIGHT_ALONE,   /* the key is too long, or no memory: the caller evaluates, and nobody follows */
};

/* Follows the evaluation of this key, or begins one: then *leader is set. With a NULL follower there is nobody to call,
 * and INFLIGHT_FOLLOWS says that it is under way. Any thread. Locks: one for the table, a leaf. */
enum inflight_turn inflight_join(struct inflight *inflight, const struct result_key *key,
                                 struct inflight_follower *follower, struct inflight_leader **leader);

/* Takes a follower back. False: it is called in this moment, or was. */
bool inflight_leave(struct inflight *inflight, struct inflight_follower *follower);

/* Ends the evaluation and calls all who follow, on this thread. */
void inflight_publish(struct inflight *inflight, struct inflight_leader *leader, const struct published *published);

#endif
