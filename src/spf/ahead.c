/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks what is planned, takes the answers, and waits for those that are due. */
#include "spf/ahead.h"

#include "base/log.h"
#include "base/log_value.h"
#include "base/stats.h"
#include "base/wait.h"
#include "spf/ahead_plan.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    LATE_MS = 200,      /* how long is waited past the deadline for a DNS that is late */
    UNDER_WAY_MAX = 24, /* queries at a time: more of them would not be for one message alone */
};

struct ahead {
    struct dns *dns;
    int64_t deadline_ms;
    atomic_uint *running;          /* for one without an evaluation, else NULL */
    struct spf_question *question; /* its copy; else NULL */

    pthread_mutex_t lock; /* covers all below; a leaf */
    pthread_cond_t arrived;
    struct ahead_plan plan;
    const struct plan_question *awaited; /* what the evaluation waits for */
    const struct plan_question *blocker; /* what it will wait for in any case, as far as is known */
    pthread_t evaluator;                 /* its thread */
    unsigned users;                      /* the evaluation, and each question on its way */
    bool is_closed;                      /* nothing is asked any more */
    bool is_planning;                    /* what can be foreseen is asked */
    bool is_sending;                     /* a thread does that now */
    bool has_news;                       /* it has to look again */
};

static void take_answer(void *context, const struct dns_answer *answer);

struct ahead *ahead_create(struct dns *dns, const struct spf_question *question, int64_t deadline_ms, int64_t now_s)
{
    struct ahead *ahead = calloc(1, sizeof(*ahead));

    if (!ahead)
        return NULL;
    ahead->dns = dns;
    ahead->deadline_ms = deadline_ms;
    ahead->evaluator = pthread_self();
    ahead->users = 1;
    ahead_plan_init(&ahead->plan, question, now_s, ahead);
    pthread_mutex_init(&ahead->lock, NULL);
    wait_cond_init(&ahead->arrived);
    return ahead;
}

/* Takes the lock's holder out of the users, gives the lock back, and frees what nobody uses any more. */
static void leave(struct ahead *ahead)
{
    unsigned users = --ahead->users;

    pthread_mutex_unlock(&ahead->lock);
    if (users > 0)
        return;
    ahead_plan_free(&ahead->plan);
    pthread_cond_destroy(&ahead->arrived);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead->question);
    if (ahead->running)
        atomic_fetch_sub_explicit(ahead->running, 1, memory_order_relaxed);
    free(ahead);
}

/* Asks one question; the lock is given back for that. */
static void send_question(struct ahead *ahead, struct plan_question *question)
{
    ahead->users++;
    pthread_mutex_unlock(&ahead->lock);
    dns_query(ahead->dns, question->name, question->type, ahead->deadline_ms, take_answer, question);
    pthread_mutex_lock(&ahead->lock);
}

/* Wakes the evaluation if what it waits for is there, unless it would only come to wait for something else. */
static void wake(struct ahead *ahead)
{
    if (!ahead->awaited || !ahead->awaited->answer)
        return;
    if (ahead->blocker && !ahead->blocker->answer)
        ahead->awaited = ahead->blocker;
    else
        pthread_cond_signal(&ahead->arrived);
}

/* Asks what can be foreseen. Answers that come at once, or from other threads meanwhile, are looked at by the thread
 * that asks, so that nothing is called from within itself. */
static void go_on(struct ahead *ahead)
{
    ahead->has_news = true;
    if (ahead->is_sending || ahead->is_closed || !ahead->is_planning)
        return;
    ahead->is_sending = true;
    while (ahead->has_news && !ahead->is_closed) {
        struct plan_question *question;

        ahead->has_news = false;
        if (clock_monotonic_ms(ahead->dns->clock) >= ahead->deadline_ms)
            break;
        ahead->blocker = ahead_plan_run(&ahead->plan);
        wake(ahead);
        while (!ahead->is_closed && ahead->users <= UNDER_WAY_MAX &&
               (question = ahead_plan_next(&ahead->plan)) != NULL) {
            stats_add(STATS_DNS_AHEAD, 1);
            send_question(ahead, question);
        }
    }
    ahead->is_sending = false;
}

