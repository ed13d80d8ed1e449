/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DMARC records (RFC 9989 4.7, 4.8), as far as it takes to find out who publishes one. Pure. */
#ifndef SMF_DMARC_DMARC_RECORD_H
#define SMF_DMARC_DMARC_RECORD_H

#include "dns/dns.h"

#include <stddef.h>

/* What the DNS says about the DMARC record of one name. */
enum dmarc_record {
    DMARC_RECORD_NONE,    /* there is no such record, or several, which count as none (RFC 9989 4.10) */
    DMARC_RECORD_PLAIN,   /* there is one */
    DMARC_RECORD_PSD_NO,  /* one with psd=n: its domain is an organizational domain */
    DMARC_RECORD_PSD_YES, /* one with psd=y: its domain is a public suffix */
    DMARC_RECORD_UNKNOWN, /* the lookup failed */
};

/* Reads one TXT record, which may hold any octet; never UNKNOWN. One that begins with the tag v=DMARC1 is a DMARC
 * record, whatever follows: policies that are missing or wrong are read as p=none. */
enum dmarc_record dmarc_record_read(const char *text, size_t len);

/* Reads the answer to the TXT query for the `_dmarc` name of a domain. */
enum dmarc_record dmarc_record_of_answer(const struct dns_answer *answer);

#endif
