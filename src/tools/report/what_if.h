/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rule that decides would do to a message of the log under some configuration. */
#ifndef SMF_TOOLS_REPORT_WHAT_IF_H
#define SMF_TOOLS_REPORT_WHAT_IF_H

#include "base/strbuf.h"
#include "config/config.h"
#include "policy/verdict.h"
#include "tools/report/log_entry.h"

#include <stddef.h>

/* The configuration `now`, which was read from `text` (len octets) of the file `path`, with `lines` after it, each of
 * which takes the place of the same key there, of one that says the opposite, and of the legacy keys if it names a set
 * of results, or adds to its list. NULL, with messages in `errors`. */
const struct config *what_if_config(const struct config *now, const char *text, size_t len, const char *path,
                                    const char *const *lines, size_t count, struct strbuf *errors);

/* True if the results decide what becomes of this message: it has one, and was not exempt or refused for its form. */
bool what_if_applies(const struct log_entry *message);

/* What follows from a message's results, its sender and its client. Recipients are not known. */
struct what_if {
    enum verdict_kind now, then;
    /* LeaveToDMARC decides, and the log has no word about a DMARC record: counted as if there were none. */
    bool dmarc_is_unknown; /* nobody had a reason to look for one */
    bool dmarc_is_assumed; /* it was refused or deferred, so that there was none if LeaveToDMARC was on at that time */
};

/* Decides under the configuration `now` and under `then`. */
struct what_if what_if_decide(const struct config *now, const struct config *then, const struct log_entry *message);

#endif
