/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides who waits for which question, how long, and what is asked when. */
#include "dns/dns_exchange.h"

#include "base/stats.h"

enum {
    LIFE_MS = 10 * 1000,    /* how long a question is kept at the backend, if nobody wants it for longer */
    TRY_LIFE_MS = 5 * 1000, /* the same while nothing is answered: time for the second of two servers */
    PATIENCE_MS = 500,      /* how long a name is waited for that failed before, or has an answer to fall back on
                               (RFC 8767 5: the client response timer) */
};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void wake_at(struct dns_exchange *exchange, int64_t due_ms)
{
    exchange->due_ms = smaller(exchange->due_ms, due_ms);
}

/* Says how long an asker waits, as things are. */
static void set_limit(struct dns_exchange *exchange, const struct dns_question *question, struct dns_asker *asker,
                      int64_t now_ms)
{
    int64_t limit_ms = INT64_MAX;

    if (exchange->outage.is_on)
        limit_ms = now_ms + DNS_OUTAGE_PATIENCE_MS;
    else if (question->is_doubtful || question->stale)
        limit_ms = larger(now_ms, question->asked_ms + PATIENCE_MS);
    asker->limit_ms = smaller(asker->deadline_ms, limit_ms);
    wake_at(exchange, asker->limit_ms);
}

static void set_limits(struct dns_exchange *exchange, int64_t now_ms)
{
    for (struct dns_question *question = exchange->pending.oldest; question; question = question->newer)
        for (struct dns_asker *asker = question->askers; asker; asker = asker->next)
            set_limit(exchange, question, asker, now_ms);
}

static bool is_idle(const struct dns_exchange *exchange, const struct dns_question *question)
{
    return !question->askers && question->under_way == 0 && question != exchange->kept;
}

/* In an outage, makes this the question that goes on being asked. */
static void keep_asking(struct dns_exchange *exchange, struct dns_question *question)
{
    struct dns_question *before = exchange->kept;

    exchange->kept = question;
    if (before && before != question && is_idle(exchange, before))
        dns_pending_remove(&exchange->pending, before);
}

/* Counts the question as asked; the caller does that, with the deadline that is returned, as soon as it has given the
 * lock back. */
static int64_t prepare(struct dns_exchange *exchange, struct dns_question *question, int64_t now_ms)
{
    int64_t until_ms = now_ms + (exchange->outage.is_on ? TRY_LIFE_MS : LIFE_MS);

    if (question->is_waiting || question->under_way == 0)
        question->asked_ms = now_ms;
    question->is_waiting = false;
    question->under_way++;
    if (exchange->outage.is_on)
        keep_asking(exchange, question);
    else
        for (const struct dns_asker *asker = question->askers; asker; asker = asker->next)
            until_ms = larger(until_ms, asker->deadline_ms);
    question->until_ms = larger(question->until_ms, until_ms);
    return until_ms;
}

/* A question has had no answer so far: its name, or all servers, are to blame. */
static void blame(struct dns_exchange *exchange, struct dns_question *question, bool gave_up, int64_t now_ms,
                  struct dns_exchange_work *work)
{
    bool was_on = exchange->outage.is_on;
    enum dns_silence silence = dns_outage_judge(&exchange->outage, question->asked_ms, gave_up, now_ms);

    if (silence == DNS_SILENCE_TOO_SHORT)
        return;
    question->is_doubtful = true;
    if (silence == DNS_SILENCE_OF_NAME && !question->was_blamed) {
        question->was_blamed = true;
        dns_memory_keep_failure(exchange->memory, &question->key, DNS_TIMEOUT);
    }
    if (was_on || !exchange->outage.is_on)
        return;
    stats_add(STATS_DNS_OUTAGES, 1);
    work->outage_began = true;
    work->outage_ms = now_ms - question->asked_ms;
    keep_asking(exchange, question);
    set_limits(exchange, now_ms);
    wake_at(exchange, exchange->outage.next_again_ms);
}

