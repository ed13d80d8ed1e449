/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a record for which the log has a permerror, in the words of the record checker. */
#ifndef SMF_TOOLS_REPORT_RECORD_ADVICE_H
#define SMF_TOOLS_REPORT_RECORD_ADVICE_H

#include "base/strbuf.h"
#include "dns/dns.h"

#include <stdint.h>

/* Appends the advice about `problem`, the log's reason. With `dns` the record of `domain` as it is now is checked;
 * without, only what the reason shows. Appends nothing if there is nothing to say. */
void record_advice(const char *domain, const char *problem, struct dns *dns, int64_t timeout_ms, struct strbuf *out);

#endif
