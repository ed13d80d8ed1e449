/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorts what was counted into tables. */
#include "tools/report/report_sheets.h"

#include "tools/report/forwarders.h"
#include "tools/report/greylist_sheets.h"
#include "tools/report/record_advice.h"
#include "tools/report/what_if_notes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the functions below share. */
struct making {
    const struct summary *summary;
    size_t top;
    struct sheets *sheets;
};

/* A key's first part; *rest is what follows the tab. */
static const char *split(const char *key, char first[SUMMARY_KEY_SIZE], const char **rest)
{
    const char *tab = strchr(key, '\t');
    const size_t len = tab != NULL ? (size_t)(tab - key) : strlen(key);

    (void)snprintf(first, SUMMARY_KEY_SIZE, "%.*s", (int)len, key);
    *rest = tab != NULL ? tab + 1 : "";
    return first;
}

static const char *domain_shown(const char *domain)
{
    return domain[0] != '\0' ? domain : "(no domain)";
}

/* True if there is room for another row; else it is counted. */
static bool has_room(const struct making *making, struct sheet *sheet)
{
    if (sheet->row_count < making->top)
        return true;
    sheet->more++;
    return false;
}

static void make_totals(const struct making *making)
{
    static const struct sheet_column columns[] = {
        {"result", "Result", CELL_TEXT}, {"messages", "Messages", CELL_COUNT}, {NULL, NULL, CELL_TEXT}};
    static const struct sheet_column fates[] = {
        {"verdict", "Verdict", CELL_TEXT}, {"messages", "Messages", CELL_COUNT}, {NULL, NULL, CELL_TEXT}};
    const struct summary *summary = making->summary;
    struct sheet *sheet = sheets_add(making->sheets, "results", "What came", NULL, columns);

    sheet->chart = CHART_BARS;
    for (int result = 0; result < RESULT_COUNT; result++)
        sheet_row(sheet, result_name((enum spf_result)result), (int64_t)summary->results[result]);
    if (summary->without_result > 0)
        sheet_row(sheet, "not evaluated", (int64_t)summary->without_result);
    sheet = sheets_add(making->sheets, "verdicts", "What became of it", NULL, fates);
    sheet->chart = CHART_BARS;
    for (int fate = 0; fate < FATE_COUNT; fate++)
        if (summary->fates[fate] > 0)
            sheet_row(sheet, fate_name((enum fate)fate), (int64_t)summary->fates[fate]);
}

/* The entries of a table, as counted_table_sorted gives them. Out of memory is not a table without entries. */
static struct counted **sorted(const struct making *making, const struct counted_table *table)
{
    struct counted **all = counted_table_sorted(table);

    making->sheets->failed |= all == NULL && counted_table_size(table) > 0;
    return all;
}

static void make_whys(const struct making *making)
{
    static const struct sheet_column columns[] = {{"verdict", "Verdict", CELL_TEXT},
                                                  {"why", "Why", CELL_TEXT},
                                                  {"messages", "Messages", CELL_COUNT},
                                                  {NULL, NULL, CELL_TEXT}};
    struct sheet *sheet = sheets_add(making->sheets, "whys", "Decided without a result",
                                     "Exemptions, malformed addresses, limits.", columns);
    struct counted **all = sorted(making, making->summary->whys);
    char first[SUMMARY_KEY_SIZE];
    const char *why;

    for (size_t i = 0; all != NULL && i < counted_table_size(making->summary->whys); i++)
        if (has_room(making, sheet)) {
            split(all[i]->key, first, &why);
            sheet_row(sheet, first, why, (int64_t)all[i]->count);
        }
    free(all);
}

static void make_time(const struct making *making)
{
    static const struct sheet_column columns[] = {
        {"start", "From", CELL_TIME},       {"messages", "Messages", CELL_COUNT}, {"pass", "Pass", CELL_COUNT},
        {"fail", "Fail", CELL_COUNT},       {"softfail", "Softfail", CELL_COUNT}, {"errors", "Errors", CELL_COUNT},
        {"refused", "Refused", CELL_COUNT}, {"deferred", "Deferred", CELL_COUNT}, {NULL, NULL, CELL_TEXT}};
    struct timeline_bin bins[TIMELINE_BINS_MAX];
    int64_t step_s = 0;
    const size_t count = timeline_bins(making->summary->timeline, bins, &step_s);
    struct sheet *sheet = sheets_add(making->sheets, "time", "Over time", NULL, columns);

    sheet->chart = CHART_TIME;
    for (size_t i = 0; i < count; i++)
        sheet_row(sheet, bins[i].start_s, (int64_t)bins[i].messages, (int64_t)bins[i].results[RESULT_PASS],
                  (int64_t)bins[i].results[RESULT_FAIL], (int64_t)bins[i].results[RESULT_SOFTFAIL],
                  (int64_t)(bins[i].results[RESULT_TEMPERROR] + bins[i].results[RESULT_PERMERROR]),
                  (int64_t)bins[i].refused, (int64_t)bins[i].deferred);
}

