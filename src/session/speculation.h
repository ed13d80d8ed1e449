/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is begun for one identity before it is due: the evaluation, and with it the lookups for its DMARC record. */
#ifndef SMF_SESSION_SPECULATION_H
#define SMF_SESSION_SPECULATION_H

#include "session/session.h"
#include "spf/spf_check.h"

#include <stdbool.h>

struct speculation;

/* Begins what decision_make will need for this request, without waiting. NULL: nothing was begun, as it is known, or
 * there is no room or memory for it. */
struct speculation *speculation_begin(const struct session_shared *shared, const struct spf_request *request,
                                      bool is_null_sender);

/* Ends it, NULL too, once its outcome was used or is of no use any more: what nobody else waits for is cancelled. Hold
 * no lock. */
void speculation_end(struct speculation *speculation);

#endif
