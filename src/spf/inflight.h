/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluations under way, one for all who ask the same (single flight).
 *
 * Whoever asks follows the evaluation of his key; the first begins it. Followers are called with the outcome, and look
 * whether it is theirs, as a macro may have made it depend on what is not in the key. Nobody waits here. */
#ifndef SMF_SPF_INFLIGHT_H
#define SMF_SPF_INFLIGHT_H

#include "spf/result_cache.h"
#include "spf/result_key.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stdint.h>

struct inflight; /* the table */
struct flight;   /* one evaluation */

/* What came out of an evaluation. */
struct published {
    struct spf_outcome outcome;
    bool is_key_too_short; /* there is no outcome: who follows has to ask again, with this `varying` */
    bool is_private;       /* it came of a fault of ours, or of too little time: of use to nobody but the first */
    unsigned varying;      /* what it depends on besides client and domain (result_key.h) */
    struct result_key key; /* with that */
};

/* Whoever follows; lives until it was called or has left. The first two are filled in by the caller. */
struct inflight_follower {
    void (*published)(void *context, const struct published *published); /* on any thread; may ask on; holds no lock */
    void *context;
    struct inflight_follower *next;
    struct flight *flight; /* NULL: it was called, or is about to be */
    bool is_first;         /* the evaluation was begun for it */
};

/* How an evaluation is followed. */
enum inflight_kind {
    INFLIGHT_SHARED,      /* by all who ask the same */
    INFLIGHT_ALONE,       /* by one who has it begun for himself */
    INFLIGHT_SPECULATIVE, /* shared, by one who does not wait: an answer that the DNS cache would not keep ends it, and
                           * none is begun while three quarters of max_checks are under way */
};

/* What evaluations are made with. */
struct inflight_setup {
    struct dns *dns;
    const struct clock *clock;
    struct result_cache *cache; /* keeps the outcomes */
    uint32_t timeout_ms;
    bool has_lookahead;
    unsigned max_checks; /* evaluations under way at once, at least 1 */
    const uint8_t *seed; /* 16 random octets for the hash */
};

/* NULL if out of memory. All of the setup must outlive it. */
struct inflight *inflight_create(const struct inflight_setup *setup);

/* Has evaluations that begin from now on go by these three of the setup. Any thread. */
void inflight_adjust(struct inflight *inflight, uint32_t timeout_ms, bool has_lookahead, unsigned max_checks);

/* Nothing may be under way. NULL is fine. */
void inflight_destroy(struct inflight *inflight);

enum inflight_join {
    INFLIGHT_JOINED,
    INFLIGHT_NO_MEMORY,
    INFLIGHT_FULL, /* as many as may be are under way */
};

/* Follows the evaluation of a request, which is in the form that spf_check brings it to and is copied; `varying` is
 * what the domain's outcomes are known to depend on. Where none is under way, or it is to be alone, it is begun, with
 * this deadline. The follower may be called before this returns; it is not called but with INFLIGHT_JOINED. Any thread.
 * Locks: one for the table, a leaf. */
enum inflight_join inflight_join(struct inflight *inflight, const struct spf_request *request, unsigned varying,
                                 int64_t deadline_ms, enum inflight_kind kind, struct inflight_follower *follower);

/* Takes a follower back; an evaluation that nobody follows any more is cancelled. False: the follower is called in this
 * moment, or was. Any thread; hold no lock. */
bool inflight_leave(struct inflight *inflight, struct inflight_follower *follower);

/* A copy in one allocation, which the caller frees. NULL if out of memory. */
struct spf_request *request_copy(const struct spf_request *request);

#endif
