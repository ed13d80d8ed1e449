/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was answered, how long mail waited, who never came back. */
#include "tools/report/greylist_sheets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOMAINS_MAX = 25000 };

static struct counted **sorted(struct sheets *sheets, const struct counted_table *table)
{
    struct counted **all = counted_table_sorted(table);

    sheets->failed |= all == NULL && counted_table_size(table) > 0;
    return all;
}

static void make_answers(const struct greylist_figures *figures, struct sheets *sheets)
{
    static const struct sheet_column columns[] = {{"answer", "Answer", CELL_TEXT},
                                                  {"recipients", "Recipients", CELL_COUNT},
                                                  {"deferred", "Deferred", CELL_COUNT},
                                                  {"passed", "Let through", CELL_COUNT},
                                                  {NULL, NULL, CELL_TEXT}};
    struct sheet *sheet = sheets_add(sheets, "greylist", "What greylisting answered",
                                     "Of a message's recipients the log names three of each kind.", columns);
    const struct counted_table *table = greylist_figures_answers(figures);
    struct counted **all = sorted(sheets, table);

    sheet->chart = CHART_BARS;
    for (size_t i = 0; all != NULL && i < counted_table_size(table); i++) {
        const struct answer_figures *answer = all[i]->data;

        sheet_row(sheet, all[i]->key, (int64_t)all[i]->count, (int64_t)answer->deferred, (int64_t)answer->passed);
    }
    free(all);
}

static void make_waits(const struct greylist_figures *figures, struct sheets *sheets)
{
    static const struct sheet_column columns[] = {{"came_back", "Came back", CELL_COUNT},
                                                  {"median_s", "Half within s", CELL_COUNT},
                                                  {"ninety_percent_s", "90 % within s", CELL_COUNT},
                                                  {"longest_s", "Longest s", CELL_COUNT},
                                                  {NULL, NULL, CELL_TEXT}};
    struct sheet *sheet = sheets_add(sheets, "greylist_waits", "How long greylisted mail waited",
                                     "Seconds from the first contact to the message that was let through.", columns);

    if (greylist_figures_waits(figures) > 0)
        sheet_row(sheet, (int64_t)greylist_figures_waits(figures), (int64_t)greylist_figures_wait(figures, 50),
                  (int64_t)greylist_figures_wait(figures, 90), (int64_t)greylist_figures_wait(figures, 100));
}

/* What is known of a domain's contacts that never came back. The texts are those of one contact. */
struct lost_figures {
    const char *client, *name;
};

/* False without memory. */
static bool count_lost(struct counted_table *lost, const struct counted *counted)
{
    const struct contact_figures *contact = counted->data;
    char domain[SUMMARY_KEY_SIZE];
    struct counted *of_domain;

    (void)snprintf(domain, sizeof domain, "%.*s", (int)strcspn(counted->key, "\t"), counted->key);
    of_domain = counted_table_count(lost, domain);
    if (of_domain != NULL)
        *(struct lost_figures *)of_domain->data = (struct lost_figures){contact->client, contact->name};
    return of_domain != NULL;
}

static void make_outcomes(const uint64_t outcomes[CONTACT_OUTCOMES], struct sheets *sheets)
{
    static const char *const names[CONTACT_OUTCOMES] = {
        [CONTACT_BACK] = "came back", [CONTACT_LOST] = "never came back", [CONTACT_OPEN] = "may still come back"};
    static const struct sheet_column columns[] = {
        {"outcome", "Outcome", CELL_TEXT}, {"contacts", "Contacts", CELL_COUNT}, {NULL, NULL, CELL_TEXT}};
    struct sheet *sheet =
        sheets_add(sheets, "greylist_contacts", "What became of those that were deferred",
                   "A contact is a sender's domain with a recipient. After a day it never comes back.", columns);

    sheet->chart = CHART_BARS;
    for (int i = 0; i < CONTACT_OUTCOMES; i++)
        sheet_row(sheet, names[i], (int64_t)outcomes[i]);
}

static void make_lost(const struct counted_table *lost, size_t top, struct sheets *sheets)
{
    static const struct sheet_column columns[] = {{"domain", "Domain", CELL_TEXT},
                                                  {"contacts", "Contacts", CELL_COUNT},
                                                  {"client", "A client", CELL_TEXT},
                                                  {"name", "Its name", CELL_TEXT},
                                                  {NULL, NULL, CELL_TEXT}};
    struct sheet *sheet = sheets_add(sheets, "greylist_lost", "Deferred, and never came back",
                                     "Mostly what greylisting is for; but look for senders that you know.", columns);
    struct counted **all = sorted(sheets, lost);

    for (size_t i = 0; all != NULL && i < counted_table_size(lost); i++) {
        const struct lost_figures *figures = all[i]->data;

        if (sheet->row_count < top)
            sheet_row(sheet, all[i]->key[0] != '\0' ? all[i]->key : "(no domain)", (int64_t)all[i]->count,
                      figures->client, figures->name);
        else
            sheet->more++;
    }
    free(all);
}

static void make_contacts(const struct summary *summary, size_t top, struct sheets *sheets)
{
    const struct counted_table *contacts = greylist_figures_contacts(summary->greylist);
    struct counted_table *lost = counted_table_create(sizeof(struct lost_figures), DOMAINS_MAX, NULL);
    struct counted **all = sorted(sheets, contacts);
    uint64_t outcomes[CONTACT_OUTCOMES] = {0};

    for (size_t i = 0; all != NULL && lost != NULL && i < counted_table_size(contacts); i++) {
        const enum contact_outcome outcome = greylist_contact_outcome(all[i]->data, summary->last_s);

        outcomes[outcome]++;
        if (outcome == CONTACT_LOST)
            sheets->failed |= !count_lost(lost, all[i]);
    }
    sheets->failed |= lost == NULL;
    make_outcomes(outcomes, sheets);
    if (lost != NULL)
        make_lost(lost, top, sheets);
    counted_table_destroy(lost);
    free(all);
}

void greylist_sheets(const struct summary *summary, size_t top, struct sheets *sheets)
{
    if (counted_table_size(greylist_figures_answers(summary->greylist)) == 0)
        return;
    make_answers(summary->greylist, sheets);
    make_waits(summary->greylist, sheets);
    make_contacts(summary, top, sheets);
}
