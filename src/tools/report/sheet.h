/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of a report, which each writer prints in its own form. */
#ifndef SMF_TOOLS_REPORT_SHEET_H
#define SMF_TOOLS_REPORT_SHEET_H

#include "tools/report/summary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHEET_COLUMNS_MAX = 10, SHEETS_MAX = 20 };

enum cell_kind { CELL_TEXT, CELL_COUNT, CELL_TIME };

struct sheet_column {
    const char *key; /* the member in JSON: promised in smf-spf(8) */
    const char *title;
    enum cell_kind kind;
};

enum sheet_chart { CHART_NONE, CHART_BARS, CHART_TIME };

struct cell {
    char *text;    /* CELL_TEXT */
    int64_t value; /* else */
};

struct sheet {
    const char *key, *title, *note; /* constants; note NULL: none */
    enum sheet_chart chart;         /* bars: of the first count, by the first column */
    struct sheet_column columns[SHEET_COLUMNS_MAX];
    size_t column_count;
    struct cell *cells; /* row by row */
    size_t row_count;
    size_t more;     /* rows that are not shown */
    bool is_unknown; /* it has no rows as something is not known; a note says what */
    bool failed;     /* out of memory: rows are missing */
};

struct sheets {
    struct sheet items[SHEETS_MAX];
    size_t count;
    char notes[32][240]; /* for people: what to know about the figures */
    size_t note_count;
    bool failed; /* out of memory: rows are missing in some sheet */
};

/* The note as the next one, printf-like; none after the thirty-second. */
void sheets_note(struct sheets *sheets, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a sheet, whose columns end with one without a key. */
struct sheet *sheets_add(struct sheets *sheets, const char *key, const char *title, const char *note,
                         const struct sheet_column *columns);

/* Adds a row: for each column a `const char *` (CELL_TEXT), or an int64_t. */
void sheet_row(struct sheet *sheet, ...);

void sheets_free(struct sheets *sheets);

#endif
