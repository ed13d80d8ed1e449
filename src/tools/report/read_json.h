/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads lines that are JSON objects: ours (LogFormat json), and what journalctl -o json prints. */
#ifndef SMF_TOOLS_REPORT_READ_JSON_H
#define SMF_TOOLS_REPORT_READ_JSON_H

#include "tools/report/log_entry.h"
#include "tools/report/log_time.h"

#include <stddef.h>

/* Reads one object, for which `text` begins with a brace. */
void read_json(struct log_time *reader, const char *text, size_t len, struct log_entry *entry);

#endif
