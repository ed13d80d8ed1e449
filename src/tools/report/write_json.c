/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports for programs. */
#include "tools/report/write_report.h"

#include "base/calendar.h"
#include "base/log_json.h"
#include "base/utf8.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A text as a JSON string; octets that are not UTF-8 become \xNN. NULL if out of memory. */
static json_t *text_value(const char *text)
{
    struct strbuf utf8 = STRBUF_INIT;
    const size_t len = strlen(text);
    json_t *string = NULL;

    for (size_t i = 0; i < len;) {
        const size_t step = utf8_char_len(text + i, len - i);

        if (step > 0)
            strbuf_add_mem(&utf8, text + i, step);
        else
            strbuf_addf(&utf8, "\\x%02x", (unsigned)(unsigned char)text[i]);
        i += step > 0 ? step : 1;
    }
    if (!utf8.failed)
        string = json_stringn(strbuf_text(&utf8), utf8.len);
    strbuf_free(&utf8);
    return string;
}

static json_t *time_value(int64_t time_s)
{
    char text[32];
    struct tm utc;

    if (!calendar_utc(time_s, &utc) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        return json_null();
    return json_string(text);
}

static json_t *cell_value(const struct cell *cell, enum cell_kind kind)
{
    if (kind == CELL_TEXT)
        return text_value(cell->text != NULL ? cell->text : "");
    return kind == CELL_TIME ? time_value(cell->value) : json_integer((json_int_t)cell->value);
}

static json_t *sheet_value(const struct sheet *sheet, bool *failed)
{
    json_t *rows = json_array();

    for (size_t row = 0; row < sheet->row_count; row++) {
        json_t *object = json_object();

        for (size_t column = 0; column < sheet->column_count; column++)
            *failed |= json_object_set_new(object, sheet->columns[column].key,
                                           cell_value(&sheet->cells[row * sheet->column_count + column],
                                                      sheet->columns[column].kind)) != 0;
        *failed |= json_array_append_new(rows, object) != 0;
    }
    return rows;
}

static json_t *count_value(uint64_t count)
{
    return json_integer((json_int_t)count);
}

static json_t *notes_value(const struct sheets *sheets, bool *failed)
{
    json_t *notes = json_array();

    for (size_t i = 0; i < sheets->note_count; i++)
        *failed |= json_array_append_new(notes, text_value(sheets->notes[i])) != 0;
    return notes;
}

static json_t *lines_value(const struct summary *summary, bool *failed)
{
    json_t *lines = json_object();

    *failed |= json_object_set_new(lines, "read", count_value(summary->lines)) != 0;
    *failed |= json_object_set_new(lines, "other", count_value(summary->foreign + summary->other)) != 0;
    *failed |= json_object_set_new(lines, "not_understood", count_value(summary->unread)) != 0;
    *failed |= json_object_set_new(lines, "cut", count_value(summary->cut)) != 0;
    return lines;
}

void write_report_json(const struct written_report *report, struct strbuf *out)
{
    const struct summary *summary = report->summary;
    json_t *root = json_object();
    bool failed = root == NULL;
    char *text = NULL;

    failed |= json_object_set_new(root, "messages", count_value(summary->messages)) != 0;
    if (summary->first_s >= 0) {
        failed |= json_object_set_new(root, "from", time_value(summary->first_s)) != 0;
        failed |= json_object_set_new(root, "to", time_value(summary->last_s)) != 0;
    }
    failed |= json_object_set_new(root, "lines", lines_value(summary, &failed)) != 0;
    failed |= json_object_set_new(root, "notes", notes_value(report->sheets, &failed)) != 0;
    for (size_t i = 0; i < report->sheets->count; i++)
        failed |= json_object_set_new(root, report->sheets->items[i].key,
                                      sheet_value(&report->sheets->items[i], &failed)) != 0;
    if (!failed)
        text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    if (text == NULL) {
        out->failed = true;
        return;
    }
    log_json_foreign(out, text);
    strbuf_add_char(out, '\n');
    free(text);
}
