/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LeaveToDMARC: looks up whether the domains of a message's failed identities publish a DMARC record. */
#ifndef SMF_SESSION_DMARC_CHECK_H
#define SMF_SESSION_DMARC_CHECK_H

#include "session/message.h"
#include "session/session.h"

#include <stdbool.h>
#include <stdint.h>

/* True if some result of this identity would be left to the DMARC filter. */
bool dmarc_check_is_wanted(const struct session_shared *shared, enum spf_identity identity, bool is_null_sender);

/* Finds out about the identities whose outcomes would be refused or deferred for some recipient, and counts the message
 * if one is left to the DMARC filter. Waits for the DNS until `deadline_ms`, where there is such an outcome. */
void dmarc_check_find(struct message *message, const struct session_shared *shared, int64_t deadline_ms);

#endif
