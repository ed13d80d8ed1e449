/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the text of log lines, as all versions of the program wrote them. Pure. */
#ifndef SMF_TOOLS_REPORT_READ_TEXT_H
#define SMF_TOOLS_REPORT_READ_TEXT_H

#include "tools/report/log_entry.h"

#include <stddef.h>

/* Reads a line whose time and tag are gone, so that it begins with "SPF " if it is about a message; else it is
 * ENTRY_OTHER. The entry must be clear. */
void read_text(const char *text, size_t len, struct log_entry *entry);

#endif
