/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks each name server by itself, for a person who wants to know which one fails and why. A resolver that has several
 * servers tells only that none had an answer. */
#ifndef SMF_DNS_DNS_DIAGNOSIS_H
#define SMF_DNS_DNS_DIAGNOSIS_H

#include "dns/dns.h"
#include "dns/dns_server.h"

#include <stdbool.h>
#include <stddef.h>

enum { DNS_DIAGNOSIS_SERVERS = 8, DNS_DIAGNOSIS_TEXT = 64, DNS_DIAGNOSIS_MS = 2000 };

struct dns_diagnosis {
    char server[DNS_SERVER_SIZE];   /* "192.0.2.1:53" */
    bool answers;                   /* it has an answer for this name */
    char state[DNS_DIAGNOSIS_TEXT]; /* "connection refused", "SERVFAIL", "no reply within 2 s", ... */
};

/* Sends one plain query for the name to each of `servers` (those beyond DNS_DIAGNOSIS_SERVERS are left out) and waits
 * for the replies, at most `wait_ms`. Returns how many entries of `out` are filled in; 0 if the name is no domain name.
 * Blocks. */
size_t dns_diagnose(const struct dns_server *servers, size_t count, const char *name, enum dns_type type, int wait_ms,
                    struct dns_diagnosis out[DNS_DIAGNOSIS_SERVERS]);

/* Writes a server as people write it, "192.0.2.1:53" or "[2001:db8::1]:53". */
void dns_server_show(const struct dns_server *server, char out[DNS_SERVER_SIZE]);

/* "SERVFAIL" and the like for a response code (RFC 1035 4.1.1, 2136 2.2). */
const char *dns_rcode_name(unsigned rcode);

#endif
