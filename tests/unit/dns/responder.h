/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small DNS server for a unit test: a thread on loopback, UDP and TCP, that answers by the first label of the
 * question.
 *
 *   plain       one record of the type: 192.0.2.1, 2001:db8::1, "v=spf1 -all", mail.example; TTL 300
 *   cname       an alias of TTL 20, then the same
 *   echo        TXT: the name as it came, with dots between its labels
 *   big         truncated over UDP; over TCP a TXT of 240 strings of 255 octets, A to Z in turn
 *   halftcp     truncated over UDP; over TCP half a reply and the end of the connection
 *   nodata, nxdomain                 with a SOA of TTL 60
 *   servfail, refused, notimp, drop  the same with a 1 behind: only the primary responder does so, others answer as
 * plain droponce    no answer to the first question formerr     FORMERR to a question with EDNS wrongid, wrongname,
 * short        a false reply before the right one malformed   a reply cut inside its record */
#ifndef SMF_TESTS_UNIT_DNS_RESPONDER_H
#define SMF_TESTS_UNIT_DNS_RESPONDER_H

#include <stdbool.h>

struct responder;

/* Starts one at a free port of `address`, "127.0.0.1" or "::1". NULL if there is no such address. */
struct responder *responder_start(const char *address, bool primary);
void responder_stop(struct responder *responder);

/* Where it is, as a name server's address with its port. Belongs to the responder. */
const char *responder_address(const struct responder *responder);

/* How many questions have come. */
unsigned responder_asked(const struct responder *responder);

#endif
