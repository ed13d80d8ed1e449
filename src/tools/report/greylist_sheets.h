/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What greylisting did, as tables. */
#ifndef SMF_TOOLS_REPORT_GREYLIST_SHEETS_H
#define SMF_TOOLS_REPORT_GREYLIST_SHEETS_H

#include "tools/report/sheet.h"
#include "tools/report/summary.h"

#include <stddef.h>

/* Adds the tables, of which the last has at most `top` rows; none if greylisting was not asked about any message. */
void greylist_sheets(const struct summary *summary, size_t top, struct sheets *sheets);

#endif
