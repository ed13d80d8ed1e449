/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tagged subject. */
#include "mail/header_subject.h"

#include "base/printable.h"
#include "base/utf8.h"

#include <sodium.h>
#include <string.h>

enum {
    LINE_LIMIT = 998,     /* RFC 5322 2.1.1 */
    ENCODED_OCTETS = 42,  /* 56 of base64; with "=?UTF-8?B?" and "?=" below the 75 of RFC 2047 2 */
    SUBJECT_NAME_LEN = 9, /* "Subject: " */
};

/* How much of `text` one encoded word takes: whole characters only (RFC 2047 5). */
static size_t encoded_part(const char *text, size_t len)
{
    size_t part = 0;

    while (part < len) {
        size_t step = utf8_char_len(text + part, len - part);

        if (step == 0)
            step = 1;
        if (part + step > ENCODED_OCTETS)
            break;
        part += step;
    }
    return part;
}

/* Writes `text` as encoded words (RFC 2047 2). */
static void add_encoded(struct strbuf *out, const char *text)
{
    char base64[sodium_base64_ENCODED_LEN(ENCODED_OCTETS, sodium_base64_VARIANT_ORIGINAL)];
    size_t len = strlen(text);

    while (len > 0) {
        size_t part = encoded_part(text, len);

        sodium_bin2base64(base64, sizeof base64, (const unsigned char *)text, part, sodium_base64_VARIANT_ORIGINAL);
        strbuf_add(out, "=?UTF-8?B?");
        strbuf_add(out, base64);
        strbuf_add(out, "?=");
        text += part;
        len -= part;
        if (len > 0)
            strbuf_add_char(out, ' ');
    }
}

/* The tag as it stands in a subject. The space between two encoded words is not shown (RFC 2047 6.2), so before an
 * encoded subject it is a part of the tag. */
static void add_tag(struct strbuf *out, const char *tag, bool with_space)
{
    struct strbuf text = STRBUF_INIT;

    if (printable_is(tag, strlen(tag))) {
        strbuf_add(out, tag);
        return;
    }
    strbuf_add(&text, tag);
    if (with_space)
        strbuf_add_char(&text, ' ');
    add_encoded(out, strbuf_text(&text));
    if (text.failed)
        out->failed = true;
    strbuf_free(&text);
}

/* Whether the subject begins with the tag in one of its forms. Out of memory sets out->failed. */
static bool is_tagged(const char *subject, const char *tag, struct strbuf *out)
{
    bool tagged = false;

    for (int with_space = 0; with_space < 2 && !tagged; with_space++) {
        struct strbuf form = STRBUF_INIT;

        add_tag(&form, tag, with_space != 0);
        if (form.failed)
            out->failed = true;
        else
            tagged = strncmp(subject, strbuf_text(&form), form.len) == 0;
        strbuf_free(&form);
    }
    return tagged;
}

void header_tag_subject(const char *tag, const char *subject, struct strbuf *out)
{
    const char *text = subject != NULL ? subject + strspn(subject, " \t") : "";

    tag += strspn(tag, " \t"); /* spaces before a subject are not a part of it */
    if (subject != NULL && is_tagged(text, tag, out)) {
        strbuf_add(out, subject);
        return;
    }

    size_t start = out->len;
    add_tag(out, tag, strncmp(text, "=?", 2) == 0);
    if (subject == NULL || *text == '\0')
        return;
    size_t line = SUBJECT_NAME_LEN + (out->len - start) + 1 + strcspn(text, "\r\n");
    strbuf_add(out, line > LINE_LIMIT ? "\n " : " ");
    strbuf_add(out, text);
}
