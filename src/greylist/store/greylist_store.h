/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store of greylisting, as the rest of the program sees it. One thread of its own asks the backend (backend.h), in
 * batches of all that has come meanwhile; another one answers who has waited for STORE_WAIT_MS, so that no store,
 * however slow, holds a message for longer. What is known is cached in front of it for STORE_CACHE_S. A store that is
 * slow, full, gone or corrupt defers nobody; it is logged, counted, and tried again once a second. */
#ifndef SMF_GREYLIST_STORE_GREYLIST_STORE_H
#define SMF_GREYLIST_STORE_GREYLIST_STORE_H

#include "base/clock.h"
#include "base/instrumented.h"
#include "base/strbuf.h"
#include "greylist/greylist_rule.h"
#include "greylist/greylist_subject.h"
#include "greylist/store_address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STORE_WAIT_MS = SANITIZED ? 1000 : 50, /* a sanitizer makes all of it many times as slow */
    STORE_CACHE_S = 60,
    STORE_WAITING_MAX = 10000, /* visits under way; past that they are answered STORE_BUSY at once */
};

struct greylist_store;

struct greylist_store_config {
    struct store_address address;
    const char *password_file; /* of Redis; NULL: none. Read when a connection is made */
    uint64_t entries_max;      /* stored at most; past that the ones that expire first go */
    const struct clock *clock;
};

enum store_answer {
    STORE_ANSWERED,
    STORE_SLOW, /* no answer within STORE_WAIT_MS; what was asked may still be stored */
    STORE_AWAY, /* it cannot be reached, or is corrupt */
    STORE_FULL, /* nothing new can be stored */
    STORE_BUSY, /* too many visits under way */
    STORE_NO_MEMORY,
    STORE_ANSWER_COUNT
};
const char *store_answer_name(enum store_answer answer); /* "answered", "slow", ... */

/* Called once, on any thread, perhaps before greylist_store_visit returns: it must not block, nor call this store.
 * `decision` is set for STORE_ANSWERED. */
typedef void (*store_done)(void *context, enum store_answer answer, const struct greylist_decision *decision);

/* Starts the threads; a store that is not there yet is no error. NULL, with a message in `error`, without memory or
 * threads. */
struct greylist_store *greylist_store_create(const struct greylist_store_config *config, struct strbuf *error);

/* The same on a backend, which it takes over, also when it fails, and which visits wait `wait_ms` for; for tests. */
struct backend;
struct greylist_store *greylist_store_create_on(struct backend *backend, const struct clock *clock, unsigned wait_ms,
                                                struct strbuf *error);

struct greylist_store *greylist_store_acquire(struct greylist_store *store); /* NULL is fine, here and below */

/* Any thread, and none waits: after the last one the store's own threads write what is left, and free all. */
void greylist_store_release(struct greylist_store *store);

/* Waits until no store that nobody has any more runs, a few seconds where one is slow. So not on a thread of a front
 * end. Locks: one of its own, a leaf. */
void greylist_store_await_ends(void);

/* True if both name the same store with the same bounds: a reload keeps it then. */
bool greylist_store_config_is_same(const struct greylist_store_config *a, const struct greylist_store_config *b);

/* One recipient's message has come: finds what is stored for the subject, decides (greylist_decide), stores what
 * follows, in one step that no other host or process comes into. Subject and terms are copied. Any thread; hold no
 * lock. */
void greylist_store_visit(struct greylist_store *store, const struct greylist_subject *subject,
                          const struct greylist_terms *terms, store_done done, void *context);

/* How it is now, for the metrics. Any thread. */
struct greylist_store_state {
    bool is_away;
    uint64_t answers[STORE_ANSWER_COUNT];
    uint64_t cache_hits;
    uint64_t entries; /* as of the last count; 0: not known */
    uint64_t expired; /* deleted since the start */
    uint64_t batches; /* of the backend */
    uint64_t busy_us; /* it took for them */
};
void greylist_store_get_state(struct greylist_store *store, struct greylist_store_state *state);

#endif
