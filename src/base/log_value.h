/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from outside in a line of the log. Pure. */
#ifndef SMF_BASE_LOG_VALUE_H
#define SMF_BASE_LOG_VALUE_H

#include "base/strbuf.h"

#include <stddef.h>

/* A line is `SPF event: key=value, key=value`, and tools read it by searching: `ip=`, `, from=<`, `SPF refused:`. No
 * value may look like any of these. */
enum log_value_kind {
    LOG_VALUE_WORD, /* a name or address: neither white space nor commas */
    LOG_VALUE_TEXT, /* words */
};

enum {
    LOG_VALUE_MAX = 320,                /* octets of a value; a whole mailbox of RFC 5321 4.5.3.1 */
    LOG_VALUE_SIZE = LOG_VALUE_MAX + 6, /* room for it, with quotes, "..." and a NUL */
    LOG_TEXT_MAX = 700,                 /* the same for texts */
    LOG_TEXT_SIZE = LOG_TEXT_MAX + 6,
};

/* Writes `text` to `out` as a value, of at most `size` - 6 octets and then "...", and returns `out`. A harmless text
 * stays as it is. Any other stands in "double quotes", with each octet that could mislead, and each quote and percent
 * sign, as %XX: so neither a space nor a key or an event of ours can be in it. Log lines escape what is not printable
 * (log.h). */
const char *log_value(enum log_value_kind kind, const char *text, char *out, size_t size);

/* The same for a word, and for a text. */
const char *log_word(const char *text, char out[LOG_VALUE_SIZE]);
const char *log_text(const char *text, char out[LOG_TEXT_SIZE]);

/* Appends it to a line of the log. */
void log_add_word(struct strbuf *line, const char *text);
void log_add_text(struct strbuf *line, const char *text);

#endif
