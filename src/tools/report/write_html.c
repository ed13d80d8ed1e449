/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports as one HTML page, which loads nothing. */
#include "tools/report/write_report.h"

#include "base/calendar.h"
#include "base/utf8.h"
#include "tools/report/page.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PLOT_WIDTH = 960, PLOT_HEIGHT = 220, PLOT_LEFT = 60, PLOT_TOP = 10, PLOT_BOTTOM = 24 };

/* The parts of a bar in the plot over time; the columns are those of the sheet "time". */
enum { TIME_START, TIME_MESSAGES, TIME_PASS, TIME_FAIL, TIME_SOFTFAIL, TIME_ERRORS, TIME_REFUSED };

/* Text from outside: what HTML gives a meaning is escaped, and octets that are no UTF-8 are shown as \xNN. */
static void add_escaped(struct strbuf *out, const char *text)
{
    const size_t len = strlen(text);

    for (size_t i = 0; i < len;) {
        const size_t step = utf8_char_len(text + i, len - i);
        const unsigned char c = (unsigned char)text[i];

        if (step == 0 || c < 0x20 || c == 0x7f)
            strbuf_addf(out, "\\x%02x", (unsigned)c);
        else if (strchr("<>&\"'", text[i]) != NULL)
            strbuf_addf(out, "&#%u;", (unsigned)c);
        else
            strbuf_add_mem(out, text + i, step);
        i += step > 0 ? step : 1;
    }
}

/* A number with thin spaces between thousands. */
static void add_number(struct strbuf *out, uint64_t value)
{
    char digits[24];
    const size_t len = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, value);

    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            strbuf_add(out, "&#8239;");
        strbuf_add_char(out, digits[i]);
    }
}

static const char *time_text(int64_t time_s, const char *format, char text[40])
{
    struct tm local;

    if (!calendar_local(time_s, &local) || strftime(text, 40, format, &local) == 0)
        text[0] = '\0';
    return text;
}

/* The source expression that admits a text (Content Security Policy Level 3, 2.3.1). */
static void add_hash(struct strbuf *out, const char *text)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char base64[sodium_base64_ENCODED_LEN(sizeof hash, sodium_base64_VARIANT_ORIGINAL)];

    (void)crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
    strbuf_addf(out, "sha256-%s",
                sodium_bin2base64(base64, sizeof base64, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL));
}

static void add_figure(struct strbuf *out, uint64_t value, uint64_t of, const char *label)
{
    strbuf_add(out, "<li><b>");
    add_number(out, value);
    strbuf_addf(out, "</b> <span>%s", label);
    if (of > 0 && of != value)
        strbuf_addf(out, ", %.1f&#8239;%%", 100.0 * (double)value / (double)of);
    strbuf_add(out, "</span></li>\n");
}

static void add_head(const struct written_report *report, struct strbuf *out)
{
    const struct summary *summary = report->summary;
    char from[40], to[40];

    if (summary->first_s >= 0)
        strbuf_addf(out, "<p class=\"soft\">%s to %s, local time</p>\n",
                    time_text(summary->first_s, "%Y-%m-%d %H:%M", from),
                    time_text(summary->last_s, "%Y-%m-%d %H:%M", to));
    strbuf_add(out, "<ul class=\"figures\">\n");
    add_figure(out, summary->messages, 0, "messages");
    add_figure(out, summary->results[RESULT_PASS], summary->messages, "passed");
    add_figure(out, summary->results[RESULT_FAIL] + summary->results[RESULT_SOFTFAIL], summary->messages,
               "failed or softfailed");
    add_figure(out, summary->fates[FATE_REFUSED], summary->messages, "refused");
    add_figure(out, summary->fates[FATE_DEFERRED], summary->messages, "deferred");
    strbuf_add(out, "</ul>\n");
}

static void add_contents(const struct written_report *report, struct strbuf *out)
{
    strbuf_add(out, "<ul>\n");
    for (size_t i = 0; i < report->sheets->count; i++)
        if (report->sheets->items[i].row_count > 0)
            strbuf_addf(out, "<li><a href=\"#%s\">%s</a></li>\n", report->sheets->items[i].key,
                        report->sheets->items[i].title);
    strbuf_add(out, "</ul>\n");
}

static int64_t value_at(const struct sheet *sheet, size_t row, size_t column)
{
    return sheet->cells[row * sheet->column_count + column].value;
}

static int64_t largest(const struct sheet *sheet, size_t column)
{
    int64_t most = 1;

    for (size_t row = 0; row < sheet->row_count; row++)
        if (value_at(sheet, row, column) > most)
            most = value_at(sheet, row, column);
    return most;
}

