/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what a walk came to as an outcome. */
#ifndef SMF_SPF_OUTCOME_H
#define SMF_SPF_OUTCOME_H

#include "spf/spf_check.h"
#include "spf/walk.h"

/* The outcome of a finished walk. */
void outcome_write(const struct walk *walk, struct spf_outcome *outcome);

/* temperror for `problem`, a lack or a fault of ours (is_shed). */
void outcome_shed(struct spf_outcome *outcome, const char *problem);

#endif
