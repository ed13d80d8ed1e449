/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of what a report has of greylisting: the lines, the counts, the tables. */
#include "tools/report/greylist_figures.h"
#include "tools/report/read_line.h"
#include "tools/report/report_sheets.h"
#include "tools/report/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD  "SPF none: ip=192.0.2.1, fqdn=mx.example.org, helo=mx.example.org, from=<a@m.example.org>, verdict="
#define REPLY "why=greylisted, reply=451 4.7.1, "
#define OBJECT                                                                                                         \
    "{\"time\":\"2026-11-28T08:00:08Z\",\"event\":\"message\",\"client\":\"192.0.2.1\",\"mail_from\":\"a@m.example."   \
    "org\","

static struct text_list own;

/* What a line says: of each recipient the answer, d if deferred, w and the seconds if it waited. */
static const struct line_case {
    const char *line, *visits;
    bool is_greylisted;
} line_cases[] = {
    {HEAD "deferred, to=<u@here.example>, " REPLY "greylist=new, greylist-wait=60, recipients=1", "new d", true},
    {HEAD "deferred, " REPLY "greylist=new, greylist-wait=60, recipients=1", "new d", true},
    {HEAD "accepted, greylist-to=<u@here.example>, greylist=came-back, greylist-waited=73, recipients=1, id=A",
     "came-back w73", false},
    {HEAD "accepted, greylist-to=<u@here.example>, greylist=known, greylist-to=<v@here.example>, greylist=known-sender",
     "known, known-sender", false},
    {HEAD "deferred, to=<u@here.example>, " REPLY
          "greylist=early, greylist-wait=9, to=<v@here.example>, reply=550 5.7.23, "
          "greylist-to=<w@here.example>, greylist=slow",
     "early d, slow", false},
    {HEAD "refused, to=<u@here.example>, reply=550 5.7.23", "", false},
    {HEAD "accepted, greylist-to=<\"u%2C greylist%3Dnew%2C greylist-wait%3D1\">, greylist=full", "full", false},
    {HEAD "accepted, greylist-to=<u@h.example>, greylist-wait=1, greylist=a-word-that-is-far-too-long",
     "a-word-that-is-", false},
    {HEAD "accepted, greylist-to=<u@h.example>, greylist=came-back, greylist-waited=x", "came-back w0", false},
    {OBJECT "\"verdict\":\"deferred\",\"to\":[{\"address\":\"u@here.example\",\"why\":\"greylisted\",\"code\":\"451\","
            "\"greylist\":\"new\",\"greylist_wait\":60}],\"recipients_refused\":1}",
     "new d", true},
    {OBJECT
     "\"verdict\":\"deferred\",\"why\":\"greylisted\",\"code\":\"451\",\"greylist\":\"late\",\"greylist_wait\":60}",
     "late d", true},
    {OBJECT "\"verdict\":\"accepted\",\"greylisted\":[{\"address\":\"u@here.example\",\"greylist\":\"came-back\","
            "\"greylist_waited\":73},{\"address\":\"v@here.example\",\"greylist\":\"away\"}]}",
     "came-back w73, away", false},
    {OBJECT "\"verdict\":\"accepted\",\"greylisted\":[1,{\"greylist\":2}]}", "", false},
};

static const char *visits_text(const struct log_entry *entry, char text[200])
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < entry->visit_count; i++) {
        const struct entry_visit *visit = &entry->visits[i];

        used += (size_t)snprintf(text + used, 200 - used, "%s%s%s", i > 0 ? ", " : "", visit->answer,
                                 visit->deferred ? " d" : "");
        if (visit->has_waited)
            used += (size_t)snprintf(text + used, 200 - used, " w%u", (unsigned)visit->waited_s);
    }
    return text;
}

static void each_recipient_is_read(void **state)
{
    static struct log_entry entry;
    struct log_time time = {.now_s = 1800000000};
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof line_cases / sizeof *line_cases; i++) {
        read_line(&time, line_cases[i].line, strlen(line_cases[i].line), &entry);
        assert_int_equal(entry.kind, ENTRY_MESSAGE);
        assert_string_equal(visits_text(&entry, text), line_cases[i].visits);
        assert_int_equal(log_entry_is_greylisted(&entry), line_cases[i].is_greylisted);
    }
}

static void more_recipients_than_a_line_names_are_left_out(void **state)
{
    static struct log_entry entry;
    struct log_time time = {.now_s = 1800000000};
    char line[1000] = HEAD "accepted";

    (void)state;
    for (int i = 0; i < ENTRY_VISITS_MAX + 3; i++)
        (void)snprintf(line + strlen(line), sizeof line - strlen(line), ", greylist-to=<u%d@h.example>, greylist=known",
                       i);
    read_line(&time, line, strlen(line), &entry);
    assert_int_equal(entry.visit_count, ENTRY_VISITS_MAX);
}