/* The order of refused domains: most refused or deferred first, then by name. */
static int compare_stopped(const void *left, const void *right)
{
    const struct counted *a = *(const struct counted *const *)left, *b = *(const struct counted *const *)right;
    const struct domain_figures *fa = a->data, *fb = b->data;
    const uint64_t stopped_a = (uint64_t)fa->refused + fa->deferred, stopped_b = (uint64_t)fb->refused + fb->deferred;

    if (stopped_a != stopped_b)
        return stopped_a > stopped_b ? -1 : 1;
    return strcmp(a->key, b->key);
}

static void add_domain(struct sheet *sheet, const struct counted *counted)
{
    const struct domain_figures *figures = counted->data;

    sheet_row(sheet, domain_shown(counted->key), (int64_t)figures->refused, (int64_t)figures->deferred,
              (int64_t)figures->results[RESULT_PASS], (int64_t)figures->refused_after_pass, figures->client,
              figures->name, figures->reason);
}

static void make_refused(const struct making *making)
{
    static const struct sheet_column columns[] = {{"domain", "Domain", CELL_TEXT},
                                                  {"refused", "Refused", CELL_COUNT},
                                                  {"deferred", "Deferred", CELL_COUNT},
                                                  {"passed", "Passed", CELL_COUNT},
                                                  {"after_pass", "After a pass", CELL_COUNT},
                                                  {"client", "Last client", CELL_TEXT},
                                                  {"name", "Its name", CELL_TEXT},
                                                  {"reason", "Reason", CELL_TEXT},
                                                  {NULL, NULL, CELL_TEXT}};
    const size_t all_count = counted_table_size(making->summary->domains);
    struct counted **all = sorted(making, making->summary->domains);
    struct sheet *sheet = sheets_add(making->sheets, "refused", "Refused domains", NULL, columns);
    struct sheet *wrong = sheets_add(
        making->sheets, "wrong_refusals", "Refused, though messages of the domain passed before",
        "These may be wrong refusals: forwarded mail, or a sender that its domain forgot to authorize.", columns);

    if (all != NULL)
        qsort(all, all_count, sizeof(struct counted *), compare_stopped);
    for (size_t i = 0; all != NULL && i < all_count; i++) {
        const struct domain_figures *figures = all[i]->data;

        if (figures->refused + figures->deferred > 0 && has_room(making, sheet))
            add_domain(sheet, all[i]);
        if (figures->refused_after_pass > 0 && has_room(making, wrong))
            add_domain(wrong, all[i]);
    }
    free(all);
}

static void make_temperrors(const struct making *making)
{
    static const struct sheet_column columns[] = {{"domain", "Domain", CELL_TEXT},
                                                  {"messages", "Messages", CELL_COUNT},
                                                  {"lookup", "What failed", CELL_TEXT},
                                                  {NULL, NULL, CELL_TEXT}};
    struct sheet *sheet =
        sheets_add(making->sheets, "temperrors", "Temporary errors, and the lookup that failed", NULL, columns);
    struct counted **all = sorted(making, making->summary->temperrors);
    char first[SUMMARY_KEY_SIZE];
    const char *problem;

    for (size_t i = 0; all != NULL && i < counted_table_size(making->summary->temperrors); i++)
        if (has_room(making, sheet)) {
            split(all[i]->key, first, &problem);
            sheet_row(sheet, domain_shown(first), (int64_t)all[i]->count, problem);
        }
    free(all);
}

static void make_permerrors(const struct making *making, struct dns *dns, int64_t timeout_ms)
{
    static const struct sheet_column columns[] = {{"domain", "Domain", CELL_TEXT},
                                                  {"messages", "Messages", CELL_COUNT},
                                                  {"problem", "Problem", CELL_TEXT},
                                                  {"advice", "Advice", CELL_TEXT},
                                                  {NULL, NULL, CELL_TEXT}};
    struct sheet *sheet = sheets_add(making->sheets, "permerrors", "Broken records", NULL, columns);
    struct counted **all = sorted(making, making->summary->permerrors);
    char first[SUMMARY_KEY_SIZE];
    const char *problem;

    for (size_t i = 0; all != NULL && i < counted_table_size(making->summary->permerrors); i++) {
        struct strbuf advice = STRBUF_INIT;

        if (!has_room(making, sheet))
            continue;
        split(all[i]->key, first, &problem);
        record_advice(first, problem, dns, timeout_ms, &advice);
        sheet_row(sheet, domain_shown(first), (int64_t)all[i]->count, problem, strbuf_text(&advice));
        sheet->failed |= advice.failed;
        strbuf_free(&advice);
    }
    free(all);
}

