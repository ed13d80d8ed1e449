/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `smf-spf srs forward` and `smf-spf srs reverse`. */
#ifndef SMF_TOOLS_SRS_ADDRESS_H
#define SMF_TOOLS_SRS_ADDRESS_H

#include "tools/srs_options.h"

/* Prints what the filter with that configuration makes of the address, as it would answer an MTA, with the DNS where it
 * would ask it; and if asked, why. Returns a status of srs_options.h, or after a message on standard error EX_USAGE (it
 * is no address), EX_CONFIG (the configuration has an error or no SRS) or EX_OSERR. */
int srs_address_run(const struct srs_options *options);

#endif
