/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domain's own words about a fail (RFC 7208 6.2). */
#ifndef SMF_SPF_EXPLANATION_H
#define SMF_SPF_EXPLANATION_H

#include "spf/evaluation.h"

/* Fetches and expands the explanation of the record that an evaluation ended with, along redirects and never of an
 * include. Any problem (no exp, no or several TXT records, an error of the DNS, a macro error, octets that are not
 * printable US-ASCII, more than fits) leaves `out` empty. The question is not a void lookup. */
void explanation_fetch(struct evaluation *evaluation, char out[SPF_EXPLANATION_SIZE]);

#endif
