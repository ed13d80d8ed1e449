/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What belongs to one owner in the DNS, by the public suffix list. This file alone speaks to libpsl. */
#ifndef SMF_DNS_DNS_REGISTRABLE_H
#define SMF_DNS_DNS_REGISTRABLE_H

/* The part of `name`, which dns_query takes, that its owner registered: "example.co.uk" of "mail.example.co.uk"
 * (RFC 7489 3.2: the organizational domain); of a reverse name the network that is delegated as a rule, a /24 or a
 * /48. Without a shorter one the name itself, and so for a DMARC record: that is often an alias to a service, whose
 * silence says nothing about the owner's servers. Any thread. */
const char *dns_registrable(const char *name);

#endif
