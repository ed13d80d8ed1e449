/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of a report. */
#include "tools/report/sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sheets_note(struct sheets *sheets, const char *format, ...)
{
    va_list args;

    if (sheets->note_count == sizeof sheets->notes / sizeof *sheets->notes)
        return;
    va_start(args, format);
    (void)vsnprintf(sheets->notes[sheets->note_count++], sizeof *sheets->notes, format, args);
    va_end(args);
}

struct sheet *sheets_add(struct sheets *sheets, const char *key, const char *title, const char *note,
                         const struct sheet_column *columns)
{
    struct sheet *sheet = &sheets->items[sheets->count++];

    *sheet = (struct sheet){.key = key, .title = title, .note = note};
    while (columns[sheet->column_count].key != NULL) {
        sheet->columns[sheet->column_count] = columns[sheet->column_count];
        sheet->column_count++;
    }
    return sheet;
}

void sheet_row(struct sheet *sheet, ...)
{
    const size_t used = sheet->row_count * sheet->column_count;
    struct cell *cells = realloc(sheet->cells, (used + sheet->column_count) * sizeof *cells);
    va_list args;

    if (cells == NULL) {
        sheet->failed = true;
        return;
    }
    sheet->cells = cells;
    sheet->row_count++;
    va_start(args, sheet);
    for (size_t i = 0; i < sheet->column_count; i++) {
        struct cell *cell = &cells[used + i];

        *cell = (struct cell){.text = NULL};
        if (sheet->columns[i].kind == CELL_TEXT) {
            cell->text = strdup(va_arg(args, const char *));
            sheet->failed = sheet->failed || cell->text == NULL;
        } else {
            cell->value = va_arg(args, int64_t);
        }
    }
    va_end(args);
}

void sheets_free(struct sheets *sheets)
{
    for (size_t i = 0; i < sheets->count; i++) {
        struct sheet *sheet = &sheets->items[i];

        for (size_t cell = 0; cell < sheet->row_count * sheet->column_count; cell++)
            free(sheet->cells[cell].text);
        free(sheet->cells);
    }
    sheets->count = 0;
}
