/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small DNS server for unit tests: a thread on loopback, UDP and TCP, that answers by the first label of the
 * query, whatever its case.
 *
 *   plain       one record of the type: 192.0.2.1, 2001:db8::1, "v=spf1 -all", mail.example; TTL 300
 *   brief       the same with a TTL of 1
 *   cname       an alias of TTL 20, then the same
 *   echo        TXT: the name as it came, with dots between its labels
 *   big         truncated over UDP; over TCP a TXT of 240 strings of 255 octets, A to Z in turn
 *   halftcp     truncated over UDP; over TCP half a reply and the end of the connection
 *   nodata, nxdomain                 with a SOA of TTL 60
 *   briefnx     NXDOMAIN with a SOA of TTL 1
 *   servfail, refused, notimp, drop
 *               with a 1 behind: only the primary responder does so, others answer as plain
 *   droponce    no answer to the first query
 *   late        no answer until 1.5 s after the first query for it
 *   slow        the answer takes 0.15 s; meanwhile nothing else is answered
 *   formerr, ednsfail, ednsdrop      FORMERR, SERVFAIL or nothing to a query with EDNS
 *   ednsbig     nothing to a query with EDNS, else big
 *   wrongid, wrongname, short        a false reply before the right one
 *   malformed   a reply cut inside its record */
#ifndef SMF_TESTS_UNIT_DNS_RESPONDER_H
#define SMF_TESTS_UNIT_DNS_RESPONDER_H

#include <stdbool.h>

struct responder;

/* Starts one at a free port of `address`, "127.0.0.1" or "::1". NULL if there is no such address. */
struct responder *responder_start(const char *address, bool primary);
void responder_stop(struct responder *responder);

/* While it is silent it answers nothing; while it fails, SERVFAIL to everything. */
void responder_set_silent(struct responder *responder, bool silent);
void responder_set_failing(struct responder *responder, bool failing);

/* Where it is, as a name server's address with its port. Belongs to the responder. */
const char *responder_address(const struct responder *responder);

/* How many questions have come. */
unsigned responder_queries(const struct responder *responder);

#endif