/* A message of one recipient. */
static struct log_entry *message(int64_t time_s, const char *sender, const char *recipient, const char *answer,
                                 bool deferred)
{
    static struct log_entry entry;
    struct entry_visit *visit;

    log_entry_clear(&entry);
    entry.kind = ENTRY_MESSAGE;
    entry.time_s = time_s;
    entry.fate = deferred ? FATE_DEFERRED : FATE_ACCEPTED;
    entry.has_sender = true;
    entry.mail_from.is_known = true;
    entry.mail_from.result = RESULT_NONE;
    (void)snprintf(entry.sender, sizeof entry.sender, "%s", sender);
    (void)snprintf(entry.client, sizeof entry.client, "192.0.2.1");
    (void)snprintf(entry.name, sizeof entry.name, "mx.example.com");
    visit = log_entry_visit(&entry, recipient, answer, strlen(answer));
    visit->deferred = deferred;
    entry.reply_count = deferred;
    return &entry;
}

static void add_wait(struct greylist_figures *figures, uint32_t waited_s)
{
    struct log_entry *entry = message(0, "a@example.org", "u@h", "came-back", false);

    entry->visits[0].has_waited = true;
    entry->visits[0].waited_s = waited_s;
    greylist_figures_add(figures, entry);
}

/* One wait is what it is; a longer one beside it shows how the first one is rounded. */
static void waits_are_rounded_up(void **state)
{
    static const uint32_t cases[][2] = {{0, 0},
                                        {73, 73},
                                        {3599, 3599},
                                        {3600, 3660},
                                        {3601, 3660},
                                        {3660, 3660},
                                        {3661, 3720},
                                        {86399, 86400},
                                        {86400, 86400},
                                        {86401, 90000},
                                        {90000, 90000},
                                        {90001, 93600},
                                        {7772400, 7772400},
                                        {7776000, 7776000},
                                        {7776001, 7776000},
                                        {4000000000U, 7776000}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct greylist_figures *figures = greylist_figures_create();

        assert_int_equal(greylist_figures_wait(figures, 50), 0);
        add_wait(figures, cases[i][0]);
        if (cases[i][0] <= 7776000)
            assert_int_equal(greylist_figures_wait(figures, 50), cases[i][0]);
        add_wait(figures, UINT32_MAX);
        assert_int_equal(greylist_figures_wait(figures, 50), cases[i][1]);
        greylist_figures_destroy(figures);
    }
    greylist_figures_destroy(NULL);
}

static void waits_are_shares(void **state)
{
    struct greylist_figures *figures = greylist_figures_create();

    (void)state;
    for (uint32_t i = 1; i <= 100; i++)
        add_wait(figures, 10 * (1 + (i * 37) % 100));
    assert_int_equal(greylist_figures_waits(figures), 100);
    assert_int_equal(greylist_figures_wait(figures, 50), 500);
    assert_int_equal(greylist_figures_wait(figures, 90), 900);
    assert_int_equal(greylist_figures_wait(figures, 100), 1000);
    greylist_figures_destroy(figures);
}

static const int64_t day_s = 24L * 60 * 60;

/* What became of the one contact that there is; -1: there is none. */
static int outcome(const struct greylist_figures *figures, int64_t end_s)
{
    const struct counted_table *contacts = greylist_figures_contacts(figures);
    struct counted **all = counted_table_sorted(contacts);
    int found = -1;

    assert_true(counted_table_size(contacts) <= 1);
    if (all != NULL)
        found = (int)greylist_contact_outcome(all[0]->data, end_s);
    free(all);
    return found;
}

