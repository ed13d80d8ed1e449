/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports for a terminal of 80 columns. */
#include "tools/report/write_report.h"

#include "base/calendar.h"
#include "base/printable.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { WIDTH = 80, BAR_MAX = 30, INDENT = 4, CELL_SIZE = 1200 };

static const char *time_text(int64_t time_s, char text[32])
{
    struct tm local;

    if (!calendar_local(time_s, &local) || strftime(text, 32, "%Y-%m-%d %H:%M", &local) == 0)
        text[0] = '\0';
    return text;
}

/* A cell as text; what is not printable US-ASCII is a question mark. */
static void cell_text(const struct sheet *sheet, size_t row, size_t column, char text[CELL_SIZE])
{
    const struct cell *cell = &sheet->cells[row * sheet->column_count + column];
    char time[32];

    switch (sheet->columns[column].kind) {
    case CELL_TEXT:
        (void)snprintf(text, CELL_SIZE, "%s", cell->text != NULL ? cell->text : "");
        printable_make(text);
        break;
    case CELL_COUNT:
        (void)snprintf(text, CELL_SIZE, "%" PRId64, cell->value);
        break;
    case CELL_TIME:
        (void)snprintf(text, CELL_SIZE, "%s", time_text(cell->value, time));
        break;
    }
}

/* The columns' widths, as far as they fit on a line; the rest goes below. Returns how many fit. */
static size_t measure(const struct sheet *sheet, int widths[SHEET_COLUMNS_MAX])
{
    char text[CELL_SIZE];
    int sum = 0;

    for (size_t column = 0; column < sheet->column_count; column++) {
        widths[column] = (int)strlen(sheet->columns[column].title);
        for (size_t row = 0; row < sheet->row_count; row++) {
            cell_text(sheet, row, column, text);
            if ((int)strlen(text) > widths[column])
                widths[column] = (int)strlen(text);
        }
        if (column == 0 && widths[0] > 40)
            widths[0] = 40; /* a longer one moves its row */
        sum += widths[column] + (column > 0 ? 2 : 0);
        if (sum > WIDTH)
            return column > 0 ? column : 1;
    }
    return sheet->column_count;
}

static void add_cell(const struct sheet *sheet, size_t column, const char *text, int width, bool is_last,
                     struct strbuf *out)
{
    if (column > 0)
        strbuf_add(out, "  ");
    if (sheet->columns[column].kind == CELL_COUNT)
        strbuf_addf(out, "%*s", width, text);
    else
        strbuf_addf(out, "%-*s", is_last ? 0 : width, text);
}

/* Breaks `text` at spaces, below a row. */
static void add_wrapped(const char *title, const char *text, struct strbuf *out)
{
    size_t column = INDENT + strlen(title) + 1;

    if (*text == '\0')
        return;
    strbuf_addf(out, "%*s%s:", INDENT, "", title);
    while (*text != '\0') {
        const size_t len = strcspn(text, " ");

        if (column + 1 + len > WIDTH && column > INDENT + 4) {
            strbuf_addf(out, "\n%*s", INDENT + 3, "");
            column = INDENT + 3;
        }
        strbuf_addf(out, " %.*s", (int)len, text);
        column += len + 1;
        text += len + (text[len] == ' ' ? 1 : 0);
    }
    strbuf_add_char(out, '\n');
}

/* The largest first count of a sheet with bars. */
static int64_t largest(const struct sheet *sheet, size_t column)
{
    int64_t most = 1;

    for (size_t row = 0; row < sheet->row_count; row++)
        if (sheet->cells[row * sheet->column_count + column].value > most)
            most = sheet->cells[row * sheet->column_count + column].value;
    return most;
}

static void add_bar(const struct sheet *sheet, size_t row, int room, struct strbuf *out)
{
    const int64_t most = largest(sheet, 1), value = sheet->cells[row * sheet->column_count + 1].value;
    const int64_t len = room > 0 ? value * room / most : 0;

    if (len > 0 || (value > 0 && room > 0))
        strbuf_add(out, "  ");
    for (int64_t i = 0; i < len; i++)
        strbuf_add_char(out, '#');
    if (len == 0 && value > 0 && room > 0)
        strbuf_add_char(out, '.');
}

