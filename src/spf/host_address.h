/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a name is that of a client, by its addresses. */
#ifndef SMF_SPF_HOST_ADDRESS_H
#define SMF_SPF_HOST_ADDRESS_H

#include "base/addr.h"
#include "base/tristate.h"
#include "dns/dns.h"

#include <stdint.h>

/* Whether the A or AAAA records of `name` hold the client's address. Waits for the DNS until `deadline_ms`, on its
 * clock. Any thread; hold no lock. */
enum tristate host_has_address(struct dns *dns, const char *name, const struct addr *client, int64_t deadline_ms);

/* The same without waiting: `done` is called once, before this returns or later, on any thread, that of the DNS too; it
 * must not block. The name and the address are copied. UNKNOWN too if out of memory. Any thread; hold no lock. */
void host_has_address_start(struct dns *dns, const char *name, const struct addr *client, int64_t deadline_ms,
                            void (*done)(void *context, enum tristate has_address), void *context);

#endif
