/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Visits on their way to a backend: each is answered once, by the thread that has asked the backend, or by another one
 * once it has waited too long. */
#ifndef SMF_GREYLIST_STORE_VISIT_QUEUE_H
#define SMF_GREYLIST_STORE_VISIT_QUEUE_H

#include "greylist/store/backend.h"
#include "greylist/store/greylist_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* One visit; belongs to the queue from visit_queue_add to visit_queue_answer. */
struct visit {
    struct backend_visit asked; /* of the thread that took it */
    store_done done;
    void *context;
    /* The rest is the queue's, under its lock. */
    struct timespec due;
    bool is_answered;
    struct visit *next;                    /* to be taken */
    struct visit *earlier_due, *later_due; /* to be answered */
};

struct visit_queue;

/* A visit waits for `wait_ms` at most. NULL without memory. */
struct visit_queue *visit_queue_create(unsigned wait_ms);
void visit_queue_destroy(struct visit_queue *queue); /* no visit is in it, and no thread; NULL is fine */

/* Takes the visit over, with asked, done and context set, and returns STORE_ANSWERED; or says why not: STORE_AWAY,
 * STORE_BUSY. Then it is the caller's still. Locks: the queue's, a leaf, here and below. */
enum store_answer visit_queue_add(struct visit_queue *queue, struct visit *visit);

/* Waits until there are visits, and takes up to `max` of them, in their order. 0: the moment has come, or the queue has
 * been ended and is empty. */
size_t visit_queue_take(struct visit_queue *queue, struct visit **batch, size_t max, const struct timespec *moment);

/* Answers those that were taken as asked.answer says, but for the ones that have waited too long, and frees all. Logs
 * how many these were. */
void visit_queue_answer(struct visit_queue *queue, struct visit *const *batch, size_t count);

/* From now on visits are refused as STORE_AWAY, and those that wait are answered so; or the end of that. */
void visit_queue_set_away(struct visit_queue *queue, bool is_away);

/* Answers what has waited for too long, until the queue is ended: a thread of its own does that, which waits for
 * nothing else, not for the log either. */
void visit_queue_answer_late(struct visit_queue *queue);

/* No more visits are added. */
void visit_queue_end(struct visit_queue *queue);
bool visit_queue_has_ended(struct visit_queue *queue);

/* Waits for that, until the moment at most. */
void visit_queue_wait_for_end(struct visit_queue *queue, const struct timespec *moment);

/* Counts an answer that was given elsewhere, and how many have been given. Locks: none. */
void visit_queue_count(struct visit_queue *queue, enum store_answer answer);
uint64_t visit_queue_answers(const struct visit_queue *queue, enum store_answer answer);
bool visit_queue_is_away(const struct visit_queue *queue);

#endif