static void add_row(const struct sheet *sheet, size_t row, const int widths[SHEET_COLUMNS_MAX], size_t fitting,
                    struct strbuf *out)
{
    char text[CELL_SIZE];
    int room = WIDTH - 2;

    for (size_t column = 0; column < fitting; column++) {
        cell_text(sheet, row, column, text);
        add_cell(sheet, column, text, widths[column], column + 1 == fitting, out);
        room -= widths[column] + 2;
    }
    if (sheet->chart == CHART_BARS)
        add_bar(sheet, row, room < BAR_MAX ? room : BAR_MAX, out);
    strbuf_add_char(out, '\n');
    for (size_t column = fitting; column < sheet->column_count; column++) {
        cell_text(sheet, row, column, text);
        add_wrapped(sheet->columns[column].title, text, out);
    }
}

/* Breaks `text` at spaces; its first line begins with `mark`, and the others are as far in. */
static void add_paragraph(const char *mark, const char *text, struct strbuf *out)
{
    const size_t indent = strlen(mark);
    size_t column = indent;

    strbuf_add(out, mark);

    for (const char *word = text; *word != '\0';) {
        const size_t len = strcspn(word, " ");

        if (column > indent && column + 1 + len > WIDTH) {
            strbuf_addf(out, "\n%*s", (int)indent, "");
            column = indent;
        }
        strbuf_addf(out, "%s%.*s", column > indent ? " " : "", (int)len, word);
        column += len + (column > indent ? 1 : 0);
        word += len + (word[len] == ' ' ? 1 : 0);
    }
    strbuf_add_char(out, '\n');
}

static void add_sheet(const struct sheet *sheet, struct strbuf *out)
{
    int widths[SHEET_COLUMNS_MAX];
    size_t fitting;

    if (sheet->row_count == 0)
        return;
    fitting = measure(sheet, widths);
    strbuf_addf(out, "\n%s\n", sheet->title);
    for (size_t i = 0; i < strlen(sheet->title); i++)
        strbuf_add_char(out, '=');
    strbuf_add_char(out, '\n');
    if (sheet->note != NULL) {
        add_paragraph("", sheet->note, out);
        strbuf_add_char(out, '\n');
    }
    for (size_t column = 0; column < fitting; column++)
        add_cell(sheet, column, sheet->columns[column].title, widths[column], column + 1 == fitting, out);
    strbuf_add_char(out, '\n');
    for (size_t row = 0; row < sheet->row_count; row++)
        add_row(sheet, row, widths, fitting, out);
    if (sheet->more > 0)
        strbuf_addf(out, "(%zu more; --top shows more)\n", sheet->more);
}

static void add_none(const struct sheets *sheets, struct strbuf *out)
{
    size_t count = 0;

    for (size_t i = 0; i < sheets->count; i++) {
        if (sheets->items[i].row_count > 0 || sheets->items[i].is_unknown)
            continue;
        strbuf_addf(out, "%s  %s\n", count == 0 ? "\nNothing to say about:\n" : "", sheets->items[i].title);
        count++;
    }
}

void write_report_text(const struct written_report *report, struct strbuf *out)
{
    const struct summary *summary = report->summary;
    char from[32], to[32];

    strbuf_addf(out, "smf-spf report: %" PRIu64 " message%s", summary->messages, summary->messages == 1 ? "" : "s");
    if (summary->first_s >= 0)
        strbuf_addf(out, ", %s to %s", time_text(summary->first_s, from), time_text(summary->last_s, to));
    strbuf_addf(out,
                "\nLines: %" PRIu64 " read, %" PRIu64 " of other programs or about no message, %" PRIu64
                " not understood\n",
                summary->lines, summary->foreign + summary->other, summary->unread);
    if (summary->messages > 0) {
        for (size_t i = 0; i < report->sheets->count; i++)
            add_sheet(&report->sheets->items[i], out);
        add_none(report->sheets, out);
    }
    for (size_t i = 0; i < report->sheets->note_count; i++) {
        strbuf_add(out, i == 0 ? "\nNotes\n=====\n" : "");
        add_paragraph("- ", report->sheets->notes[i], out);
    }
}
