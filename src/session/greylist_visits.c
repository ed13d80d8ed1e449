/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the store of greylisting. */
#include "session/greylist_visits.h"

#include "base/clock.h"
#include "base/wait.h"
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

struct greylist_visit *greylist_visit_create(const struct config *settings, const char *recipient,
                                             const struct greylist_subject *subject)
{
    struct greylist_visit *visit = calloc(1, sizeof *visit);

    if (visit == NULL)
        return NULL;
    visit->recipient = strdup(recipient);
    if (visit->recipient == NULL) {
        free(visit);
        return NULL;
    }
    visit->settings = settings;
    visit->subject = *subject;
    return visit;
}

static void free_visit(struct greylist_visit *visit)
{
    if (visit != NULL)
        free(visit->recipient);
    free(visit);
}

void greylist_visits_set_present(struct greylist_visits *visits, struct greylist_visit *visit)
{
    free_visit(visits->present);
    visits->present = visit;
}

void greylist_visits_keep_present(struct greylist_visits *visits)
{
    struct greylist_visit **end = &visits->kept;

    if (visits->present == NULL)
        return;
    while (*end != NULL)
        end = &(*end)->next;
    *end = visits->present;
    visits->present = NULL;
    visits->kept_count++;
}

/* True if nobody else holds them any more. */
static bool let_go(struct greylist_visits *visits)
{
    return atomic_fetch_sub(&visits->holders, 1) == 1;
}

static void on_answer(void *context, enum store_answer answer, const struct greylist_decision *decision)
{
    struct greylist_visit *visit = context;
    struct greylist_visits *all = visit->all;

    visit->answer = (struct greylist_answer){.answer = answer};
    if (answer == STORE_ANSWERED)
        visit->answer = (struct greylist_answer){.answer = answer,
                                                 .reason = decision->reason,
                                                 .defers = decision->defers,
                                                 .wait_s = decision->wait_s,
                                                 .waited_s = decision->waited_s};
    visit->is_answered = true;
    if (let_go(all))
        all->ready(all->context);
}

/* What is decided in TestMode defers nobody, so that what is stored is as if there were no need to come back. */
static struct greylist_terms terms_of(const struct config *settings)
{
    struct greylist_terms terms = settings->greylist.terms;

    if (settings->test_mode)
        terms.mode = GREYLIST_LEARN;
    return terms;
}

static void ask(struct greylist_visits *visits, struct greylist_store *store, struct greylist_visit *visit)
{
    struct greylist_terms terms;

    if (visit == NULL || visit->is_answered)
        return;
    terms = terms_of(visit->settings);
    visit->all = visits;
    atomic_fetch_add(&visits->holders, 1);
    greylist_store_visit(store, &visit->subject, &terms, on_answer, visit);
}

bool greylist_visits_start(struct greylist_visits *visits, struct greylist_store *store, session_ready ready,
                           void *context)
{
    visits->ready = ready;
    visits->context = context;
    atomic_store(&visits->holders, 1);
    ask(visits, store, visits->present);
    for (struct greylist_visit *kept = visits->is_at_data ? visits->kept : NULL; kept != NULL; kept = kept->next)
        ask(visits, store, kept);
    return let_go(visits);
}

static void signal_event(void *context)
{
    wait_event_signal(context);
}

void greylist_visits_finish(struct greylist_visits *visits, struct greylist_store *store)
{
    struct wait_event is_answered;
    struct timespec moment;

    wait_event_init(&is_answered);
    if (!greylist_visits_start(visits, store, signal_event, &is_answered))
        do
            moment = clock_moment_after(STORE_WAIT_MS);
        while (!wait_event_until(&is_answered, &moment)); /* the store answers by itself */
    wait_event_destroy(&is_answered);
}

void greylist_visits_free(struct greylist_visits *visits)
{
    struct greylist_visit *kept = visits->kept;

    free_visit(visits->present);
    while (kept != NULL) {
        struct greylist_visit *next = kept->next;

        free_visit(kept);
        kept = next;
    }
    visits->present = visits->kept = NULL;
    visits->kept_count = 0;
}
