/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `smf-spf greylist --json` prints: an object a line. Each appends one, with its newline; false without memory. */
#ifndef SMF_TOOLS_GREYLIST_GREYLIST_JSON_H
#define SMF_TOOLS_GREYLIST_GREYLIST_JSON_H

#include "base/strbuf.h"
#include "tools/greylist/greylist_counts.h"
#include "tools/greylist/greylist_row.h"

#include <stdbool.h>
#include <stdint.h>

bool greylist_json_row(const struct backend_row *row, const struct greylist_view *view, struct strbuf *out);

/* The waits are in order. */
bool greylist_json_counts(const struct greylist_counts *counts, struct strbuf *out);

/* What was deleted. */
bool greylist_json_forgotten(uint64_t entries, uint64_t senders, struct strbuf *out);

#endif
