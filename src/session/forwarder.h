/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts that may forward mail of any sender, as the DNS shows: WhitelistHelo and WhitelistSPF. */
#ifndef SMF_SESSION_FORWARDER_H
#define SMF_SESSION_FORWARDER_H

#include "session/peer.h"
#include "session/session.h"
#include "spf/spf_check.h"

#include <stdint.h>

/* Whether the client's HELO name is listed, and its addresses hold the client. Asks the DNS for a listed name only, and
 * then may block until `deadline_ms` (spf_checker_deadline_ms). */
enum tristate forwarder_has_helo(const struct session_shared *shared, const struct peer *peer, int64_t deadline_ms);

/* Whether a listed domain permits the client by its record. `receiver` is this host's name. May block until
 * `deadline_ms`; outcomes are kept like those of senders. */
enum tristate forwarder_is_permitted(const struct session_shared *shared, const struct peer *peer, const char *receiver,
                                     int64_t deadline_ms);

#endif
