/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics of the filter for a person who reads them in a terminal. */
#ifndef SMF_APP_STATS_TEXT_H
#define SMF_APP_STATS_TEXT_H

#include "base/strbuf.h"

/* Appends what `metrics`, in the text format of Prometheus as base/metrics_text.h writes it, says: one line a family,
 * with its help and its value, or a line for each of its label values below. Counters that are 0 have no line of their
 * own. Of a histogram there are the number, the mean, and the bounds within which half and 99 % of it are. Moments are
 * local time. Lines that it cannot read are left out; out->failed says that there was no memory. Any thread. */
void stats_text_add(const char *metrics, struct strbuf *out);

#endif
