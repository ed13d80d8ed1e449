/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics that every process has, under the names that Prometheus' own libraries give them. */
#ifndef SMF_BASE_PROCESS_METRICS_H
#define SMF_BASE_PROCESS_METRICS_H

#include "base/metrics_text.h"

#include <stdint.h>

/* Appends the families; those that only /proc tells are left out where there is none. `started_s` is Unix time. */
void process_metrics_write(struct metrics_text *text, int64_t started_s);

#endif
