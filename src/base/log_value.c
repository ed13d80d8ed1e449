/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quotes text from outside for the log. */
#include "base/log_value.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The keys of our lines. tests/unit/check_log_keys.py compares them with the sources. */
static const char *const keys[] = {
    "client",
    "dmarc",
    "helo-dmarc",
    "exempt-to",
    "exemption-unknown",
    "forged",
    "fqdn",
    "from",
    "greylist",
    "greylist-to",
    "greylist-wait",
    "greylist-waited",
    "helo",
    "helo-reason",
    "helo-result",
    "id",
    "identity",
    "ip",
    "reason",
    "recipients",
    "recipients-refused",
    "reply",
    "test",
    "test-reply",
    "test-to",
    "to",
    "verdict",
    "why",
};

/* The octets between quotes, and the dots after them, take none of the room for the text. */
enum { EXTRA_SIZE = 6, BLOCK = 16 };

static bool text_ends_with(const char *text, size_t len, const char *word)
{
    size_t word_len = strlen(word);

    return len >= word_len && strncasecmp(text + len - word_len, word, word_len) == 0;
}

/* True if a key of ours ends `text` before `len`, with or without something before it. */
static bool ends_with_key(const char *text, size_t len)
{
    while (len > 0 && text[len - 1] == ' ')
        len--;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (text_ends_with(text, len, keys[i]))
            return true;
    }
    return false;
}

/* True if the octet at `at` could mislead who reads the line. */
static bool misleads(enum log_value_kind kind, const char *text, size_t at)
{
    char c = text[at];

    switch (c) {
    case '"':
    case '<':
    case '>':
        return true;
    case '=':
        return ends_with_key(text, at);
    case ' ':
        if (kind == LOG_VALUE_TEXT) /* an event: `SPF refused`. Our own words are `SPF record` */
            return text_ends_with(text, at, "SPF") && strncmp(text + at, " record", 7) != 0;
        return true;
    case ',':
        return kind == LOG_VALUE_WORD;
    default:
        return iscntrl((unsigned char)c);
    }
}

/* True for the octets that names and addresses are made of, none of which misleads. */
static bool is_plain(char c)
{
    return (c >= '-' && c <= ';') || (c >= '?' && c <= '~');
}

/* The same for BLOCK octets, without a way out in between: compilers make few instructions of that. */
static bool is_plain_block(const char *text)
{
    unsigned char plain = 1;

    for (int i = 0; i < BLOCK; i++)
        plain &= (unsigned char)is_plain(text[i]);
    return plain;
}

static bool is_harmless(enum log_value_kind kind, const char *text, size_t len)
{
    size_t i = 0;

    while (len - i >= BLOCK && is_plain_block(text + i))
        i += BLOCK;
    if (i < len && len >= BLOCK && len - i < BLOCK &&
        is_plain_block(text + len - BLOCK)) /* again some of the block before */
        return true;
    for (; i < len; i++)
        if (!is_plain(text[i]) && misleads(kind, text, i))
            return false;
    return true;
}

/* Writes `text` with %XX, at most `max` octets and whole escapes only. Returns the length; *used is how much of `text`
 * that covers. */
static size_t write_escaped(enum log_value_kind kind, const char *text, char *out, size_t max, size_t *used)
{
    size_t len = 0, i = 0;

    for (; text[i] != '\0'; i++) {
        bool escapes = text[i] == '%' || misleads(kind, text, i);

        if (len + (escapes ? 3 : 1) > max)
            break;
        if (escapes)
            len += (size_t)snprintf(out + len, 4, "%%%02X", (unsigned char)text[i]);
        else
            out[len++] = text[i];
    }
    *used = i;
    return len;
}

const char *log_value(enum log_value_kind kind, const char *text, char *out, size_t size)
{
    size_t max = size - EXTRA_SIZE, len = strlen(text), used;

    if (is_harmless(kind, text, len)) {
        used = len > max ? max : len;
        memcpy(out, text, used);
        memcpy(out + used, "...", sizeof "...");
        if (used == len)
            out[used] = '\0';
        return out;
    }
    out[0] = '"';
    len = 1 + write_escaped(kind, text, out + 1, max, &used);
    (void)snprintf(out + len, size - len, "%s\"", text[used] != '\0' ? "..." : "");
    return out;
}

/* Without a copy in between where the text stays as it is. */
static void add_value(struct strbuf *line, enum log_value_kind kind, const char *text, char *room, size_t size)
{
    const size_t len = strlen(text);

    if (len <= size - EXTRA_SIZE && is_harmless(kind, text, len))
        strbuf_add_mem(line, text, len);
    else
        strbuf_add(line, log_value(kind, text, room, size));
}

void log_add_word(struct strbuf *line, const char *text)
{
    char room[LOG_VALUE_SIZE];

    add_value(line, LOG_VALUE_WORD, text, room, sizeof room);
}

void log_add_text(struct strbuf *line, const char *text)
{
    char room[LOG_TEXT_SIZE];

    add_value(line, LOG_VALUE_TEXT, text, room, sizeof room);
}

const char *log_word(const char *text, char out[LOG_VALUE_SIZE])
{
    return log_value(LOG_VALUE_WORD, text, out, LOG_VALUE_SIZE);
}

const char *log_text(const char *text, char out[LOG_TEXT_SIZE])
{
    return log_value(LOG_VALUE_TEXT, text, out, LOG_TEXT_SIZE);
}