/* Something was answered, by whichever server. After an outage everything is asked that still waits. */
static void note_answer(struct dns_exchange *exchange, int64_t now_ms, struct dns_exchange_work *work)
{
    if (!dns_outage_answered(&exchange->outage, now_ms))
        return;
    work->outage_ended = true;
    work->outage_ms = now_ms - exchange->outage.began_ms;
    keep_asking(exchange, NULL);
    for (struct dns_question *question = exchange->pending.oldest; question; question = question->newer) {
        question->is_waiting = true;
        question->asked_ms = now_ms;
    }
    set_limits(exchange, now_ms);
    wake_at(exchange, now_ms);
}

static void take_answer(struct dns_exchange *exchange, struct dns_question *question, const struct dns_answer *answer)
{
    if (answer->is_fault)
        return;
    if (answer->status == DNS_FAILURE)
        dns_memory_keep_failure(exchange->memory, &question->key, DNS_FAILURE);
    else
        dns_memory_keep(exchange->memory, &question->key, answer);
}

/* Gives the askers whose limit is `until_ms` or earlier what there is for them; returns how many. */
static size_t answer_askers(struct dns_question *question, int64_t until_ms, const struct dns_answer *answer,
                            struct dns_exchange_work *work)
{
    size_t count = dns_question_answer(question, until_ms, answer, &work->answered);

    if (question->stale && (answer->status == DNS_TIMEOUT || answer->status == DNS_FAILURE))
        stats_add(STATS_DNS_CACHE_STALE, count);
    return count;
}

/* Gives all askers their answer, and forgets the question. */
static void finish(struct dns_exchange *exchange, struct dns_question *question, const struct dns_answer *answer,
                   struct dns_exchange_work *work)
{
    answer_askers(question, INT64_MAX, answer, work);
    if (question != exchange->kept)
        dns_pending_remove(&exchange->pending, question);
}

/* Answers whoever can wait no longer for this question; forgets one that nobody asks for any more before it was sent.
 */
static void expire(struct dns_exchange *exchange, struct dns_question *question, int64_t now_ms,
                   struct dns_exchange_work *work)
{
    size_t expired = answer_askers(question, now_ms, dns_answer_empty(DNS_TIMEOUT, 0), work);

    if (expired > 0 && question->under_way == 0)
        stats_add(STATS_DNS_CACHE_FAILURES, expired);
    else if (expired > 0)
        blame(exchange, question, false, now_ms, work);
    for (const struct dns_asker *asker = question->askers; asker; asker = asker->next)
        wake_at(exchange, asker->limit_ms);
    if (is_idle(exchange, question))
        dns_pending_remove(&exchange->pending, question);
}

static void expire_all(struct dns_exchange *exchange, int64_t now_ms, struct dns_exchange_work *work)
{
    for (struct dns_question *question = exchange->pending.oldest, *newer; question; question = newer) {
        newer = question->newer;
        expire(exchange, question, now_ms, work);
    }
}

static void add_to_send(struct dns_exchange *exchange, struct dns_question *question, int64_t now_ms,
                        struct dns_question **list)
{
    question->send_until_ms = prepare(exchange, question, now_ms);
    question->next_to_send = *list;
    *list = question;
}

/* What is to be asked now: all that waits; but in an outage one question, and a new one rather than an old. */
static struct dns_question *choose_to_send(struct dns_exchange *exchange, int64_t now_ms)
{
    struct dns_question *list = NULL, *question;

    if (!exchange->outage.is_on) {
        for (question = exchange->pending.oldest; question; question = question->newer)
            if (question->is_waiting)
                add_to_send(exchange, question, now_ms, &list);
        return list;
    }
    for (question = exchange->pending.newest; question && !question->is_waiting; question = question->older)
        ;
    if (question && dns_outage_admits(&exchange->outage, now_ms))
        add_to_send(exchange, question, now_ms, &list);
    else if (exchange->kept && dns_outage_repeats(&exchange->outage, now_ms))
        add_to_send(exchange, exchange->kept, now_ms, &list);
    wake_at(exchange, question ? exchange->outage.next_new_ms : exchange->outage.next_again_ms);
    return list;
}

/* A new question, unless by now it need not be asked; `known` is brought up to date, as the answer may have come a
 * moment ago. */