static void add_cell(const struct sheet *sheet, size_t row, size_t column, struct strbuf *out)
{
    const struct cell *cell = &sheet->cells[row * sheet->column_count + column];
    const char *key = sheet->columns[column].key;
    const bool is_code = strcmp(key, "line") == 0 || strcmp(key, "term") == 0;
    char text[40];

    switch (sheet->columns[column].kind) {
    case CELL_TEXT:
        strbuf_addf(out, "<td class=\"text\">%s", is_code ? "<code>" : "");
        add_escaped(out, cell->text != NULL ? cell->text : "");
        strbuf_addf(out, "%s</td>", is_code ? "</code>" : "");
        break;
    case CELL_COUNT:
        strbuf_addf(out, "<td class=\"number\" data-value=\"%" PRId64 "\">", cell->value);
        add_number(out, (uint64_t)cell->value);
        strbuf_add(out, "</td>");
        break;
    case CELL_TIME:
        strbuf_addf(out, "<td class=\"text\">%s</td>", time_text(cell->value, "%Y-%m-%d %H:%M", text));
        break;
    }
}

/* The colour of a bar, by what it is about. */
static const char *bar_class(const char *name)
{
    static const char *const classes[][2] = {
        {"pass", "f-pass"},    {"accepted", "f-pass"},   {"fail", "f-fail"},       {"softfail", "f-softfail"},
        {"refused", "f-fail"}, {"temperror", "f-error"}, {"permerror", "f-error"}, {"deferred", "f-error"},
        {"none", "f-rest"},    {"neutral", "f-rest"},
    };

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strcmp(name, classes[i][0]) == 0)
            return classes[i][1];
    return "f-bar";
}

static void add_bar(const struct sheet *sheet, size_t row, struct strbuf *out)
{
    const double share = (double)value_at(sheet, row, 1) / (double)largest(sheet, 1);
    const char *name = sheet->cells[row * sheet->column_count].text;

    strbuf_addf(out,
                "<td class=\"bar\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                "<rect class=\"%s\" width=\"%.2f\" height=\"10\"/></svg></td>",
                bar_class(name != NULL ? name : ""), 100 * share);
}

static void add_table(const struct sheet *sheet, struct strbuf *out)
{
    strbuf_addf(out,
                "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"h-%s\">"
                "<table class=\"sortable\"><thead><tr>",
                sheet->key);
    for (size_t column = 0; column < sheet->column_count; column++)
        strbuf_addf(out, "<th scope=\"col\"%s>%s</th>",
                    sheet->columns[column].kind == CELL_COUNT ? " class=\"number\"" : "", sheet->columns[column].title);
    if (sheet->chart == CHART_BARS)
        strbuf_add(out, "<th class=\"plain\"><span class=\"hidden\">Bar</span></th>");
    strbuf_add(out, "</tr></thead>\n<tbody>\n");
    for (size_t row = 0; row < sheet->row_count; row++) {
        strbuf_add(out, "<tr>");
        for (size_t column = 0; column < sheet->column_count; column++)
            add_cell(sheet, row, column, out);
        if (sheet->chart == CHART_BARS)
            add_bar(sheet, row, out);
        strbuf_add(out, "</tr>\n");
    }
    strbuf_add(out, "</tbody></table></div>\n");
    if (sheet->more > 0)
        strbuf_addf(out, "<p class=\"soft\">%zu more: --top shows more.</p>\n", sheet->more);
}

/* A round number that is not below `most`. */
static int64_t round_up(int64_t most)
{
    int64_t unit = 1;

    while (unit * 10 < most)
        unit *= 10;
    if (most <= unit * 2)
        return unit * 2;
    return most <= unit * 5 ? unit * 5 : unit * 10;
}

static void add_grid(const struct sheet *sheet, int64_t top, struct strbuf *out)
{
    const int height = PLOT_HEIGHT - PLOT_TOP - PLOT_BOTTOM;
    char text[40];

    for (int line = 0; line <= 2; line++) {
        const int y = PLOT_TOP + height - height * line / 2;

        if (top * line % 2 != 0)
            continue;
        strbuf_addf(out,
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">",
                    PLOT_LEFT, PLOT_WIDTH, y, y, PLOT_LEFT - 8, y + 4);
        add_number(out, (uint64_t)(top * line / 2));
        strbuf_add(out, "</text>\n");
    }
    strbuf_addf(out, "<text x=\"%d\" y=\"%d\">%s</text>\n", PLOT_LEFT, PLOT_HEIGHT - 6,
                time_text(value_at(sheet, 0, TIME_START), "%Y-%m-%d %H:%M", text));
    if (sheet->row_count > 1)
        strbuf_addf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", PLOT_WIDTH, PLOT_HEIGHT - 6,
                    time_text(value_at(sheet, sheet->row_count - 1, TIME_START), "%Y-%m-%d %H:%M", text));
}

