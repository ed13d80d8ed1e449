/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings and members of a JSON object. */
#include "base/log_json.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

/* The code point of a valid character. */
static unsigned long code_point(const unsigned char *octets, size_t len)
{
    unsigned long point = len == 1 ? octets[0] : octets[0] & (0x7fU >> len);

    for (size_t i = 1; i < len; i++)
        point = point << 6 | (octets[i] & 0x3fU);
    return point;
}

/* Appends the character that begins at `text`; returns its octets. */
static size_t add_character(struct strbuf *out, const char *text, size_t left)
{
    const size_t len = utf8_char_len(text, left);
    const unsigned long point = len > 0 ? code_point((const unsigned char *)text, len) : 0xfffd;

    if (len == 0 || utf8_is_control(text, len))
        strbuf_addf(out, "\\u%04lx", point);
    else if (point == '"' || point == '\\')
        strbuf_addf(out, "\\%c", (int)point);
    else
        strbuf_add_mem(out, text, len);
    return len > 0 ? len : 1;
}

/* How many of the octets at `text` stand for themselves, up to the first that may not. */
static size_t plain_run(const char *text, size_t len)
{
    size_t run = 0;

    while (run < len && text[run] >= ' ' && text[run] < 0x7f && text[run] != '"' && text[run] != '\\')
        run++;
    return run;
}

void log_json_string(struct strbuf *out, const char *text)
{
    size_t left = strlen(text);

    strbuf_add_char(out, '"');
    while (left > 0) {
        size_t used = plain_run(text, left);

        strbuf_add_mem(out, text, used);
        if (used < left)
            used += add_character(out, text + used, left - used);
        text += used;
        left -= used;
    }
    strbuf_add_char(out, '"');
}

/* Where memory ended early there is no text at all. */
static void separate(struct strbuf *out)
{
    if (out->len > 0 && strchr("{[", out->text[out->len - 1]) == NULL)
        strbuf_add_char(out, ',');
}

void log_json_begin(struct strbuf *out, char bracket)
{
    separate(out);
    strbuf_add_char(out, bracket);
}

void log_json_key(struct strbuf *out, const char *key)
{
    separate(out);
    log_json_string(out, key);
    strbuf_add_char(out, ':');
}

void log_json_member(struct strbuf *out, const char *key, const char *text)
{
    if (text == NULL)
        return;
    log_json_key(out, key);
    log_json_string(out, text);
}

void log_json_number(struct strbuf *out, const char *key, int64_t number)
{
    log_json_key(out, key);
    strbuf_addf(out, "%" PRId64, number);
}

void log_json_true(struct strbuf *out, const char *key, bool is_so)
{
    if (!is_so)
        return;
    log_json_key(out, key);
    strbuf_add(out, "true");
}

void log_json_foreign(struct strbuf *out, const char *json)
{
    size_t left = strlen(json);

    while (left > 0) {
        const size_t len = utf8_char_len(json, left), used = len > 0 ? len : 1;

        if ((len > 1 && utf8_is_control(json, len)) || *json == 0x7f)
            strbuf_addf(out, "\\u%04lx", code_point((const unsigned char *)json, len));
        else
            strbuf_add_mem(out, json, used);
        json += used;
        left -= used;
    }
}
