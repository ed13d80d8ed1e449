/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace as an indented tree, for people. */
#ifndef SMF_TOOLS_TRACE_TEXT_H
#define SMF_TOOLS_TRACE_TEXT_H

#include "base/strbuf.h"
#include "spf/trace.h"

/* Appends text from outside, of which each octet that is not printable US-ASCII becomes one '?', and of which at most
 * `max` octets are shown. */
void trace_text_add(struct strbuf *out, const char *text, size_t len, size_t max);

/* Appends the lines that show the error at `offset` of a record: the record, or as much of it as fits around, a caret
 * below the wrong octet, `reason`, and what was meant (NULL: not known) or else `hint` (NULL: none). */
void trace_text_error(struct strbuf *out, unsigned indent, const char *text, size_t len, size_t offset,
                      const char *reason, const char *meant, const char *hint);

/* Appends the whole trace of an evaluation that gave `result`. */
void trace_text(struct strbuf *out, const struct spf_trace *trace, enum spf_result result);

#endif
