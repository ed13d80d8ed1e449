/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name that a term asks for. */
#ifndef SMF_SPF_TARGET_H
#define SMF_SPF_TARGET_H

#include "base/strbuf.h"
#include "spf/macro.h"
#include "spf/record.h"

#include <stdbool.h>

/* Appends the domain-spec of a term, expanded, or the current domain where it has none (RFC 7208 4.8), and sets the
 * bits of the macros used (macro.h). Out of memory shows in out->failed. */
void target_expand(const struct term *term, const struct macro_values *values, struct strbuf *out, unsigned *used);

/* True if an expansion that used these macros is a name to ask for. */
bool target_is_usable(const struct macro_values *values, const char *name, unsigned used);

#endif