/* One stacked bar: what passed below, errors and the rest above. */
static void add_stack(const struct sheet *sheet, size_t row, double left, double width, int64_t top, struct strbuf *out)
{
    const double height = PLOT_HEIGHT - PLOT_TOP - PLOT_BOTTOM;
    const int64_t pass = value_at(sheet, row, TIME_PASS), errors = value_at(sheet, row, TIME_ERRORS);
    const int64_t fails = value_at(sheet, row, TIME_FAIL), softfails = value_at(sheet, row, TIME_SOFTFAIL);
    const int64_t all = value_at(sheet, row, TIME_MESSAGES);
    const struct {
        const char *class;
        int64_t value;
    } parts[] = {{"f-pass", pass},
                 {"f-rest", all - pass - fails - softfails - errors},
                 {"f-error", errors},
                 {"f-softfail", softfails},
                 {"f-fail", fails}};
    double y = (double)PLOT_TOP + height;
    char text[40];

    strbuf_addf(out,
                "<g><title>%s: %" PRId64 " messages, %" PRId64 " pass, %" PRId64 " fail, %" PRId64 " softfail, %" PRId64
                " errors, %" PRId64 " refused</title>",
                time_text(value_at(sheet, row, TIME_START), "%Y-%m-%d %H:%M", text), all, pass, fails, softfails,
                errors, value_at(sheet, row, TIME_REFUSED));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const double part = height * (double)parts[i].value / (double)top;

        if (parts[i].value <= 0)
            continue;
        y -= part;
        strbuf_addf(out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", parts[i].class,
                    left, y, width, part);
    }
    strbuf_add(out, "</g>\n");
}

static void add_plot(const struct sheet *sheet, struct strbuf *out)
{
    static const char *const keys[][2] = {{"f-pass", "pass"},
                                          {"f-rest", "none, neutral, not evaluated"},
                                          {"f-error", "errors"},
                                          {"f-softfail", "softfail"},
                                          {"f-fail", "fail"}};
    const int64_t top = round_up(largest(sheet, TIME_MESSAGES));
    const double slot = (double)(PLOT_WIDTH - PLOT_LEFT) / (double)sheet->row_count;

    strbuf_add(out, "<ul class=\"key\">");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        strbuf_addf(out,
                    "<li><svg viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"%s\" width=\"1\" "
                    "height=\"1\"/></svg>%s</li>",
                    keys[i][0], keys[i][1]);
    strbuf_addf(out,
                "</ul>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"h-time\"><svg "
                "class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Messages over time, by "
                "result; the table below has the figures\">\n",
                PLOT_WIDTH, PLOT_HEIGHT);
    add_grid(sheet, top, out);
    for (size_t row = 0; row < sheet->row_count; row++)
        add_stack(sheet, row, (double)PLOT_LEFT + (double)row * slot + slot * 0.08, slot * 0.84 < 40 ? slot * 0.84 : 40,
                  top, out);
    strbuf_add(out, "</svg></div>\n<details><summary>The figures</summary>\n");
    add_table(sheet, out);
    strbuf_add(out, "</details>\n");
}

static void add_body(const struct written_report *report, struct strbuf *out)
{
    for (size_t i = 0; i < report->sheets->count; i++) {
        const struct sheet *sheet = &report->sheets->items[i];

        if (sheet->row_count == 0)
            continue;
        strbuf_addf(out, "<section id=\"%s\">\n<h2 id=\"h-%s\">%s</h2>\n", sheet->key, sheet->key, sheet->title);
        if (sheet->note != NULL)
            strbuf_addf(out, "<p class=\"note\">%s</p>\n", sheet->note);
        if (sheet->chart == CHART_TIME)
            add_plot(sheet, out);
        else
            add_table(sheet, out);
        strbuf_add(out, "</section>\n");
    }
    if (report->summary->messages == 0)
        strbuf_add(out, "<section><h2>No messages</h2><p>The log has no line about a message.</p></section>\n");
}

static void add_foot(const struct written_report *report, struct strbuf *out)
{
    const struct summary *summary = report->summary;
    char text[40];

    for (size_t i = 0; i < report->sheets->note_count; i++) {
        strbuf_add(out, "<p>");
        add_escaped(out, report->sheets->notes[i]);
        strbuf_add(out, "</p>\n");
    }
    strbuf_addf(out,
                "<p>Lines: %" PRIu64 " read, %" PRIu64 " of other programs or about no message. Made by smf-spf "
                "report, %s.</p>\n",
                summary->lines, summary->foreign + summary->other, time_text(report->made_s, "%Y-%m-%d %H:%M", text));
}

static bool is_name(const char *name, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(name, word, len) == 0;
}

/* What stands in the page for {{name}}. */
static void add_part(const struct written_report *report, const char *name, size_t len, struct strbuf *out)
{
    if (is_name(name, len, "css_hash"))
        add_hash(out, page_css);
    else if (is_name(name, len, "js_hash"))
        add_hash(out, page_js);
    else if (is_name(name, len, "css"))
        strbuf_add(out, page_css);
    else if (is_name(name, len, "js"))
        strbuf_add(out, page_js);
    else if (is_name(name, len, "head"))
        add_head(report, out);
    else if (is_name(name, len, "contents"))
        add_contents(report, out);
    else if (is_name(name, len, "body"))
        add_body(report, out);
    else if (is_name(name, len, "foot"))
        add_foot(report, out);
}

void write_report_html(const struct written_report *report, struct strbuf *out)
{
    const char *at = page_html, *open;

    while ((open = strstr(at, "{{")) != NULL) {
        const char *name = open + 2;
        const size_t len = strcspn(name, "}");

        strbuf_add_mem(out, at, (size_t)(open - at));
        add_part(report, name, len, out);
        at = name + len + 2;
    }
    strbuf_add(out, at);
}
