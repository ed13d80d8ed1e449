/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a walk on the answers of the DNS. */
#include "spf/evaluation.h"

#include "base/stats.h"
#include "spf/zone_wait.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    LOOKAHEAD_MAX = 16, /* lookups at a time, unless they are needed: more would not be for one message alone */
    UNDER_WAY_MAX = 48, /* those that are needed, too: no walk needs half as many at once */
};

struct evaluation {
    struct evaluation_setup setup;

    pthread_mutex_t lock; /* covers all below; a leaf */
    struct walk walk;
    unsigned users, under_way;
    int64_t begun_ms;
    pthread_t runner; /* the thread that walks and asks */
    unsigned turn;    /* counted up whenever a thread begins to */
    bool is_running;  /* there is one */
    bool has_news;    /* it has to walk again */
    bool is_at_once;  /* it has to before it asks on, as an answer came while it asked */
    bool is_over;     /* nothing is asked any more */
    bool is_told;     /* `done` was called, or will not be */
    bool is_late;     /* the deadline is over */
    bool is_lost;     /* it ended early */
    uint64_t cached;  /* for a trace: answers out of the DNS cache so far, of all evaluations */
};

static void take_answer(void *context, const struct dns_answer *answer);

struct evaluation *evaluation_create(const struct evaluation_setup *setup)
{
    struct evaluation *evaluation = malloc(sizeof(*evaluation));

    if (!evaluation) {
        dns_answer_release(setup->survey);
        return NULL;
    }
    evaluation->setup = *setup;
    if (setup->under_way_max == 0)
        evaluation->setup.under_way_max = UNDER_WAY_MAX;
    evaluation->users = 1;
    evaluation->under_way = 0;
    evaluation->begun_ms = 0;
    evaluation->turn = 0;
    evaluation->is_running = evaluation->has_news = evaluation->is_at_once = false;
    evaluation->is_over = evaluation->is_told = evaluation->is_late = evaluation->is_lost = false;
    evaluation->cached = 0;
    walk_init(&evaluation->walk, setup->request, setup->now_s, setup->has_lookahead, evaluation);
    if (setup->survey)
        walk_begin_survey(&evaluation->walk, setup->survey);
    pthread_mutex_init(&evaluation->lock, NULL);
    return evaluation;
}

/* Counts the lookahead that was of use. */
static void count_used(const struct lookups *lookups)
{
    uint64_t used = 0;

    for (const struct lookup *lookup = lookups->first; lookup; lookup = lookup->next)
        used += lookup->is_ahead && lookup->is_needed;
    stats_add(STATS_DNS_LOOKAHEAD_USED, used);
}

/* Takes the lock's holder out of the users, gives the lock back, and frees what nobody uses any more. */
static void leave(struct evaluation *evaluation)
{
    unsigned users = --evaluation->users;

    pthread_mutex_unlock(&evaluation->lock);
    if (users > 0)
        return;
    count_used(&evaluation->walk.lookups);
    walk_free(&evaluation->walk);
    pthread_mutex_destroy(&evaluation->lock);
    free(evaluation);
}

static int64_t now_ms(const struct evaluation *evaluation)
{
    return clock_monotonic_ms(evaluation->setup.dns->clock);
}

/* Sends one lookup; the lock is given back for that. */
static void send_lookup(struct evaluation *evaluation, struct lookup *lookup)
{
    struct dns *dns = evaluation->setup.dns;
    int64_t limit_ms;
    bool is_slow;

    lookup->is_sent = true;
    lookup->sent_ms = now_ms(evaluation);
    evaluation->under_way++;
    evaluation->users++;
    lookup->is_ahead = !lookup->is_needed;
    stats_add(STATS_DNS_LOOKAHEAD, lookup->is_ahead);
    pthread_mutex_unlock(&evaluation->lock);
    is_slow = dns_is_slow(dns, lookup->name);
    pthread_mutex_lock(&evaluation->lock);
    zone_wait_enter(&evaluation->walk.lookups, lookup, is_slow, lookup->sent_ms);
    limit_ms = zone_wait_limit(&evaluation->walk.lookups, lookup, evaluation->setup.deadline_ms, lookup->sent_ms);
    pthread_mutex_unlock(&evaluation->lock);
    dns_query(dns, lookup->name, lookup->type, limit_ms, take_answer, lookup);
    pthread_mutex_lock(&evaluation->lock);
}

/* RFC 7208 4.6.4: a limit in time. Past it nothing is asked, and what is missing has timed out. */
static void time_out(struct evaluation *evaluation, struct lookup *lookup)
{
    lookups_answer(&evaluation->walk.lookups, lookup, dns_answer_empty(DNS_TIMEOUT, 0));
    evaluation->has_news = evaluation->is_at_once = true;
}

/* How many lookups may be under way while this one is sent. */
static unsigned bound_of(const struct evaluation *evaluation, const struct lookup *lookup)
{
    const unsigned most = evaluation->setup.under_way_max;

    return lookup->is_needed || most < LOOKAHEAD_MAX ? most : LOOKAHEAD_MAX;
}

