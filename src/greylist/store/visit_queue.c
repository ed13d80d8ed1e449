/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two orders of visits: in which they are asked about, and in which they are due. */
#include "greylist/store/visit_queue.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct visit_queue {
    pthread_mutex_t lock;   /* a leaf; covers all but the atomics */
    pthread_cond_t changed; /* for the thread that takes: a visit, the end */
    pthread_cond_t is_late; /* for the one that answers late visits: the first one, the end */
    struct visit *first, **last;
    struct visit *due_first, *due_last;
    unsigned wait_ms;
    size_t under_way; /* added, and not freed */
    bool has_ended;
    atomic_bool is_away;
    _Atomic uint64_t answers[STORE_ANSWER_COUNT];
};

struct visit_queue *visit_queue_create(unsigned wait_ms)
{
    struct visit_queue *queue = calloc(1, sizeof(*queue));

    if (queue == NULL)
        return NULL;
    pthread_mutex_init(&queue->lock, NULL);
    wait_cond_init(&queue->changed);
    wait_cond_init(&queue->is_late);
    queue->last = &queue->first;
    queue->wait_ms = wait_ms;
    return queue;
}

void visit_queue_destroy(struct visit_queue *queue)
{
    if (queue == NULL)
        return;
    pthread_cond_destroy(&queue->is_late);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

static void append(struct visit_queue *queue, struct visit *visit)
{
    visit->next = NULL;
    *queue->last = visit;
    queue->last = &visit->next;
    visit->earlier_due = queue->due_last;
    visit->later_due = NULL;
    if (queue->due_last != NULL)
        queue->due_last->later_due = visit;
    else
        queue->due_first = visit;
    queue->due_last = visit;
}

/* From now on nobody else answers it. */
static void claim(struct visit_queue *queue, struct visit *visit)
{
    visit->is_answered = true;
    if (visit->earlier_due != NULL)
        visit->earlier_due->later_due = visit->later_due;
    else
        queue->due_first = visit->later_due;
    if (visit->later_due != NULL)
        visit->later_due->earlier_due = visit->earlier_due;
    else
        queue->due_last = visit->earlier_due;
}

enum store_answer visit_queue_add(struct visit_queue *queue, struct visit *visit)
{
    enum store_answer refused = STORE_ANSWERED;

    pthread_mutex_lock(&queue->lock);
    if (queue->is_away || queue->has_ended) {
        refused = STORE_AWAY;
    } else if (queue->under_way >= STORE_WAITING_MAX) {
        refused = STORE_BUSY;
    } else {
        const bool was_empty = queue->first == NULL, nothing_due = queue->due_first == NULL;

        visit->due = clock_moment_after(queue->wait_ms);
        visit->is_answered = false;
        append(queue, visit);
        queue->under_way++;
        if (was_empty)
            pthread_cond_signal(&queue->changed);
        if (nothing_due)
            pthread_cond_signal(&queue->is_late);
    }
    pthread_mutex_unlock(&queue->lock);
    return refused;
}

size_t visit_queue_take(struct visit_queue *queue, struct visit **batch, size_t max, const struct timespec *moment)
{
    size_t count = 0;

    pthread_mutex_lock(&queue->lock);
    while (queue->first == NULL && !queue->has_ended && wait_cond_until(&queue->changed, &queue->lock, moment))
        ;
    while (count < max && queue->first != NULL) {
        batch[count++] = queue->first;
        queue->first = queue->first->next;
    }
    if (queue->first == NULL)
        queue->last = &queue->first;
    pthread_mutex_unlock(&queue->lock);
    return count;
}

/* Whoever waits is called, with no lock held. */
static void call(struct visit_queue *queue, const struct visit *visit)
{
    visit_queue_count(queue, visit->asked.answer);
    visit->done(visit->context, visit->asked.answer,
                visit->asked.answer == STORE_ANSWERED ? &visit->asked.decision : NULL);
}

/* Claims what nobody has answered. Returns how many were answered late. */
static size_t claim_batch(struct visit_queue *queue, struct visit *const *batch, size_t count, bool *is_ours)
{
    size_t late = 0;

    pthread_mutex_lock(&queue->lock);
    for (size_t i = 0; i < count; i++) {
        is_ours[i] = !batch[i]->is_answered;
        if (is_ours[i])
            claim(queue, batch[i]);
        late += !is_ours[i];
    }
    queue->under_way -= count;
    if (queue->has_ended && queue->under_way == 0)
        pthread_cond_signal(&queue->is_late);
    pthread_mutex_unlock(&queue->lock);
    return late;
}

/* Not by the thread that answers them: a log may take as long as a store, and whoever is next would wait for it. */
static void tell_late(const struct visit_queue *queue, size_t late)
{
    if (late > 0)
        log_warning("greylist: the store has not answered %zu recipient%s within %u ms; their messages went on", late,
                    late == 1 ? "" : "s", queue->wait_ms);
}

void visit_queue_answer(struct visit_queue *queue, struct visit *const *batch, size_t count)
{
    bool is_ours[BACKEND_BATCH_MAX];
    size_t late = 0;

    for (size_t begin = 0; begin < count; begin += BACKEND_BATCH_MAX) {
        const size_t part = count - begin < BACKEND_BATCH_MAX ? count - begin : BACKEND_BATCH_MAX;

        late += claim_batch(queue, batch + begin, part, is_ours);
        for (size_t i = 0; i < part; i++) {
            if (is_ours[i])
                call(queue, batch[begin + i]);
            free(batch[begin + i]);
        }
    }
    tell_late(queue, late);
}

void visit_queue_set_away(struct visit_queue *queue, bool is_away)
{
    struct visit *batch[BACKEND_BATCH_MAX];
    const struct timespec now = clock_moment_after(0);
    size_t count;

    pthread_mutex_lock(&queue->lock);
    queue->is_away = is_away;
    pthread_mutex_unlock(&queue->lock);
    while (is_away && (count = visit_queue_take(queue, batch, BACKEND_BATCH_MAX, &now)) > 0) {
        for (size_t i = 0; i < count; i++)
            batch[i]->asked.answer = STORE_AWAY;
        visit_queue_answer(queue, batch, count);
    }
}

static bool is_past(const struct timespec *moment)
{
    const struct timespec now = clock_moment_after(0);

    return moment->tv_sec != now.tv_sec ? moment->tv_sec < now.tv_sec : moment->tv_nsec <= now.tv_nsec;
}

/* Waits for the next one that is due, and claims it; the copy is what is left to the caller, since the visit itself is
 * that of whoever takes it. False: the queue has ended. */
static bool next_late(struct visit_queue *queue, struct visit *late)
{
    bool has_one = false;

    pthread_mutex_lock(&queue->lock);
    while (!has_one && !(queue->has_ended && queue->under_way == 0)) {
        const struct timespec moment = queue->due_first != NULL ? queue->due_first->due : clock_moment_after(60000);

        has_one = queue->due_first != NULL && is_past(&moment);
        if (!has_one)
            (void)wait_cond_until(&queue->is_late, &queue->lock, &moment);
    }
    if (has_one) {
        late->done = queue->due_first->done;
        late->context = queue->due_first->context;
        claim(queue, queue->due_first);
    }
    pthread_mutex_unlock(&queue->lock);
    return has_one;
}

void visit_queue_answer_late(struct visit_queue *queue)
{
    struct visit late = {.asked = {.answer = STORE_SLOW}};

    while (next_late(queue, &late))
        call(queue, &late);
}

void visit_queue_end(struct visit_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->has_ended = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_cond_broadcast(&queue->is_late);
    pthread_mutex_unlock(&queue->lock);
}

bool visit_queue_has_ended(struct visit_queue *queue)
{
    bool has_ended;

    pthread_mutex_lock(&queue->lock);
    has_ended = queue->has_ended;
    pthread_mutex_unlock(&queue->lock);
    return has_ended;
}

void visit_queue_wait_for_end(struct visit_queue *queue, const struct timespec *moment)
{
    pthread_mutex_lock(&queue->lock);
    while (!queue->has_ended && wait_cond_until(&queue->changed, &queue->lock, moment))
        ;
    pthread_mutex_unlock(&queue->lock);
}

void visit_queue_count(struct visit_queue *queue, enum store_answer answer)
{
    atomic_fetch_add_explicit(&queue->answers[answer], 1, memory_order_relaxed);
}

uint64_t visit_queue_answers(const struct visit_queue *queue, enum store_answer answer)
{
    return atomic_load_explicit(&queue->answers[answer], memory_order_relaxed);
}

bool visit_queue_is_away(const struct visit_queue *queue)
{
    return queue->is_away;
}
