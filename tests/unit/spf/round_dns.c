/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DNS of rounds: a queue, and the thread that answers it. */
#include "unit/spf/round_dns.h"

#include "conformance/suite_dns.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

struct round_question {
    char name[DNS_NAME_MAX + 1];
    enum dns_type type;
    unsigned round;
    dns_callback done; /* NULL: answered */
    void *context;
};

struct round_dns {
    struct dns dns;
    struct dns *zone;
    pthread_t thread;
    pthread_mutex_t lock; /* covers all below */
    pthread_cond_t changed;
    struct round_question questions[ROUND_QUESTIONS];
    unsigned asked, answering;
    unsigned last_round; /* of the answers so far */
    bool is_held, is_ending;
};

static _Thread_local unsigned round_of_callback;

static void round_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                        void *context)
{
    struct round_dns *rounds = (struct round_dns *)dns;
    struct round_question *question;

    (void)deadline_ms;
    pthread_mutex_lock(&rounds->lock);
    if (rounds->asked == ROUND_QUESTIONS)
        abort();
    question = &rounds->questions[rounds->asked++];
    snprintf(question->name, sizeof(question->name), "%s", name);
    question->type = type;
    question->round = (round_of_callback > 0 ? round_of_callback : rounds->last_round) + 1;
    question->done = done;
    question->context = context;
    pthread_cond_broadcast(&rounds->changed);
    pthread_mutex_unlock(&rounds->lock);
}

/* The open question of the earliest round; NULL if there is none. */
static struct round_question *choose(struct round_dns *rounds)
{
    struct round_question *chosen = NULL;

    for (unsigned i = 0; i < rounds->asked; i++) {
        struct round_question *question = &rounds->questions[i];

        if (strcasecmp(question->name, ROUND_NEVER) == 0 && !rounds->is_ending)
            continue;
        if (question->done && (!chosen || question->round < chosen->round))
            chosen = question;
    }
    return chosen;
}

static void keep(void *context, const struct dns_answer *answer)
{
    *(const struct dns_answer **)context = answer;
}

/* Answers one question; the lock is given back for the callback. */
static void answer_one(struct round_dns *rounds, struct round_question *question)
{
    const struct dns_answer *answer = NULL;
    struct round_question asked = *question;
    const bool is_ending = rounds->is_ending;

    question->done = NULL;
    rounds->last_round = asked.round;
    rounds->answering++;
    pthread_mutex_unlock(&rounds->lock);
    if (is_ending)
        answer = dns_answer_empty(DNS_TIMEOUT, 0);
    else
        dns_query(rounds->zone, asked.name, asked.type, INT64_MAX, keep, &answer);
    round_of_callback = asked.round;
    asked.done(asked.context, answer);
    round_of_callback = 0;
    pthread_mutex_lock(&rounds->lock);
    rounds->answering--;
    pthread_cond_broadcast(&rounds->changed);
}

static void *run(void *context)
{
    struct round_dns *rounds = context;

    pthread_mutex_lock(&rounds->lock);
    for (;;) {
        struct round_question *question = rounds->is_held && !rounds->is_ending ? NULL : choose(rounds);

        if (question)
            answer_one(rounds, question);
        else if (rounds->is_ending)
            break;
        else
            pthread_cond_wait(&rounds->changed, &rounds->lock);
    }
    pthread_mutex_unlock(&rounds->lock);
    return NULL;
}

static void round_destroy(struct dns *dns)
{
    struct round_dns *rounds = (struct round_dns *)dns;

    pthread_mutex_lock(&rounds->lock);
    rounds->is_ending = true;
    pthread_cond_broadcast(&rounds->changed);
    pthread_mutex_unlock(&rounds->lock);
    pthread_join(rounds->thread, NULL);
    dns_destroy(rounds->zone);
    pthread_cond_destroy(&rounds->changed);
    pthread_mutex_destroy(&rounds->lock);
    free(rounds);
}

static const struct dns_ops round_ops = {.query = round_query, .destroy = round_destroy};

struct dns *round_dns_create(const struct clock *clock)
{
    struct round_dns *rounds = calloc(1, sizeof(*rounds));

    assert_non_null(rounds);
    rounds->dns = (struct dns){.ops = &round_ops, .clock = clock};
    rounds->zone = suite_dns_create(clock);
    assert_non_null(rounds->zone);
    pthread_mutex_init(&rounds->lock, NULL);
    pthread_cond_init(&rounds->changed, NULL);
    assert_int_equal(pthread_create(&rounds->thread, NULL, run, rounds), 0);
    return &rounds->dns;
}

void round_dns_add(struct dns *dns, const char *name, const char *type, const char *data)
{
    assert_true(suite_dns_add(((struct round_dns *)dns)->zone, name, type, 10, data, strlen(data)));
}

void round_dns_set_ttl(struct dns *dns, uint32_t ttl_s)
{
    suite_dns_set_ttl(((struct round_dns *)dns)->zone, ttl_s);
}

void round_dns_hold(struct dns *dns, bool held)
{
    struct round_dns *rounds = (struct round_dns *)dns;

    pthread_mutex_lock(&rounds->lock);
    rounds->is_held = held;
    pthread_cond_broadcast(&rounds->changed);
    pthread_mutex_unlock(&rounds->lock);
}

static void lock_settled(struct round_dns *rounds)
{
    pthread_mutex_lock(&rounds->lock);
    while (rounds->answering > 0 || (!rounds->is_held && choose(rounds)))
        pthread_cond_wait(&rounds->changed, &rounds->lock);
}

unsigned round_dns_rounds(struct dns *dns)
{
    struct round_dns *rounds = (struct round_dns *)dns;
    unsigned most = 0;

    lock_settled(rounds);
    for (unsigned i = 0; i < rounds->asked; i++)
        if (rounds->questions[i].round > most)
            most = rounds->questions[i].round;
    pthread_mutex_unlock(&rounds->lock);
    return most;
}

unsigned round_dns_questions(struct dns *dns)
{
    struct round_dns *rounds = (struct round_dns *)dns;
    unsigned asked;

    lock_settled(rounds);
    asked = rounds->asked;
    pthread_mutex_unlock(&rounds->lock);
    return asked;
}

unsigned round_dns_asked(struct dns *dns, const char *name, enum dns_type type)
{
    struct round_dns *rounds = (struct round_dns *)dns;
    unsigned count = 0;

    lock_settled(rounds);
    for (unsigned i = 0; i < rounds->asked; i++)
        count += rounds->questions[i].type == type && strcasecmp(rounds->questions[i].name, name) == 0;
    pthread_mutex_unlock(&rounds->lock);
    return count;
}

void round_dns_print(struct dns *dns)
{
    struct round_dns *rounds = (struct round_dns *)dns;

    lock_settled(rounds);
    for (unsigned i = 0; i < rounds->asked; i++)
        print_message("%u: %s %s\n", rounds->questions[i].round, rounds->questions[i].name,
                      dns_type_name(rounds->questions[i].type));
    pthread_mutex_unlock(&rounds->lock);
}

void round_dns_reset(struct dns *dns)
{
    struct round_dns *rounds = (struct round_dns *)dns;

    lock_settled(rounds);
    rounds->asked = rounds->last_round = 0;
    pthread_mutex_unlock(&rounds->lock);
}