/* Sends what the walk wants. Where answers come at once, the rest may not be wanted any more. */
static void send_wanted(struct evaluation *evaluation, unsigned turn)
{
    struct lookups *lookups = &evaluation->walk.lookups;
    const int64_t asked_ms = now_ms(evaluation);

    zone_wait_note_needed(lookups, asked_ms);
    evaluation->is_late |= asked_ms >= evaluation->setup.deadline_ms;
    evaluation->is_at_once = false;
    for (struct lookup *lookup = lookups->first; lookup; lookup = lookup->next) {
        if (evaluation->is_at_once || evaluation->turn != turn || evaluation->is_over)
            return;
        if (!lookup_is_wanted(lookups, lookup))
            continue;
        if (evaluation->is_late)
            time_out(evaluation, lookup);
        else if (evaluation->under_way < bound_of(evaluation, lookup))
            send_lookup(evaluation, lookup);
    }
}

/* Walks and asks as long as there is news. An answer that comes at once is looked at by the thread that asks, so that
 * nothing is called from within itself. One that comes on another thread meanwhile has that thread go on instead. */
static void go_on(struct evaluation *evaluation)
{
    unsigned turn;

    evaluation->has_news = true;
    if (evaluation->is_running && pthread_equal(evaluation->runner, pthread_self())) {
        evaluation->is_at_once = true;
        return;
    }
    turn = ++evaluation->turn;
    evaluation->runner = pthread_self();
    evaluation->is_running = true;
    while (evaluation->turn == turn && evaluation->has_news && !evaluation->is_over) {
        evaluation->has_news = false;
        evaluation->is_over = walk_run(&evaluation->walk);
        if (!evaluation->is_over)
            send_wanted(evaluation, turn);
    }
    if (evaluation->turn == turn)
        evaluation->is_running = false;
}

/* Ends the lookups whose answers are of no use any more; the lock is given back for each. */
static void cancel_rest(struct evaluation *evaluation)
{
    for (struct lookup *lookup = evaluation->walk.lookups.first; lookup && evaluation->under_way > 0;
         lookup = lookup->next) {
        if (!lookup->is_sent || lookup->answer)
            continue;
        pthread_mutex_unlock(&evaluation->lock);
        dns_cancel(evaluation->setup.dns, lookup->name, lookup->type, take_answer, lookup);
        pthread_mutex_lock(&evaluation->lock);
    }
}

/* Tells the DNS which zones were slow; the lock is given back for that, as nothing is added to a walk that is over. */
static void report_zones(struct evaluation *evaluation)
{
    if (evaluation->is_lost)
        return;
    pthread_mutex_unlock(&evaluation->lock);
    zone_wait_report(&evaluation->walk.lookups, evaluation->setup.dns, evaluation->begun_ms,
                     evaluation->setup.deadline_ms, now_ms(evaluation));
    pthread_mutex_lock(&evaluation->lock);
}

/* Leaves, and tells that the walk is done if nobody has. */
static void tell(struct evaluation *evaluation)
{
    bool is_news = evaluation->is_over && !evaluation->is_running && !evaluation->is_told;
    struct evaluation_setup setup = evaluation->setup;

    evaluation->is_told |= is_news;
    if (is_news) {
        cancel_rest(evaluation);
        report_zones(evaluation);
    }
    leave(evaluation);
    if (is_news)
        setup.done(setup.context);
}

/* True where an evaluation for the cache alone gets what that does not keep: it would be asked for twice. */
static bool is_lost(const struct evaluation *evaluation, const struct dns_answer *answer)
{
    return evaluation->setup.is_kept_only && answer->ttl_s == 0 && !answer_is_failure(answer);
}

/* Notes when an answer came, and for a trace, which is for an evaluation that is alone in its process, whence. */
static void note_arrival(struct evaluation *evaluation, struct lookup *lookup)
{
    uint64_t cached;

    lookup->answered_ms = now_ms(evaluation);
    if (!evaluation->setup.request->trace)
        return;
    cached = stats_get(STATS_DNS_CACHE_HITS) + stats_get(STATS_DNS_CACHE_STALE) + stats_get(STATS_DNS_CACHE_FAILURES);
    lookup->is_cached = cached > evaluation->cached;
    evaluation->cached = cached;
}

static void take_answer(void *context, const struct dns_answer *answer)
{
    struct lookup *lookup = context;
    struct evaluation *evaluation = lookup->owner;

    pthread_mutex_lock(&evaluation->lock);
    evaluation->under_way--;
    if (evaluation->is_over) { /* nobody waits for it any more */
        dns_answer_release(answer);
    } else {
        note_arrival(evaluation, lookup);
        zone_wait_count(lookup, answer_is_failure(answer), lookup->answered_ms);
        lookups_answer(&evaluation->walk.lookups, lookup, answer);
        evaluation->is_lost = evaluation->is_over = is_lost(evaluation, answer);
        go_on(evaluation);
    }
    tell(evaluation);
}

void evaluation_begin(struct evaluation *evaluation)
{
    pthread_mutex_lock(&evaluation->lock);
    evaluation->users++;
    evaluation->begun_ms = now_ms(evaluation);
    go_on(evaluation);
    tell(evaluation);
}

void evaluation_cancel(struct evaluation *evaluation)
{
    pthread_mutex_lock(&evaluation->lock);
    evaluation->users++;
    if (!evaluation->is_over) /* else its walk is somebody's already */
        evaluation->is_over = evaluation->is_lost = true;
    tell(evaluation);
}

struct walk *evaluation_walk(struct evaluation *evaluation)
{
    return evaluation->is_lost ? NULL : &evaluation->walk;
}

void evaluation_release(struct evaluation *evaluation)
{
    pthread_mutex_lock(&evaluation->lock);
    evaluation->is_over = evaluation->is_told = true;
    leave(evaluation);
}
