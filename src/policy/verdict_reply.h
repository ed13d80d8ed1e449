/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of a reply to a refused or deferred message. Pure. */
#ifndef SMF_POLICY_VERDICT_REPLY_H
#define SMF_POLICY_VERDICT_REPLY_H

#include "base/addr.h"
#include "base/strbuf.h"
#include "spf/spf_check.h"

#include <stdbool.h>

/* Appends the reply text for a refused or deferred message: `reason` with its macros filled in (see smf-spf.conf's
 * RejectReason). Octets that a reply cannot hold are replaced by '?'; the result is at most 900 octets, without CR or
 * LF. True if the domain's explanation is part of it. */
struct verdict_words {
    const char *sender; /* whole address, "" for the null sender */
    const char *local;
    const char *domain; /* of the identity that was checked */
    struct addr client;
    const char *helo;
    const char *receiver;
    bool exemption_unknown; /* as the verdict says; the text begins with it */
};
bool verdict_reply_text(const char *reason, const struct spf_outcome *outcome, const struct verdict_words *words,
                        struct strbuf *out);

#endif
