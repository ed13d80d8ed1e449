/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which text format a client prefers. */
#ifndef SMF_FRONT_METRICS_ACCEPT_H
#define SMF_FRONT_METRICS_ACCEPT_H

#include <stdbool.h>

/* True if the Accept field `accept` (RFC 9110 12.5.1) names application/openmetrics-text in a version that we write,
 * with a weight above 0 and no smaller than that of text/plain. NULL, or what cannot be read: false. */
bool accept_prefers_openmetrics(const char *accept);

#endif
