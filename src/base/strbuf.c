/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing string whose errors stick. */
#include "base/strbuf.h"

#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIZE_MIN = 256,  /* enough for most log lines and header fields */
    SIZE_SHORT = 32, /* a short text has a multiple of this */
};

/* Memory of our own for a longer text; NULL if there is none. */
static char *enlarge(const struct strbuf *buf, size_t size)
{
    char *text = buf->is_lent ? malloc(size) : realloc(buf->text, size);

    if (text != NULL && buf->is_lent)
        memcpy(text, buf->text, buf->len + 1);
    return text;
}

/* Makes it. */
static bool grow(struct strbuf *buf, size_t more)
{
    if (buf->failed)
        return false;
    if (more >= SIZE_MAX / 2 - buf->len || (buf->limit > 0 && more > buf->limit - buf->len))
        goto failed;

    size_t need = buf->len + more + 1;
    if (need <= buf->size)
        return true;

    size_t size = buf->size > 0 ? buf->size : SIZE_MIN;
    while (size < need)
        size *= 2;

    char *text = enlarge(buf, size);
    if (text == NULL)
        goto failed;
    buf->text = text;
    buf->size = size;
    buf->is_lent = false;
    return true;

failed:
    buf->failed = true;
    return false;
}

/* Where there is room for them. */
static inline void append(struct strbuf *buf, const void *octets, size_t len)
{
    char *end = buf->text + buf->len;

    buf->len += len;
    end[len] = '\0';
    if (len > 0)
        memcpy(end, octets, len);
}

/* Where there is none yet. Apart, as what mostly happens needs no registers saved then. */
static __attribute__((noinline)) void append_enlarged(struct strbuf *buf, const void *octets, size_t len)
{
    if (grow(buf, len))
        append(buf, octets, len);
}

void strbuf_add_mem(struct strbuf *buf, const void *octets, size_t len)
{
    if (strbuf_has_room(buf, len))
        append(buf, octets, len);
    else
        append_enlarged(buf, octets, len);
}

void strbuf_begin_short(struct strbuf *buf, size_t len)
{
    const size_t size = (len / SIZE_SHORT + 1) * SIZE_SHORT;

    if (buf->text != NULL || buf->failed || size > SIZE_MIN)
        return;
    buf->text = malloc(size);
    if (buf->text == NULL)
        return;
    buf->text[0] = '\0';
    buf->size = size;
}

char *strbuf_make_room(struct strbuf *buf, size_t len)
{
    return strbuf_has_room(buf, len) || grow(buf, len) ? buf->text + buf->len : NULL;
}

void strbuf_fill_room(struct strbuf *buf, size_t len)
{
    buf->len += len;
    buf->text[buf->len] = '\0';
}

void strbuf_add_number(struct strbuf *buf, uint64_t number)
{
    char digits[20]; /* of UINT64_MAX */
    size_t first = sizeof digits;

    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    strbuf_add_mem(buf, digits + first, sizeof digits - first);
}

void strbuf_addf(struct strbuf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    strbuf_vaddf(buf, format, args);
    va_end(args);
}

void strbuf_vaddf(struct strbuf *buf, const char *format, va_list args)
{
    size_t room = buf->size - buf->len; /* mostly enough, so that one pass does */
    va_list again;

    if (buf->failed)
        return;
    va_copy(again, args);
    int len = vsnprintf(room > 0 ? buf->text + buf->len : NULL, room, format, args);
    bool fits = len >= 0 && (size_t)len < room;
    if (len < 0)
        buf->failed = true;
    else if ((strbuf_has_room(buf, (size_t)len) || grow(buf, (size_t)len)) && !fits)
        (void)vsnprintf(buf->text + buf->len, (size_t)len + 1, format, again);
    va_end(again);
    if (!buf->failed)
        buf->len += (size_t)len;
    else if (room > 0)
        buf->text[buf->len] = '\0';
}

void strbuf_add_shown(struct strbuf *buf, const char *text, size_t max)
{
    size_t left = strlen(text), shown = 0;

    while (left > 0 && shown < max) {
        size_t octets = utf8_char_len(text, left);

        if (octets > 0 && utf8_is_control(text, octets))
            octets = 0;
        if (octets > 0)
            strbuf_add_mem(buf, text, octets);
        else
            strbuf_addf(buf, "\\x%02x", (unsigned)(unsigned char)*text);
        octets = octets > 0 ? octets : 1;
        text += octets;
        left -= octets;
        shown += octets;
    }
    if (left > 0)
        strbuf_add(buf, "...");
}

void strbuf_drop(struct strbuf *buf, size_t len)
{
    if (len == 0)
        return;
    buf->len -= len;
    memmove(buf->text, buf->text + len, buf->len + 1);
}

char *strbuf_take(struct strbuf *buf)
{
    size_t limit = buf->limit;
    char *text = NULL;

    strbuf_add_mem(buf, NULL, 0); /* an empty text is a text too */
    if (!buf->failed && buf->is_lent) {
        text = enlarge(buf, buf->len + 1);
    } else if (!buf->failed) {
        text = buf->text;
        buf->text = NULL;
    }
    strbuf_free(buf);
    buf->limit = limit;
    return text;
}

void strbuf_free(struct strbuf *buf)
{
    if (!buf->is_lent)
        free(buf->text);
    *buf = STRBUF_INIT;
}
