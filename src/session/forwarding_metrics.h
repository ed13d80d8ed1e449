/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts what was asked about forwarded mail. */
#ifndef SMF_SESSION_FORWARDING_METRICS_H
#define SMF_SESSION_FORWARDING_METRICS_H

#include "base/metrics_text.h"
#include "session/forwarding.h"

enum forwarding_direction { FORWARDING_SENDER, FORWARDING_RECIPIENT, FORWARDING_DIRECTIONS };

/* Counts an answer. Any thread. */
void forwarding_metrics_answered(enum forwarding_direction direction, const struct forwarding_answer *answer);

/* Writes the families; each sample is there from the start. */
void forwarding_metrics_write(struct metrics_text *text);

#endif
