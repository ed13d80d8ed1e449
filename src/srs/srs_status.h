/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How it fared with an address that was to be rewritten or reversed. Pure. */
#ifndef SMF_SRS_SRS_STATUS_H
#define SMF_SRS_SRS_STATUS_H

enum srs_status {
    SRS_DONE,
    SRS_NO_MEMORY,
    /* A sender stays as it is: */
    SRS_NULL_SENDER,
    SRS_NO_DOMAIN,   /* a local part alone */
    SRS_OWN_DOMAIN,  /* it is of the SRS domain */
    SRS_KEPT_DOMAIN, /* of a domain in `kept_domains` */
    SRS_BAD_HOST,    /* its domain is neither a host name nor an address literal (RFC 5321 4.1.2, 4.1.3) */
    SRS_TOO_LONG,    /* the new address would exceed 254 octets (RFC 5321 4.5.3.1.3), or its local part 64 */
    /* A recipient is not reversed: */
    SRS_FOREIGN,    /* it is not of the SRS domain */
    SRS_ORDINARY,   /* it is, but no SRS address */
    SRS_INCOMPLETE, /* a field is missing, or is not what it should be */
    SRS_SHORT_HASH, /* its hash is shorter than the minimum */
    SRS_WRONG_HASH, /* none of our secrets signed it */
    SRS_EXPIRED,    /* one did, but its day, or that of the address that it wraps, is not current */
};

/* The status in words for people, such as "the hash is wrong". */
const char *srs_status_text(enum srs_status status);

#endif
