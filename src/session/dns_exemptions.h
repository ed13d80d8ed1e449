/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exemptions that need the DNS: WhitelistHelo and WhitelistSPF, for hosts that may forward mail of any sender. */
#ifndef SMF_SESSION_DNS_EXEMPTIONS_H
#define SMF_SESSION_DNS_EXEMPTIONS_H

#include "session/client.h"
#include "session/session.h"
#include "spf/spf_check.h"

#include <stdint.h>

/* Whether the client's HELO name is listed, and its addresses hold the client. Queries the DNS for a listed name only,
 * and then may block until `deadline_ms` (spf_checker_deadline_ms). */
enum tristate dns_exemption_by_helo(const struct session_shared *shared, const struct client *client,
                                    int64_t deadline_ms);

/* Whether a listed domain permits the client by its record. `receiver` is this host's name. May block until
 * `deadline_ms`; outcomes are cached like those of senders. */
enum tristate dns_exemption_by_spf(const struct session_shared *shared, const struct client *client,
                                   const char *receiver, int64_t deadline_ms);

#endif
