/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `smf-spf query` prints, for people and for programs. */
#ifndef SMF_TOOLS_REPORT_H
#define SMF_TOOLS_REPORT_H

#include "base/strbuf.h"
#include "dmarc/dmarc_discovery.h"
#include "dns/dns_diagnosis.h"
#include "mail/header_result.h"
#include "spf/record_check.h"
#include "spf/spf_check.h"
#include "spf/trace.h"
#include "tools/query_greylist.h"

#include <stdbool.h>
#include <stddef.h>

/* All that may be told; parts that were not asked for are NULL. */
struct report {
    const char *record; /* a record that is not published yet, */
    size_t record_len;
    const char *record_domain;        /* its domain, */
    const struct record_check *check; /* and what was found in it */

    const struct spf_outcome *outcome;  /* what came out, */
    const struct header_result *result; /* and as fields tell it; NULL with it */
    const char *authserv_id;
    const struct spf_trace *trace; /* how the result came to be */

    const struct dns_diagnosis *servers; /* what each name server says, where the DNS failed */
    size_t server_count;
    const struct query_greylist *greylist; /* what greylisting would do */
    const struct dmarc_discovery *dmarc;   /* what LeaveToDMARC goes by, where the result would be refused */
};

/* Appends the report in lines of printable US-ASCII. */
void report_text(const struct report *report, struct strbuf *out);

/* Appends the report as one JSON object (RFC 8259) in UTF-8 and a newline. Octets of names and texts that are not UTF-8
 * are written as the text \xNN. */
void report_json(const struct report *report, struct strbuf *out);

#endif
