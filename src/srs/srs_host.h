/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains of addresses, as SRS writes and compares them. Pure. */
#ifndef SMF_SRS_SRS_HOST_H
#define SMF_SRS_SRS_HOST_H

#include "mail/idna.h"
#include "srs/srs_fields.h"

#include <stdbool.h>

/* Writes a host name with its U-labels as A-labels (RFC 5891 4), or an address literal (RFC 5321 4.1.3), in the case
 * that it has. False, with `out` undefined, if it is neither, or ends with a dot. */
bool srs_host_write(struct srs_part host, char out[IDNA_SIZE]);

/* True if both are one name: any case, with A-labels or U-labels, with a trailing dot or without. */
bool srs_host_is_same(const char *a, const char *b);

#endif
