/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes off what syslog or journald put before a line. */
#include "tools/report/read_line.h"

#include "base/text_search.h"
#include "tools/report/read_json.h"
#include "tools/report/read_text.h"

#include <ctype.h>
#include <string.h>

static bool is_event(const char *text, size_t len)
{
    return len >= 4 && memcmp(text, "SPF ", 4) == 0;
}

static const char *skip_word(const char *at, const char *end)
{
    while (at < end && *at != ' ')
        at++;
    return at < end ? at + 1 : end;
}

/* What follows the PROCID, the MSGID and the structured data of RFC 5424 (6.2, 6.3) at `at`; NULL if they are not
 * there. */
static const char *after_header(const char *at, const char *end)
{
    const char *const id = at;

    while (at < end && (isdigit((unsigned char)*at) || *at == '-'))
        at++;
    if (at == id || at == end || *at != ' ')
        return NULL;
    at = skip_word(at + 1, end);
    if (at < end && *at == '[')
        while (at < end && *at != ']')
            at++;
    return at < end && (*at == '-' || *at == ']') ? skip_word(at, end) : NULL;
}

/* What follows the tag, `smf-spf[123]: ` or `smf-spf: ` or `smf-spf 123 - - `, whose name ends at `at`; NULL if this is
 * none. */
static const char *after_name(const char *at, const char *end)
{
    if (at < end && *at == ' ')
        return after_header(at + 1, end);
    if (at < end && *at == '[')
        while (at < end && *at != ':' && *at != ' ')
            at++;
    return at + 1 < end && at[0] == ':' && at[1] == ' ' ? at + 2 : NULL;
}

/* What follows the tag; NULL if there is none among the first words. The host may be called smf-spf too. */
static const char *after_tag(const char *line, size_t len)
{
    static const char tag[] = "smf-spf";
    const char *const near = line + (len < 200 ? len : 200);
    const char *at = line, *text = NULL;

    while (text == NULL && (at = text_search_first(at, (size_t)(near - at), tag, sizeof tag - 1)) != NULL) {
        const bool is_word = at == line || at[-1] == ' ' || at[-1] == '/' || at[-1] == ']';

        at += sizeof tag - 1;
        if (is_word)
            text = after_name(at, line + len);
    }
    return text;
}

static bool is_text(const char *line, size_t len)
{
    return memchr(line, '\0', len) == NULL;
}

/* The octets of a priority, "<14>" (RFC 3164 4.1.1) or "<14>1 " (RFC 5424 6.2), that a relay left there. */
static size_t priority_len(const char *line, size_t len)
{
    const char *end = line[0] == '<' ? memchr(line, '>', len < 6 ? len : 6) : NULL;

    if (end == NULL)
        return 0;
    end++;
    return (size_t)(end - line) + (line + len - end > 2 && end[0] == '1' && end[1] == ' ' ? 2 : 0);
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
