/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the store of greylisting is asked about a message: one visit for each recipient. All that are open are asked at
 * once, by a thread that waits or without one. */
#ifndef SMF_SESSION_GREYLIST_VISITS_H
#define SMF_SESSION_GREYLIST_VISITS_H

#include "greylist/greylist_subject.h"
#include "greylist/store/greylist_store.h"
#include "session/greylist_answer.h"
#include "session/session.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct greylist_visit {
    struct greylist_visit *next;
    struct greylist_visits *all;
    const struct config *settings; /* the recipient's; they live as long as the configuration */
    char *recipient;               /* its address, as it is shown */
    struct greylist_subject subject;
    bool is_answered;
    bool is_shared; /* the other front end asked */
    bool is_counted;
    struct greylist_answer answer;
};

enum { GREYLIST_KEPT_MAX = 100 }; /* recipients of a message from the null sender that are asked about */

/* A part of the message. Zeroed: there are none. */
struct greylist_visits {
    struct greylist_visit *present; /* that of the recipient that was given last; NULL: it is not greylisted */
    struct greylist_visit *kept;    /* those of recipients that are asked about at DATA, in their order */
    size_t kept_count;
    bool is_at_data; /* DATA is reached: the kept ones are open, too */

    /* While the store is asked. */
    atomic_uint holders; /* who asks, and each answer that is to come: the last of them goes on */
    session_ready ready;
    void *context;
};

/* A new visit, of no list yet. NULL if out of memory. */
struct greylist_visit *greylist_visit_create(const struct config *settings, const char *recipient,
                                             const struct greylist_subject *subject);

/* Replaces the present one, which is freed; NULL: there is none. */
void greylist_visits_set_present(struct greylist_visits *visits, struct greylist_visit *visit);

/* Has the present one asked about at DATA, after the others that are kept. */
void greylist_visits_keep_present(struct greylist_visits *visits);

/* Asks the store about each open visit that has no answer, without waiting. True: all have one. False: `ready` is
 * called once, on any thread, when that is so; until then the visits must not be touched, and they and the store live.
 */
bool greylist_visits_start(struct greylist_visits *visits, struct greylist_store *store, session_ready ready,
                           void *context);

/* The same, and waits for it: for about STORE_WAIT_MS at most, as the store promises. */
void greylist_visits_finish(struct greylist_visits *visits, struct greylist_store *store);

/* Frees all. No answer is to come any more. */
void greylist_visits_free(struct greylist_visits *visits);

#endif
