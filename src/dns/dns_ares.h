/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DNS of the network, through c-ares: one event thread per backend; UDP with EDNS, TCP after truncation, several
 * servers tried in turn. */
#ifndef SMF_DNS_DNS_ARES_H
#define SMF_DNS_DNS_ARES_H

#include "dns/dns.h"

struct dns_ares_config {
    /* "192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]:53" or "2001:db8::1"; none: those of resolv.conf */
    const char *const *servers;
    size_t server_count;
};

/* Checks one server as text, as the configuration gives it. */
bool dns_ares_server_valid(const char *text);

/* Starts the backend and its thread, which blocks every signal: so only after the last fork. NULL, with a message in
 * `error`, if that fails. The config may be freed afterwards; the clock has to run with the system's. A try waits 2 s
 * for its server, later rounds twice as long each; a question whose deadline comes first is answered DNS_TIMEOUT then.
 * Locks: one, for the queue, a leaf. */
struct dns *dns_ares_create(const struct dns_ares_config *config, const struct clock *clock, char *error,
                            size_t error_size);

#endif
