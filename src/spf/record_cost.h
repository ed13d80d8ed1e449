/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a record costs an evaluation that comes to its end, and the records that it leads to. */
#ifndef SMF_SPF_RECORD_COST_H
#define SMF_SPF_RECORD_COST_H

#include "spf/record_check.h"

/* Surveys the record (walk.h) for clients of both families, with answers of `dns` until `deadline_ms`, and adds up the
 * costs and what is found to be wrong. Blocks. */
void record_cost(struct record_check *check, const struct record *record, const char *domain, struct dns *dns,
                 int64_t deadline_ms);

#endif
