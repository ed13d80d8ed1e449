/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints a report: for a terminal, for programs, for a browser. */
#ifndef SMF_TOOLS_REPORT_WRITE_REPORT_H
#define SMF_TOOLS_REPORT_WRITE_REPORT_H

#include "base/strbuf.h"
#include "tools/report/sheet.h"
#include "tools/report/summary.h"

struct written_report {
    const struct summary *summary;
    const struct sheets *sheets;
    int64_t made_s; /* when */
};

/* Each appends the whole report, with a newline at its end. Text: 80 columns of UTF-8. JSON: one object (RFC 8259).
 * HTML: one page that needs nothing else. Whatever the log held, it is text there. */
void write_report_text(const struct written_report *report, struct strbuf *out);
void write_report_json(const struct written_report *report, struct strbuf *out);
void write_report_html(const struct written_report *report, struct strbuf *out);

#endif
