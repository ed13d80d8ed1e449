/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the administrator chooses about SRS. Pure. */
#ifndef SMF_SRS_SRS_SETTINGS_H
#define SMF_SRS_SRS_SETTINGS_H

#include "policy/whitelist.h"

#include <stdbool.h>

struct srs_settings {
    const char *domain;            /* of the addresses that are written; none but these are reversed */
    struct text_list secrets;      /* the first one signs, each of them verifies */
    struct host_list kept_domains; /* senders of these stay as they are: what whitelist_has_exact_host finds */
    char separator;                /* after SRS0 and SRS1: `=`, `+` or `-`; read is each of them */
    unsigned hash_len;             /* characters of a hash, 1 to SRS_HASH_MAX_LEN */
    unsigned hash_min_len;         /* a shorter one is refused; at most hash_len */
    unsigned max_age_days;         /* 1 to SRS_STAMP_MAX_AGE */
    bool writes_classic_hash;      /* with + and /, where a program that reads no - and _ shares the secret */
    bool rewrites_own_domain;      /* senders of `domain` too, but for those that are SRS addresses */
    bool keeps_overlong;           /* a sender stays whose new local part would exceed 64 octets (RFC 5321 4.5.3.1.1) */
};

/* The first thing that is wrong with the settings, in words for the administrator, or NULL. Where something is
 * wrong, they are not for srs_forward.h and srs_reverse.h. */
const char *srs_settings_problem(const struct srs_settings *settings);

#endif