static void contacts_come_back_or_not(void **state)
{
    static const struct {
        const char *sender, *recipient, *answer;
        int64_t time_s, after_day_s; /* the end of the log, before or after a day */
        int expected;
        bool deferred;
    } cases[] = {
        {"b@example.org", "U@h.example", "came-back", 60, -1000, CONTACT_BACK, false}, /* another of the domain */
        {"a@example.org", "u@h.example", "known-sender", 60, -1000, CONTACT_BACK, false},
        {"a@example.org", "u@h.example", "slow", 60, -1000, CONTACT_BACK, false},
        {"a@example.com", "u@h.example", "came-back", 60, 0, CONTACT_OPEN, false},
        {"a@example.org", "v@h.example", "came-back", 60, 1, CONTACT_LOST, false},
        {"a@example.org", "u@h.example", "early", 10, 10, CONTACT_OPEN, true},
        {"a@example.org", "u@h.example", "early", 10, 11, CONTACT_LOST, true},
        {"a@example.org", "u@h.example", "early", ENTRY_NO_TIME, 11, CONTACT_OPEN, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct greylist_figures *figures = greylist_figures_create();

        greylist_figures_add(figures, message(0, "a@mail.example.org", "u@h.example", "new", true));
        greylist_figures_add(
            figures, message(cases[i].time_s, cases[i].sender, cases[i].recipient, cases[i].answer, cases[i].deferred));
        assert_int_equal(outcome(figures, day_s + cases[i].after_day_s), cases[i].expected);
        greylist_figures_destroy(figures);
    }
}

static void who_was_not_deferred_is_not_awaited(void **state)
{
    struct greylist_figures *figures = greylist_figures_create();
    struct log_entry *tested = message(0, "a@example.org", "u@h.example", "new", true);

    (void)state;
    tested->is_test = true;
    greylist_figures_add(figures, tested);
    greylist_figures_add(figures, message(0, "a@example.org", "u@h.example", "new", false)); /* learned */
    assert_int_equal(outcome(figures, 2 * day_s), -1);
    assert_int_equal(counted_table_find(greylist_figures_answers(figures), "new")->count, 2);
    assert_int_equal(greylist_figures_dropped(figures), 0);
    greylist_figures_destroy(figures);
}

/* The sender is the client's name then, else its HELO name. */
static void null_senders_are_known_by_their_client(void **state)
{
    struct greylist_figures *figures = greylist_figures_create();
    struct log_entry *entry = message(0, "", "", "new", true);

    (void)state;
    greylist_figures_add(figures, entry);
    assert_non_null(counted_table_find(greylist_figures_contacts(figures), "example.com\t00000000"));
    entry = message(0, "", "", "new", true);
    entry->name[0] = '\0';
    (void)snprintf(entry->helo, sizeof entry->helo, "Mx.Example.NET.");
    greylist_figures_add(figures, entry);
    assert_non_null(counted_table_find(greylist_figures_contacts(figures), "example.net\t00000000"));
    greylist_figures_destroy(figures);
}

static const struct sheet *find_sheet(const struct sheets *sheets, const char *key)
{
    for (size_t i = 0; i < sheets->count; i++)
        if (strcmp(sheets->items[i].key, key) == 0)
            return &sheets->items[i];
    return NULL;
}

static const struct cell *cell(const struct sheet *sheet, size_t row, size_t column)
{
    assert_non_null(sheet);
    assert_true(row < sheet->row_count && column < sheet->column_count);
    return &sheet->cells[row * sheet->column_count + column];
}

static const struct summary_options options = {.since_s = INT64_MIN, .until_s = INT64_MAX, .own = &own};

static void tables_are_those_of_greylisting_alone(void **state)
{
    struct summary summary;
    struct sheets sheets = {.count = 0};

    (void)state;
    assert_true(summary_begin(&summary, &options));
    summary_add(&summary, message(1000, "a@lost.example", "u@h.example", "new", true));
    summary_add(&summary, message(1001, "a@lost.example", "v@h.example", "new", true));
    summary_add(&summary, message(1002, "a@kept.example", "u@h.example", "new", true));
    summary_add(&summary, message(1100, "a@kept.example", "u@h.example", "came-back", false));
    summary_add(&summary, message(1000 + 2 * day_s, "a@open.example", "u@h.example", "new", true));
    add_wait(summary.greylist, 98);
    report_sheets(&summary, 5, NULL, 0, &sheets);
    assert_string_equal(cell(find_sheet(&sheets, "greylist"), 0, 0)->text, "new");
    assert_int_equal(cell(find_sheet(&sheets, "greylist"), 0, 2)->value, 4);
    assert_int_equal(cell(find_sheet(&sheets, "greylist"), 1, 3)->value, 2);
    assert_int_equal(cell(find_sheet(&sheets, "greylist_waits"), 0, 1)->value, 98);
    for (size_t i = 0; i < CONTACT_OUTCOMES; i++)
        assert_int_equal(cell(find_sheet(&sheets, "greylist_contacts"), i, 1)->value, i == CONTACT_LOST ? 2 : 1);
    assert_string_equal(cell(find_sheet(&sheets, "greylist_lost"), 0, 0)->text, "lost.example");
    assert_int_equal(cell(find_sheet(&sheets, "greylist_lost"), 0, 1)->value, 2);
    assert_string_equal(cell(find_sheet(&sheets, "greylist_lost"), 0, 3)->text, "mx.example.com");
    assert_int_equal(find_sheet(&sheets, "refused")->row_count, 0);
    assert_int_equal(find_sheet(&sheets, "whys")->row_count, 0);
    sheets_free(&sheets);
    summary_free(&summary);
}

static void without_greylisting_there_are_none(void **state)
{
    struct summary summary;
    struct sheets sheets = {.count = 0};
    struct log_entry *entry;

    (void)state;
    assert_true(summary_begin(&summary, &options));
    entry = message(1000, "a@lost.example", "u@h.example", "new", true);
    entry->visit_count = 0;
    summary_add(&summary, entry);
    report_sheets(&summary, 5, NULL, 0, &sheets);
    assert_null(find_sheet(&sheets, "greylist"));
    assert_int_equal(find_sheet(&sheets, "refused")->row_count, 1);
    sheets_free(&sheets);
    summary_free(&summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_recipient_is_read),
        cmocka_unit_test(more_recipients_than_a_line_names_are_left_out),
        cmocka_unit_test(waits_are_rounded_up),
        cmocka_unit_test(waits_are_shares),
        cmocka_unit_test(contacts_come_back_or_not),
        cmocka_unit_test(who_was_not_deferred_is_not_awaited),
        cmocka_unit_test(null_senders_are_known_by_their_client),
        cmocka_unit_test(tables_are_those_of_greylisting_alone),
        cmocka_unit_test(without_greylisting_there_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
