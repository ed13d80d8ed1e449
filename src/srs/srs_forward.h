/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sender of a message that is forwarded becomes an address of ours, so that our host may send it. Pure: time and
 * secrets are handed in. */
#ifndef SMF_SRS_SRS_FORWARD_H
#define SMF_SRS_SRS_FORWARD_H

#include "mail/address.h"
#include "srs/srs_settings.h"
#include "srs/srs_status.h"

#include <stdint.h>

/* Writes the address that `sender` is forwarded with to *out, which address_free frees; `now_s` counts seconds since
 * 1970. NULL is the null sender (RFC 5321 4.5.5). The local part goes in without quotes and is signed so; it gets its
 * quotes last, so that nothing in it becomes an address of its own.
 *
 * An SRS address of another host becomes SRS1, or stays it with a hash of ours, so that its length stays the same from
 * there on; one that is not complete, as srs_fields.h has it, is an ordinary address. A domain with U-labels is written
 * with A-labels. What it wraps may be too old for srs_reverse, as it is for the first host. *out is set for SRS_DONE
 * alone. */
enum srs_status srs_forward(const struct srs_settings *settings, const struct address *sender, int64_t now_s,
                            struct address *out);

#endif
