/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the tables of a report of what was counted. */
#ifndef SMF_TOOLS_REPORT_REPORT_SHEETS_H
#define SMF_TOOLS_REPORT_REPORT_SHEETS_H

#include "dns/dns.h"
#include "tools/report/sheet.h"
#include "tools/report/summary.h"

/* `top`: most rows of a table. `dns`: where the records are fetched from that are checked for an advice; NULL: the
 * advice comes from the log alone. `timeout_ms`: for one record with all that it includes. Frees nothing of its
 * arguments; sheets_free frees what it adds. */
void report_sheets(const struct summary *summary, size_t top, struct dns *dns, int64_t timeout_ms,
                   struct sheets *sheets);

#endif
