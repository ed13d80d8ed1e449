/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts what greylisting said. */
#include "tools/report/greylist_figures.h"

#include "dns/dns_registrable.h"
#include "spf/domain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWERS_MAX = 32,
    CONTACTS_MAX = 100000,
    KEY_SIZE = DOMAIN_TEXT_MAX + 16,
    /* A wait is counted by the second up to an hour, by the minute up to a day, by the hour up to 90 days. */
    HOUR_S = 3600,
    DAY_S = 24 * HOUR_S,
    MINUTES_FROM = HOUR_S,
    HOURS_FROM = MINUTES_FROM + (DAY_S - HOUR_S) / 60,
    STEPS = HOURS_FROM + 89 * 24,
};

struct greylist_figures {
    struct counted_table *answers, *contacts;
    uint64_t waits, steps[STEPS];
    uint32_t longest_s;
};

struct greylist_figures *greylist_figures_create(void)
{
    struct greylist_figures *figures = calloc(1, sizeof *figures);

    if (figures == NULL)
        return NULL;
    figures->answers = counted_table_create(sizeof(struct answer_figures), ANSWERS_MAX, NULL);
    figures->contacts = counted_table_create(sizeof(struct contact_figures), CONTACTS_MAX, NULL);
    if (figures->answers != NULL && figures->contacts != NULL)
        return figures;
    greylist_figures_destroy(figures);
    return NULL;
}

void greylist_figures_destroy(struct greylist_figures *figures)
{
    if (figures == NULL)
        return;
    counted_table_destroy(figures->answers);
    counted_table_destroy(figures->contacts);
    free(figures);
}

static void count_answer(struct greylist_figures *figures, const struct entry_visit *visit)
{
    struct counted *counted = counted_table_count(figures->answers, visit->answer);
    struct answer_figures *answer;

    if (counted == NULL)
        return;
    answer = counted->data;
    if (visit->deferred)
        answer->deferred++;
    else
        answer->passed++;
}

static size_t step_of(uint32_t waited_s)
{
    size_t step;

    if (waited_s < HOUR_S)
        return waited_s;
    if (waited_s <= DAY_S)
        return MINUTES_FROM + (waited_s - HOUR_S + 59) / 60 - (waited_s > HOUR_S);
    step = HOURS_FROM + (waited_s - DAY_S + HOUR_S - 1) / HOUR_S - 1;
    return step < STEPS ? step : STEPS - 1;
}

/* The most seconds that are counted there. */
static uint32_t step_end_s(size_t step)
{
    if (step < MINUTES_FROM)
        return (uint32_t)step;
    if (step < HOURS_FROM)
        return HOUR_S + 60 * (uint32_t)(step - MINUTES_FROM + 1);
    return DAY_S + HOUR_S * (uint32_t)(step - HOURS_FROM + 1);
}

static void count_wait(struct greylist_figures *figures, uint32_t waited_s)
{
    figures->waits++;
    figures->steps[step_of(waited_s)]++;
    if (waited_s > figures->longest_s)
        figures->longest_s = waited_s;
}

/* The sender's organizational domain; of the null sender that of the client, as greylisting has it. */
static const char *owner_of(const struct log_entry *message, char out[DOMAIN_TEXT_MAX + 1])
{
    const char *at = strrchr(message->sender, '@');
    const char *domain = message->name[0] != '\0' ? message->name : message->helo;
    size_t len;

    if (message->sender[0] != '\0')
        domain = at != NULL ? at + 1 : "";
    len = domain_text_strlen(domain);
    if (len > DOMAIN_TEXT_MAX)
        len = DOMAIN_TEXT_MAX;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)tolower((unsigned char)domain[i]);
    out[len] = '\0';
    return domain_can_be_asked(out) ? dns_registrable(out) : out;
}

static void note_deferral(struct greylist_figures *figures, const struct log_entry *message, const char *key)
{
    struct counted *counted = counted_table_count(figures->contacts, key);
    struct contact_figures *contact;

    if (counted == NULL)
        return;
    contact = counted->data;
    contact->last_s = message->time_s;
    contact->is_back = false;
    log_entry_copy(contact->client, sizeof contact->client, message->client, strlen(message->client));
    log_entry_copy(contact->name, sizeof contact->name, message->name, strlen(message->name));
}

static void note_contact(struct greylist_figures *figures, const struct log_entry *message,
                         const struct entry_visit *visit)
{
    char domain[DOMAIN_TEXT_MAX + 1], key[KEY_SIZE];
    struct counted *counted;

    (void)snprintf(key, sizeof key, "%s\t%08x", owner_of(message, domain), (unsigned)visit->recipient);
    if (visit->deferred) {
        note_deferral(figures, message, key);
        return;
    }
    counted = counted_table_find(figures->contacts, key);
    if (counted != NULL)
        ((struct contact_figures *)counted->data)->is_back = true;
}

void greylist_figures_add(struct greylist_figures *figures, const struct log_entry *message)
{
    for (size_t i = 0; i < message->visit_count; i++) {
        const struct entry_visit *visit = &message->visits[i];

        count_answer(figures, visit);
        if (visit->has_waited)
            count_wait(figures, visit->waited_s);
        if (!message->is_test)
            note_contact(figures, message, visit);
    }
}

const struct counted_table *greylist_figures_answers(const struct greylist_figures *figures)
{
    return figures->answers;
}

const struct counted_table *greylist_figures_contacts(const struct greylist_figures *figures)
{
    return figures->contacts;
}

enum contact_outcome greylist_contact_outcome(const struct contact_figures *contact, int64_t end_s)
{
    if (contact->is_back)
        return CONTACT_BACK;
    return contact->last_s >= 0 && end_s - contact->last_s > GREYLIST_BACK_WITHIN_S ? CONTACT_LOST : CONTACT_OPEN;
}

uint64_t greylist_figures_waits(const struct greylist_figures *figures)
{
    return figures->waits;
}

uint32_t greylist_figures_wait(const struct greylist_figures *figures, unsigned percent)
{
    const uint64_t rank = (figures->waits * percent + 99) / 100; /* from 1 */
    uint64_t sum = 0;

    for (size_t step = 0; step < STEPS; step++) {
        sum += figures->steps[step];
        if (sum >= rank && sum > 0)
            return step_end_s(step) < figures->longest_s ? step_end_s(step) : figures->longest_s;
    }
    return 0;
}

uint64_t greylist_figures_dropped(const struct greylist_figures *figures)
{
    return counted_table_dropped(figures->answers) + counted_table_dropped(figures->contacts);
}
