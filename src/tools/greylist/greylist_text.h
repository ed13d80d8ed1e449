/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `smf-spf greylist` prints for people, in local time. Pure but for that. */
#ifndef SMF_TOOLS_GREYLIST_GREYLIST_TEXT_H
#define SMF_TOOLS_GREYLIST_GREYLIST_TEXT_H

#include "base/strbuf.h"
#include "tools/greylist/greylist_counts.h"
#include "tools/greylist/greylist_row.h"

/* Appends the line above the rows. */
void greylist_text_head(struct strbuf *out);

/* Appends a line for a row. */
void greylist_text_row(const struct backend_row *row, const struct greylist_view *view, struct strbuf *out);

/* Appends lines with what was counted; the waits are in order. */
void greylist_text_counts(const struct greylist_counts *counts, struct strbuf *out);

#endif
