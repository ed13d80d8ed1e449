/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of domain names as text. */
#ifndef SMF_SPF_DOMAIN_H
#define SMF_SPF_DOMAIN_H

#include "dns/dns.h"

#include <stdbool.h>

/* True if the DNS can be asked for this name (without a trailing dot): labels of 1 to 63 octets of any kind, 253 octets
 * in all (RFC 1035 2.3.4). */
bool domain_can_be_asked(const char *name);

/* True if a policy may be looked for under this name (without a trailing dot): it can be asked, has several labels and
 * holds printable US-ASCII only, and none of the characters that mail addresses reserve (RFC 7208 4.3). */
bool domain_can_have_policy(const char *name);

/* Writes a name that stands in an answer, where some octets are \DDD (dns.h), as the text that asks for it. False if no
 * text can: one of its labels holds a dot or a NUL. */
bool domain_from_answer(const char *answer, char name[DNS_NAME_MAX + 1]);

/* True if `name` is `domain` or lies below it; without regard to case. */
bool domain_is_within(const char *name, const char *domain);

#endif
