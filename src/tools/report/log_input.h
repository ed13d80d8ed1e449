/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads files of logs line by line: plain, compressed by gzip, or standard input. */
#ifndef SMF_TOOLS_REPORT_LOG_INPUT_H
#define SMF_TOOLS_REPORT_LOG_INPUT_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_LINE_MAX = 16384 }; /* octets of a line that are read; the rest is skipped */

struct log_input;

/* Opens a file, "-" for standard input. A FIFO is read like a file. NULL, with a message in `error`, if it cannot be
 * read. The caller closes. */
struct log_input *log_input_open(const char *path, struct strbuf *error);
void log_input_close(struct log_input *input); /* NULL is fine */

/* The next line, without its end, valid until the next call; NULL after the last. *cut is set if it was longer than
 * LOG_LINE_MAX, or if it is the last and has no end: it may be half written. */
const char *log_input_line(struct log_input *input, size_t *len, bool *cut);

/* After the last line: true, with a message in `error`, if the rest could not be read: damaged, or cut short. */
bool log_input_failed(const struct log_input *input, struct strbuf *error);

/* How much of the file was read, in octets of what is on the disk, and how many it has (0: not known). */
void log_input_progress(const struct log_input *input, uint64_t *done, uint64_t *all);

#endif