static void make_forwarders(const struct making *making)
{
    static const struct sheet_column columns[] = {
        {"owner", "Forwarder", CELL_TEXT},          {"clients", "Clients", CELL_COUNT},
        {"senders", "Senders' owners", CELL_COUNT}, {"messages", "Failed", CELL_COUNT},
        {"refused", "Refused", CELL_COUNT},         {"client", "A client", CELL_TEXT},
        {"line", "Line to add", CELL_TEXT},         {NULL, NULL, CELL_TEXT}};
    size_t count, left_out;
    bool failed;
    struct forwarder *all = forwarders_find(making->summary, &count, &left_out, &failed);
    struct sheet *sheet = sheets_add(making->sheets, "forwarders", "Clients that look like forwarders",
                                     "They fail for unrelated domains while their name verifies. Add the line if your "
                                     "users have mail sent on from there.",
                                     columns);

    making->sheets->failed |= failed;
    for (size_t i = 0; i < count; i++)
        if (has_room(making, sheet))
            sheet_row(sheet, all[i].owner, (int64_t)all[i].clients, (int64_t)all[i].senders, (int64_t)all[i].failed,
                      (int64_t)all[i].refused, all[i].client, all[i].line);
    if (left_out > 0)
        sheets_note(making->sheets,
                    "%zu clients that fail for many domains are not listed as forwarders: their names look like "
                    "customers' lines.",
                    left_out);
    free(all);
}

static void make_forged(const struct making *making)
{
    static const struct sheet_column columns[] = {{"domain", "Own domain", CELL_TEXT},
                                                  {"client", "Client", CELL_TEXT},
                                                  {"name", "Its name", CELL_TEXT},
                                                  {"result", "Result", CELL_TEXT},
                                                  {"messages", "Messages", CELL_COUNT},
                                                  {"stopped", "Stopped", CELL_COUNT},
                                                  {NULL, NULL, CELL_TEXT}};
    struct sheet *sheet = sheets_add(
        making->sheets, "forged", "Own domains used by others",
        "Messages with a sender of your domains that did not pass. A client of yours belongs into your record.",
        columns);
    const bool is_unknown = making->summary->options.own->count == 0;
    struct counted **all = sorted(making, making->summary->forged);
    char first[SUMMARY_KEY_SIZE];
    const char *client;

    sheet->is_unknown = is_unknown;
    if (is_unknown)
        sheets_note(making->sheets, "No domain of yours is known, so that \"%s\" is empty: name each with --own.",
                    sheet->title);
    for (size_t i = 0; all != NULL && i < counted_table_size(making->summary->forged); i++)
        if (has_room(making, sheet)) {
            const struct forged_figures *figures = all[i]->data;

            split(all[i]->key, first, &client);
            sheet_row(sheet, first, client, figures->name, figures->result, (int64_t)all[i]->count,
                      (int64_t)figures->stopped);
        }
    free(all);
}

static void make_passes(const struct making *making)
{
    static const struct sheet_column widths[] = {
        {"width", "Authorized by the term", CELL_TEXT}, {"messages", "Messages", CELL_COUNT}, {NULL, NULL, CELL_TEXT}};
    static const struct sheet_column columns[] = {{"domain", "Domain", CELL_TEXT},
                                                  {"term", "Term", CELL_TEXT},
                                                  {"width", "Authorizes", CELL_TEXT},
                                                  {"messages", "Messages", CELL_COUNT},
                                                  {NULL, NULL, CELL_TEXT}};
    struct sheet *sheet = sheets_add(making->sheets, "pass_widths", "How wide the passes are", NULL, widths);
    struct counted **all = sorted(making, making->summary->passes);
    char first[SUMMARY_KEY_SIZE];
    const char *term;

    sheet->chart = CHART_BARS;
    for (int width = 0; width < WIDTH_COUNT; width++)
        sheet_row(sheet, pass_width_name((enum pass_width)width), (int64_t)making->summary->pass_widths[width]);
    sheet = sheets_add(making->sheets, "wide_passes", "Passes that say little",
                       "These terms authorize so many clients that a pass proves hardly anything.", columns);
    for (size_t i = 0; all != NULL && i < counted_table_size(making->summary->passes); i++) {
        const enum pass_width width = ((const struct pass_figures *)all[i]->data)->width;

        if ((width > WIDTH_WIDE && width != WIDTH_PTR) || !has_room(making, sheet))
            continue;
        split(all[i]->key, first, &term);
        sheet_row(sheet, domain_shown(first), term, pass_width_name(width), (int64_t)all[i]->count);
    }
    free(all);
}

static const char *const verdict_words[SUMMARY_WHAT_IF_KINDS] = {
    [VERDICT_CONTINUE] = "accepted", [VERDICT_REFUSE] = "refused", [VERDICT_DEFER] = "deferred"};

