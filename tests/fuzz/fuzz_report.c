/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the report: whatever the lines of a log hold, each is counted once, the bounds hold, the JSON is whole, and no
 * text of the log is an element of the page. */
#include "tools/report/message_join.h"
#include "tools/report/read_line.h"
#include "tools/report/report_sheets.h"
#include "tools/report/write_report.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void count(void *context, const struct log_entry *message)
{
    summary_add(context, message);
}

static void read_lines(struct summary *summary, const char *text, size_t size)
{
    struct message_join *join = message_join_create(count, summary);
    struct log_time time = {.now_s = 1796000000};
    static struct log_entry entry;

    require(join != NULL);
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        const size_t len = end != NULL ? (size_t)(end - text) : size;

        read_line(&time, text, len, &entry);
        if (entry.kind >= ENTRY_MESSAGE)
            message_join_add(join, &entry);
        size -= len + (end != NULL);
        text += len + (end != NULL);
    }
    message_join_finish(join);
}

static size_t count_of(const char *text, const char *part)
{
    size_t found = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        found++;
    return found;
}

static void write_all(const struct summary *summary)
{
    struct sheets sheets = {.count = 0};
    const struct written_report report = {summary, &sheets, 0};
    struct strbuf text = STRBUF_INIT, json = STRBUF_INIT, html = STRBUF_INIT;

    report_sheets(summary, 5, NULL, 0, &sheets);
    write_report_text(&report, &text);
    write_report_json(&report, &json);
    write_report_html(&report, &html);
    require(!text.failed && !json.failed && !html.failed);
    require(count_of(strbuf_text(&html), "<script") == 1 && count_of(strbuf_text(&html), "<img") == 0);
    strbuf_free(&text);
    strbuf_free(&json);
    strbuf_free(&html);
    sheets_free(&sheets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct text_list own;
    static const struct config *config;
    struct strbuf errors = STRBUF_INIT;
    struct summary_options options = {.since_s = INT64_MIN, .until_s = INT64_MAX, .own = &own};
    struct summary summary;
    uint64_t sum = 0;

    if (config == NULL) {
        static const char text[] = "RefuseMailFrom fail softfail\nRefuseFor x.org none\nWhitelistPTR a.org\n";

        config = config_parse(text, sizeof text - 1, "fuzz", &errors);
        require(config != NULL && text_list_add(&own, "example.org"));
    }
    options.now = options.then = config;
    require(summary_begin(&summary, &options));
    read_lines(&summary, (const char *)data, size);
    for (int fate = 0; fate < FATE_COUNT; fate++)
        sum += summary.fates[fate];
    require(sum == summary.messages);
    write_all(&summary);
    summary_free(&summary);
    return 0;
}
