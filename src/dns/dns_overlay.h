/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS with one TXT record of our own over another DNS, to try a record before it is published. */
#ifndef SMF_DNS_DNS_OVERLAY_H
#define SMF_DNS_DNS_OVERLAY_H

#include "dns/dns.h"

#include <stddef.h>

/* Answers every query for the TXT records of `name` (compared without case) with `text` alone, which is copied, and
 * hands all others on to `below`, which it takes over, also where it fails: NULL if out of memory. */
struct dns *dns_overlay_create(struct dns *below, const char *name, const char *text, size_t len);

#endif