static void add_changes(const struct making *making, struct sheet *sheet, const struct counted *counted)
{
    const struct what_if_figures *figures = counted->data;

    for (int now = 0; now < SUMMARY_WHAT_IF_KINDS; now++)
        for (int then = 0; then < SUMMARY_WHAT_IF_KINDS; then++)
            if (figures->changes[now][then] > 0 && has_room(making, sheet))
                sheet_row(sheet, domain_shown(counted->key), verdict_words[now], verdict_words[then],
                          (int64_t)figures->changes[now][then]);
}

/* LeaveToDMARC, where the log does not say all that it needs. */
static void note_dmarc(const struct making *making)
{
    const struct summary *summary = making->summary;
    const uint64_t count = summary->dmarc_unknown + (summary->dmarc_seen == 0 ? summary->dmarc_assumed : 0);

    if (count > 0)
        sheets_note(making->sheets,
                    "What if: of %" PRIu64 " fails the log does not say whether the domain has a DMARC record, as "
                    "LeaveToDMARC was off or they were not to be refused: they count as if it had none.",
                    count);
}

static void make_what_if(const struct making *making)
{
    static const struct sheet_column totals[] = {{"now", "Now", CELL_TEXT},
                                                 {"then", "Then", CELL_TEXT},
                                                 {"messages", "Messages", CELL_COUNT},
                                                 {NULL, NULL, CELL_TEXT}};
    static const struct sheet_column columns[] = {{"domain", "Domain", CELL_TEXT},
                                                  {"now", "Now", CELL_TEXT},
                                                  {"then", "Then", CELL_TEXT},
                                                  {"messages", "Messages", CELL_COUNT},
                                                  {NULL, NULL, CELL_TEXT}};
    const struct summary *summary = making->summary;
    struct sheet *sheet;
    struct counted **all;

    if (summary->options.then == NULL)
        return;
    sheet =
        sheets_add(making->sheets, "what_if", "What if", "By the results in the log, now and with the change.", totals);
    for (int now = 0; now < SUMMARY_WHAT_IF_KINDS; now++)
        for (int then = 0; then < SUMMARY_WHAT_IF_KINDS; then++)
            if (summary->what_if[now][then] > 0)
                sheet_row(sheet, verdict_words[now], verdict_words[then], (int64_t)summary->what_if[now][then]);
    if (summary->what_if_unchanged > 0)
        sheet_row(sheet, "exempt or not evaluated", "the same", (int64_t)summary->what_if_unchanged);
    sheet = sheets_add(making->sheets, "what_if_domains", "What would change, by domain", NULL, columns);
    all = sorted(making, summary->changed);
    for (size_t i = 0; all != NULL && i < counted_table_size(summary->changed); i++)
        add_changes(making, sheet, all[i]);
    free(all);
    what_if_notes(summary->options.now, summary->options.then, making->sheets);
    note_dmarc(making);
}

static void make_notes(const struct making *making)
{
    const struct summary *summary = making->summary;

    if (summary->unread > 0)
        sheets_note(making->sheets, "Lines that were not understood: %" PRIu64 ".", summary->unread);
    if (summary->cut > 0)
        sheets_note(making->sheets, "Lines that are cut short, or longer than any that smf-spf writes: %" PRIu64 ".",
                    summary->cut);
    if (summary->untimed > 0)
        sheets_note(making->sheets,
                    "Messages without a usable time, which are missing from \"Over time\": %" PRIu64 ".",
                    summary->untimed);
    if (summary->outside > 0)
        sheets_note(making->sheets, "Messages outside of --since and --until: %" PRIu64 ".", summary->outside);
    if (summary->tests > 0)
        sheets_note(making->sheets, "Messages in TestMode, whose verdict is what would have been: %" PRIu64 ".",
                    summary->tests);
    if (summary->fates[FATE_UNSAID] > 0)
        sheets_note(making->sheets, "Fails of smf-spf 2 without a verdict, as its log does not have it: %" PRIu64 ".",
                    summary->fates[FATE_UNSAID]);
    if (summary_dropped(summary) > 0)
        sheets_note(making->sheets,
                    "There were more domains and clients than are held at a time: rare ones are missing from tables "
                    "(%" PRIu64 " counts).",
                    summary_dropped(summary));
}

void report_sheets(const struct summary *summary, size_t top, struct dns *dns, int64_t timeout_ms,
                   struct sheets *sheets)
{
    const struct making making = {summary, top, sheets};

    make_totals(&making);
    make_time(&making);
    make_refused(&making);
    make_forwarders(&making);
    make_permerrors(&making, dns, timeout_ms);
    make_temperrors(&making);
    make_passes(&making);
    make_forged(&making);
    make_whys(&making);
    greylist_sheets(summary, top, sheets);
    make_what_if(&making);
    make_notes(&making);
}