static struct dns_question *add_question(struct dns_exchange *exchange, const struct dns_key *key, const char *name,
                                         struct dns_recollection *known, int64_t now_ms)
{
    struct dns_question *question = NULL;

    dns_answer_release(known->answer);
    *known = dns_memory_recall(exchange->memory, key);
    if (known->is_due)
        question = dns_pending_add(&exchange->pending, key, name);
    if (!question)
        return NULL;
    question->owner = exchange;
    question->asked_ms = now_ms;
    question->is_waiting = true;
    question->is_doubtful = known->has_failed;
    return question;
}

static void add_asker(struct dns_exchange *exchange, struct dns_question *question, struct dns_asker *asker,
                      struct dns_recollection *known, int64_t now_ms)
{
    if (!question->stale) {
        question->stale = known->answer;
        known->answer = NULL;
    }
    set_limit(exchange, question, asker, now_ms);
    asker->next = question->askers;
    question->askers = asker;
}

enum dns_turn dns_exchange_join(struct dns_exchange *exchange, const struct dns_key *key, const char *name,
                                struct dns_asker *asker, struct dns_recollection *known, int64_t now_ms,
                                struct dns_sending *sending)
{
    struct dns_question *question;

    if (exchange->is_stopping)
        return DNS_TURN_STOPPING;
    if (exchange->outage.is_on && known->answer)
        return DNS_TURN_KNOWN;
    question = dns_pending_find(&exchange->pending, key);
    if (question)
        stats_add(STATS_DNS_CACHE_JOINED, 1);
    else
        question = add_question(exchange, key, name, known, now_ms);
    if (!question)
        return known->is_due ? DNS_TURN_NO_MEMORY : DNS_TURN_KNOWN;
    add_asker(exchange, question, asker, known, now_ms);
    if (!question->is_waiting)
        return DNS_TURN_WAITS;
    if (!dns_outage_admits(&exchange->outage, now_ms)) {
        wake_at(exchange, exchange->outage.next_new_ms);
        return DNS_TURN_WAITS;
    }
    *sending = (struct dns_sending){.question = question, .until_ms = prepare(exchange, question, now_ms)};
    return DNS_TURN_SEND;
}

bool dns_exchange_refresh(struct dns_exchange *exchange, const struct dns_key *key, const char *name, int64_t now_ms,
                          struct dns_sending *sending)
{
    struct dns_recollection known = {.is_due = true};
    struct dns_question *question;

    if (exchange->is_stopping || exchange->outage.is_on || dns_pending_find(&exchange->pending, key))
        return false;
    question = add_question(exchange, key, name, &known, now_ms);
    dns_answer_release(known.answer);
    if (!question)
        return false;
    *sending = (struct dns_sending){.question = question, .until_ms = prepare(exchange, question, now_ms)};
    return true;
}

void dns_exchange_reply(struct dns_exchange *exchange, struct dns_question *question, const struct dns_answer *answer,
                        int64_t now_ms, struct dns_exchange_work *work)
{
    bool is_answer = answer->status != DNS_TIMEOUT;

    if (is_answer)
        note_answer(exchange, now_ms, work);
    if (!dns_question_reply(question) || !question->is_in_table)
        return;
    if (is_answer)
        take_answer(exchange, question, answer);
    else if (question->under_way > 0 || question->is_waiting)
        return; /* it was asked again, or will be */
    else if (!exchange->is_stopping)
        blame(exchange, question, now_ms < question->until_ms, now_ms, work);
    finish(exchange, question, answer, work);
}

struct dns_question *dns_exchange_run_due(struct dns_exchange *exchange, int64_t now_ms, struct dns_exchange_work *work)
{
    exchange->due_ms = INT64_MAX;
    expire_all(exchange, now_ms, work);
    return choose_to_send(exchange, now_ms);
}

void dns_exchange_stop(struct dns_exchange *exchange)
{
    exchange->is_stopping = true;
    exchange->kept = NULL;
    exchange->outage.is_on = false;
}

void dns_exchange_end(struct dns_exchange *exchange, struct dns_exchange_work *work)
{
    while (exchange->pending.oldest)
        finish(exchange, exchange->pending.oldest, dns_answer_empty(DNS_TIMEOUT, 0), work);
}
