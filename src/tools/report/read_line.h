/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads lines of logs: text or JSON, with or without what syslog or journald put before it. */
#ifndef SMF_TOOLS_REPORT_READ_LINE_H
#define SMF_TOOLS_REPORT_READ_LINE_H

#include "tools/report/log_entry.h"
#include "tools/report/log_time.h"

#include <stddef.h>

/* Reads one line, without its end; it may hold anything. `reader` remembers times. */
void read_line(struct log_time *reader, const char *line, size_t len, struct log_entry *entry);

#endif
