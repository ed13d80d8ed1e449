/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounce to an address that srs_forward.h wrote finds back to the sender. Pure: time and secrets are handed in. */
#ifndef SMF_SRS_SRS_REVERSE_H
#define SMF_SRS_SRS_REVERSE_H

#include "mail/address.h"
#include "srs/srs_settings.h"
#include "srs/srs_status.h"

#include <stdint.h>

/* Writes the address that `recipient` stands for to *out, which address_free frees; `now_s` counts seconds since 1970.
 * What is read may be in any case, with any of the separators, and with a hash of either alphabet. The address has
 * quotes where it needs them, and a domain that is a host name or an address literal: it is one address, whatever was
 * signed.
 *
 * SRS1 stands for the SRS0 address at the first host; if we are that, too, for the address behind it. It has no day of
 * its own, so the day of what it wraps has to be current. *out is set for SRS_DONE alone. */
enum srs_status srs_reverse(const struct srs_settings *settings, const struct address *recipient, int64_t now_s,
                            struct address *out);

#endif
