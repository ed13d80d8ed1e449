/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes off what syslog or journald put before a line. */
#include "tools/report/read_line.h"

#include "base/text_search.h"
#include "tools/report/read_json.h"
#include "tools/report/read_text.h"

#include <string.h>

static bool is_event(const char *text, size_t len)
{
    return len >= 4 && memcmp(text, "SPF ", 4) == 0;
}

/* What follows `smf-spf[123]: ` or `smf-spf: `; NULL if there is no such tag among the first words. */
static const char *after_tag(const char *line, size_t len)
{
    static const char tag[] = "smf-spf";
    const size_t near = len < 200 ? len : 200;
    const char *at = text_search_first(line, near, tag, sizeof tag - 1), *end = line + len;

    if (at == NULL || (at > line && at[-1] != ' ' && at[-1] != '/' && at[-1] != ']'))
        return NULL;
    at += sizeof tag - 1;
    if (at < end && *at == '[')
        while (at < end && *at != ':' && *at != ' ')
            at++;
    return at + 1 < end && at[0] == ':' && at[1] == ' ' ? at + 2 : NULL;
}

static bool is_text(const char *line, size_t len)
{
    return memchr(line, '\0', len) == NULL;
}

/* The octets of a priority, "<14>" (RFC 3164 4.1.1), that a relay left there. */
static size_t priority_len(const char *line, size_t len)
{
    const char *end = line[0] == '<' ? memchr(line, '>', len < 6 ? len : 6) : NULL;

    return end != NULL ? (size_t)(end - line) + 1 : 0;
}

void read_line(struct log_time *reader, const char *line, size_t len, struct log_entry *entry)
{
    const char *text, *end = line + len;
    size_t skipped;
    int64_t time_s = ENTRY_NO_TIME;

    log_entry_clear(entry);
    if (len == 0)
        return;
    if (!is_text(line, len)) {
        entry->kind = ENTRY_UNREAD;
        return;
    }
    if (line[0] == '{') {
        read_json(reader, line, len, entry);
        return;
    }
    skipped = priority_len(line, len);
    skipped += log_time_read(reader, line + skipped, len - skipped, &time_s);
    while (skipped < len && line[skipped] == ' ')
        skipped++;
    text = line + skipped;
    if (!is_event(text, (size_t)(end - text)))
        text = after_tag(text, (size_t)(end - text));
    if (text == NULL || text == end)
        return;
    if (*text == '{')
        read_json(reader, text, (size_t)(end - text), entry);
    else
        read_text(text, (size_t)(end - text), entry);
    if (entry->time_s == ENTRY_NO_TIME)
        entry->time_s = time_s;
}
