/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words for what became of an address. */
#include "srs/srs_status.h"

const char *srs_status_text(enum srs_status status)
{
    static const char *const texts[] = {
        [SRS_DONE] = "done",
        [SRS_NO_MEMORY] = "out of memory",
        [SRS_NULL_SENDER] = "the null sender",
        [SRS_NO_DOMAIN] = "an address without a domain",
        [SRS_OWN_DOMAIN] = "of the SRS domain already",
        [SRS_KEPT_DOMAIN] = "of a domain that is not rewritten",
        [SRS_BAD_HOST] = "its domain is no host name",
        [SRS_TOO_LONG] = "the rewritten address would be too long",
        [SRS_FOREIGN] = "not of the SRS domain",
        [SRS_ORDINARY] = "no SRS address",
        [SRS_INCOMPLETE] = "an incomplete SRS address",
        [SRS_SHORT_HASH] = "the hash is too short",
        [SRS_WRONG_HASH] = "the hash is wrong",
        [SRS_EXPIRED] = "expired",
    };

    return texts[status];
}
