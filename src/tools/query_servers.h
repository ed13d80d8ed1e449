/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why the DNS failed in a query: what each name server says, asked by itself. */
#ifndef SMF_TOOLS_QUERY_SERVERS_H
#define SMF_TOOLS_QUERY_SERVERS_H

#include "config/config.h"
#include "dns/dns_diagnosis.h"

#include <stddef.h>

/* Asks the name servers of `config`, or `server` instead of them (NULL: none), for `lookup`, which has failed. Waits
 * for at most DNS_DIAGNOSIS_MS. Returns how many entries of `out` are filled in: 0 where answers come from a file or
 * from the root on. */
size_t query_servers_diagnose(const struct config *config, const char *server, const struct dns_lookup_key *lookup,
                              struct dns_diagnosis out[DNS_DIAGNOSIS_SERVERS]);

#endif
