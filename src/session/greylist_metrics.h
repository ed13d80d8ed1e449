/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted of greylisting. Lock-free; any thread. */
#ifndef SMF_SESSION_GREYLIST_METRICS_H
#define SMF_SESSION_GREYLIST_METRICS_H

#include "base/metrics_text.h"
#include "greylist/store/greylist_store.h"
#include "session/greylist_answer.h"

/* A recipient was asked about. */
void greylist_metrics_count(const struct greylist_answer *answer);

/* Appends the families: what came of recipients, and how the store is (zeroed: there is none). */
void greylist_metrics_write(struct metrics_text *text, const struct greylist_store_state *store);

#endif
