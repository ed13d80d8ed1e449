/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line a row, the key at its end, so that text tools find their way. */
#include "tools/greylist/greylist_text.h"

#include "base/calendar.h"

#include <inttypes.h>
#include <time.h>

enum { TIME_SIZE = 24 };

static const char line_format[] = "%-8s %-19s %8s  %-19s  %-19s  ";

static const char *format_time(int64_t time_s, char text[TIME_SIZE])
{
    struct tm local;

    if (time_s == 0 || !calendar_local(time_s, &local) || strftime(text, TIME_SIZE, "%Y-%m-%d %H:%M:%S", &local) == 0)
        return "-";
    return text;
}

void greylist_text_head(struct strbuf *out)
{
    strbuf_addf(out, line_format, "state", "first contact", "count", "last message", "deleted");
    strbuf_add(out, "who, and for whom\n");
}

void greylist_text_row(const struct backend_row *row, const struct greylist_view *view, struct strbuf *out)
{
    char first[TIME_SIZE], last[TIME_SIZE], until[TIME_SIZE];
    struct strbuf count = STRBUF_INIT;

    strbuf_addf(&count, "%" PRIu32, row->record.count);
    strbuf_addf(out, line_format, greylist_row_state_name(greylist_row_state(row, view)),
                format_time(row->record.first_s, first), strbuf_text(&count), format_time(row->record.last_s, last),
                format_time(row->until_s, until));
    out->failed |= count.failed;
    strbuf_add_shown(out, row->key, GREYLIST_KEY_SIZE);
    strbuf_add_char(out, '\n');
    strbuf_free(&count);
}

static void add_count(struct strbuf *out, uint64_t count, const char *what)
{
    strbuf_addf(out, "%10" PRIu64 "  %s\n", count, what);
}

void greylist_text_counts(const struct greylist_counts *counts, struct strbuf *out)
{
    uint64_t over = counts->entries[ROW_OVER] + counts->senders[ROW_OVER];

    add_count(out, counts->entries[ROW_WAITING], "have been deferred and have not come back");
    add_count(out, counts->entries[ROW_KNOWN], "have come back and are known");
    add_count(out, counts->entries[ROW_LEARNED], "were seen while nobody was deferred, and have not come again");
    add_count(out, counts->senders[ROW_KNOWN], "senders are known for all recipients");
    add_count(out, counts->senders[ROW_COUNTED], "senders are on the way there");
    add_count(out, over, "are over, and are about to be deleted");
    if (counts->wait_count > 0)
        strbuf_addf(out,
                    "waits of %zu that came back: half up to %" PRIu32 " s, 90 %% up to %" PRIu32
                    " s, the longest %" PRIu32 " s\n",
                    counts->wait_count, greylist_counts_wait(counts, 50), greylist_counts_wait(counts, 90),
                    greylist_counts_wait(counts, 100));
}
