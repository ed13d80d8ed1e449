/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the tags v and psd of DMARC records. */
#include "dmarc/dmarc_record.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* A piece of a record; not terminated. */
struct piece {
    const char *text;
    size_t len;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct piece trimmed(struct piece piece)
{
    while (piece.len > 0 && is_space(piece.text[piece.len - 1]))
        piece.len--;
    while (piece.len > 0 && is_space(piece.text[0])) {
        piece.text++;
        piece.len--;
    }
    return piece;
}

/* Cuts off `rest` what stands before the next `mark`, or all of it. */
static struct piece cut(struct piece *rest, char mark)
{
    const char *found = rest->len > 0 ? memchr(rest->text, mark, rest->len) : NULL;
    const size_t len = found != NULL ? (size_t)(found - rest->text) : rest->len;
    const struct piece before = {rest->text, len};
    const size_t taken = found != NULL ? len + 1 : len;

    rest->text += taken;
    rest->len -= taken;
    return before;
}

static bool is_word(struct piece piece, const char *word)
{
    return piece.len == strlen(word) && strncasecmp(piece.text, word, piece.len) == 0;
}

/* The name of a tag; *tag becomes its value. */
static struct piece take_name(struct piece *tag)
{
    const struct piece name = trimmed(cut(tag, '='));

    *tag = trimmed(*tag);
    return name;
}

/* True for the first tag of a DMARC record. The version alone is compared with case, and nothing may stand before it
 * (RFC 9989 4.8). */
static bool is_version(struct piece tag)
{
    static const char version[] = "DMARC1";
    const bool is_indented = tag.len > 0 && is_space(tag.text[0]);

    return !is_indented && is_word(take_name(&tag), "v") && tag.len == sizeof(version) - 1 &&
           memcmp(tag.text, version, tag.len) == 0;
}

enum dmarc_record dmarc_record_read(const char *text, size_t len)
{
    struct piece rest = {text, len};

    if (!is_version(cut(&rest, ';')))
        return DMARC_RECORD_NONE;
    while (rest.len > 0) {
        struct piece value = cut(&rest, ';');

        if (!is_word(take_name(&value), "psd"))
            continue;
        if (is_word(value, "n"))
            return DMARC_RECORD_PSD_NO;
        if (is_word(value, "y"))
            return DMARC_RECORD_PSD_YES;
    }
    return DMARC_RECORD_PLAIN;
}

enum dmarc_record dmarc_record_of_answer(const struct dns_answer *answer)
{
    enum dmarc_record found = DMARC_RECORD_NONE;

    if (answer->status == DNS_TIMEOUT || answer->status == DNS_FAILURE)
        return DMARC_RECORD_UNKNOWN;
    for (size_t i = 0; i < answer->count; i++) {
        const enum dmarc_record record = dmarc_record_read(answer->records[i].text, answer->records[i].text_len);

        if (record == DMARC_RECORD_NONE)
            continue;
        if (found != DMARC_RECORD_NONE)
            return DMARC_RECORD_NONE;
        found = record;
    }
    return found;
}
