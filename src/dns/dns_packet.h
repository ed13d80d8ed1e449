/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the replies of DNS servers (RFC 1035 4.1), inside the dns room. */
#ifndef SMF_DNS_DNS_PACKET_H
#define SMF_DNS_DNS_PACKET_H

#include "dns/dns.h"

/* The answer that a whole reply gives to its own question about `type`: aliases are followed, and records of other
 * names, types and classes are passed over. A reply that is malformed as far as it is read, truncated, ends with an
 * alias and no word about its target (RFC 2308 2.2: a SOA), or has another code than NOERROR and NXDOMAIN gives
 * DNS_FAILURE. Never NULL; the caller releases it. Trusts no octet of `packet`. */
const struct dns_answer *dns_packet_parse(const uint8_t *packet, size_t len, enum dns_type type);

#endif
