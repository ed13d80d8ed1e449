/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing string. A failed allocation or an exceeded limit sticks, so a caller builds a text and checks once. */
#ifndef SMF_BASE_STRBUF_H
#define SMF_BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct strbuf {
    char *text;   /* NUL-terminated once anything was added; NULL before */
    size_t len;   /* octets, without the NUL */
    size_t size;  /* allocated octets */
    size_t limit; /* most octets it may hold; 0: no limit */
    bool failed;  /* out of memory or past the limit: what was added since is lost */
    bool is_lent; /* `text` is not the buffer's own memory */
};

#define STRBUF_INIT ((struct strbuf){0}) /* a static one is so without it */

/* An empty string that begins in memory of the caller, `size` octets and at least 1, and has memory of its own once
 * that is not enough. It is freed like others. */
static inline struct strbuf strbuf_in(char *room, size_t size)
{
    room[0] = '\0';
    return (struct strbuf){.text = room, .size = size, .is_lent = true};
}

/* True if there is room already for `more` octets and a NUL after them. */
static inline bool strbuf_has_room(const struct strbuf *buf, size_t more)
{
    return !buf->failed && more < buf->size - buf->len && (buf->limit == 0 || more <= buf->limit - buf->len);
}

/* Each appends; none does anything once `failed` is set. `addf` takes printf's formats, and some hundred instructions
 * more than the others. */
void strbuf_add_mem(struct strbuf *buf, const void *octets, size_t len);
static inline void strbuf_add(struct strbuf *buf, const char *text)
{
    const size_t len = strlen(text); /* of a literal the compiler knows it, and a few moves add a short one */

    if (!__builtin_constant_p(len) || len > 16 || buf->text == NULL || !strbuf_has_room(buf, len)) {
        strbuf_add_mem(buf, text, len);
        return;
    }
    memcpy(buf->text + buf->len, text, len + 1);
    buf->len += len;
}
static inline void strbuf_add_char(struct strbuf *buf, char c)
{
    if (buf->text == NULL || !strbuf_has_room(buf, 1)) {
        strbuf_add_mem(buf, &c, 1);
        return;
    }
    buf->text[buf->len] = c;
    buf->text[++buf->len] = '\0';
}
void strbuf_add_number(struct strbuf *buf, uint64_t number); /* in decimal */
void strbuf_addf(struct strbuf *buf, const char *format, ...) __attribute__((cold, format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Appends text from outside for people: valid UTF-8 as it is, control characters (utf8_is_control) and all other
 * octets as \xNN. Of a text longer than `max` octets the rest, from a whole character on, becomes dots. */
void strbuf_add_shown(struct strbuf *buf, const char *text, size_t max);

/* Gives a text that has no memory yet some for `len` octets, or a little more, where many short ones are kept: without
 * it there is room for 255 at first. No effect without memory for that. */
void strbuf_begin_short(struct strbuf *buf, size_t len);

/* Room for `len` octets after the text, NULL without memory for it; and how many of them are text now. */
char *strbuf_make_room(struct strbuf *buf, size_t len);
void strbuf_fill_room(struct strbuf *buf, size_t len);

/* Shortens to `len` octets; no effect on a shorter one. */
static inline void strbuf_truncate(struct strbuf *buf, size_t len)
{
    if (len >= buf->len)
        return;
    buf->len = len;
    buf->text[len] = '\0';
}

/* Takes the first `len` octets out, at most all. */
void strbuf_drop(struct strbuf *buf, size_t len);

/* The text so far, never NULL; "" if nothing was added. Belongs to the buffer. */
static inline const char *strbuf_text(const struct strbuf *buf)
{
    return buf->text != NULL ? buf->text : "";
}

/* Hands the text to the caller, who frees it, and empties the buffer, which keeps its limit. "" if nothing was added,
 * NULL if `failed`. */
char *strbuf_take(struct strbuf *buf);

/* Frees the text, unless it is in the caller's memory, and returns to STRBUF_INIT. */
void strbuf_free(struct strbuf *buf);

#endif
