/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of a JSON object (RFC 8259), written one after the other: the log has an object for each message, and a
 * library that builds a tree of it first costs more than all else of the line. */
#ifndef SMF_BASE_LOG_JSON_H
#define SMF_BASE_LOG_JSON_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends `text` in quotes. What is not valid UTF-8 becomes U+FFFD; control characters, DEL, and what ends a line or
 * turns the direction of text, are escaped. */
void log_json_string(struct strbuf *out, const char *text);

/* Each appends a member, after a comma unless it is the first after an opening brace. */
void log_json_member(struct strbuf *out, const char *key, const char *text); /* NULL: nothing is appended */
void log_json_number(struct strbuf *out, const char *key, int64_t number);
void log_json_true(struct strbuf *out, const char *key, bool is_so); /* false: nothing is appended */

/* Appends the key of a member whose value follows. */
void log_json_key(struct strbuf *out, const char *key);

/* Appends the bracket that an element of a list begins with, after a comma unless it is the first. */
void log_json_begin(struct strbuf *out, char bracket);

/* Appends JSON that another library has written. It leaves characters as they are that steer a terminal
 * (utf8_is_control) and are none of US-ASCII's; they become escapes, as in the log. */
void log_json_foreign(struct strbuf *out, const char *json);

#endif
