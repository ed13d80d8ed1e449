/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted of SPF checks and evaluations, for the metrics. Lock-free; all functions on any thread. */
#ifndef SMF_SPF_SPF_METRICS_H
#define SMF_SPF_SPF_METRICS_H

#include "base/metrics_text.h"
#include "mail/result.h"
#include "spf/spf_check.h"
#include "spf/walk.h"

#include <stdint.h>

/* A check has this outcome, and took so long, cached or not. */
void spf_metrics_checked(enum spf_identity identity, enum spf_result result, uint64_t took_us);

/* An evaluation had no outcome by its deadline. */
void spf_metrics_deadline_exceeded(void);

/* An evaluation begins; one has ended. Each once. */
void spf_metrics_evaluation_begun(void);
void spf_metrics_evaluation_ended(void);

/* An evaluation was ended by `why`; counted where that is a permerror. */
void spf_metrics_stopped(enum walk_stop why);

/* Appends the families. */
void spf_metrics_write(struct metrics_text *text);

#endif