/* Without an evaluation, only the cache has the answers; what it does not keep would be asked twice. */
static bool is_lost(const struct ahead *ahead, const struct dns_answer *answer)
{
    return ahead->question && answer->ttl_s == 0 && answer->status != DNS_TIMEOUT && answer->status != DNS_FAILURE;
}

static void take_answer(void *context, const struct dns_answer *answer)
{
    struct plan_question *question = context;
    struct ahead *ahead = question->owner;

    pthread_mutex_lock(&ahead->lock);
    ahead_plan_answer(&ahead->plan, question, answer);
    ahead->is_planning |= !pthread_equal(pthread_self(), ahead->evaluator); /* it took a round trip */
    ahead->is_closed |= is_lost(ahead, answer);
    go_on(ahead);
    wake(ahead);
    leave(ahead);
}

static void wait_for(struct ahead *ahead, const struct plan_question *question)
{
    int64_t left_ms = ahead->deadline_ms - clock_monotonic_ms(ahead->dns->clock);
    struct timespec moment = clock_moment_after((left_ms > 0 ? left_ms : 0) + LATE_MS);
    char shown[LOG_VALUE_SIZE];

    ahead->awaited = question;
    while (!ahead->awaited->answer && wait_cond_until(&ahead->arrived, &ahead->lock, &moment))
        ;
    ahead->awaited = NULL;
    if (question->answer)
        return;
    log_warning("DNS: nothing was heard of %s %s at its deadline", log_word(question->name, shown),
                dns_type_name(question->type));
    stats_add(STATS_DNS_TIMEOUTS, 1);
}

const struct dns_answer *ahead_ask(struct ahead *ahead, const char *name, enum dns_type type)
{
    struct plan_question *question;
    const struct dns_answer *answer = NULL;

    pthread_mutex_lock(&ahead->lock);
    question = ahead_plan_find(&ahead->plan, name, type);
    if (!question) {
        question = ahead_plan_add(&ahead->plan, name, type);
        if (question)
            send_question(ahead, question);
    }
    if (question && !question->answer) {
        ahead->is_planning = true;
        go_on(ahead);
        wait_for(ahead, question);
    }
    if (question)
        answer = question->answer ? dns_answer_acquire(question->answer) : dns_answer_empty(DNS_TIMEOUT, 0);
    pthread_mutex_unlock(&ahead->lock);
    return answer;
}

void ahead_close(struct ahead *ahead)
{
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->is_closed = true;
    leave(ahead);
}

/* Appends a text to what a copy has room for. */
static const char *put_text(char **room, const char *text)
{
    size_t size = strlen(text) + 1;
    const char *copy = memcpy(*room, text, size);

    *room += size;
    return copy;
}

/* With its texts behind it. NULL if out of memory. */
static struct spf_question *copy_question(const struct spf_question *question)
{
    size_t texts =
        strlen(question->helo) + strlen(question->local) + strlen(question->domain) + strlen(question->receiver) + 4;
    struct spf_question *copy = malloc(sizeof(*copy) + texts);
    char *room;

    if (!copy)
        return NULL;
    room = (char *)(copy + 1);
    *copy = *question;
    copy->helo = put_text(&room, question->helo);
    copy->local = put_text(&room, question->local);
    copy->domain = put_text(&room, question->domain);
    copy->receiver = put_text(&room, question->receiver);
    copy->trace = NULL;
    return copy;
}

void ahead_send(struct dns *dns, const struct spf_question *question, int64_t deadline_ms, int64_t now_s,
                atomic_uint *running)
{
    struct spf_question *copy = copy_question(question);
    struct ahead *ahead = copy ? ahead_create(dns, copy, deadline_ms, now_s) : NULL;

    if (!ahead) {
        free(copy);
        return;
    }
    ahead->question = copy;
    ahead->running = running;
    atomic_fetch_add_explicit(running, 1, memory_order_relaxed);
    pthread_mutex_lock(&ahead->lock);
    ahead->is_planning = true;
    go_on(ahead);
    leave(ahead);
}
