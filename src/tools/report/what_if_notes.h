/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a what-if cannot tell, by the keys that it changes: a log has results, and not all that a decision goes by. */
#ifndef SMF_TOOLS_REPORT_WHAT_IF_NOTES_H
#define SMF_TOOLS_REPORT_WHAT_IF_NOTES_H

#include "config/config.h"
#include "tools/report/sheet.h"

/* How far the change of a key is seen in what what_if_decide says. */
enum what_if_scope {
    WHAT_IF_UNKNOWN_KEY, /* there is no such key */
    WHAT_IF_DECIDED,     /* as the filter decides */
    WHAT_IF_ROUGHLY,     /* nearly so; a note says what is different */
    WHAT_IF_LEFT_OUT,    /* not at all; a note says why */
    WHAT_IF_NO_MATTER,   /* it decides nothing */
};

enum what_if_scope what_if_scope(const char *key);

/* Adds a note for each key that differs and is not decided as the filter does it, and one if none differs. */
void what_if_notes(const struct config *now, const struct config *then, struct sheets *sheets);

#endif
