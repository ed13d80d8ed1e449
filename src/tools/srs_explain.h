/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why an address is rewritten or reversed, or is not: one line for each step, in words for people. Pure: time and
 * secrets are handed in. */
#ifndef SMF_TOOLS_SRS_EXPLAIN_H
#define SMF_TOOLS_SRS_EXPLAIN_H

#include "base/strbuf.h"
#include "mail/address.h"
#include "srs/srs_settings.h"
#include "srs/srs_status.h"

#include <stdint.h>

/* Begins a line: each has this before it. */
void srs_explain_begin(struct strbuf *out);

/* Appends what srs_forward.h says of `sender` (NULL: the null sender) with `status`, and if it was rewritten as
 * `rewritten`, what was written. SPF is another matter. */
void srs_explain_forward(const struct srs_settings *settings, const struct address *sender, enum srs_status status,
                         const char *rewritten, struct strbuf *out);

/* Appends what srs_reverse.h looks at in `recipient`, up to what it stops at. `now_s` counts seconds since 1970. */
void srs_explain_reverse(const struct srs_settings *settings, const struct address *recipient, int64_t now_s,
                         struct strbuf *out);

#endif
