/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stored record means to a person. Pure. */
#ifndef SMF_TOOLS_GREYLIST_GREYLIST_ROW_H
#define SMF_TOOLS_GREYLIST_GREYLIST_ROW_H

#include "greylist/store/backend.h"

#include <stdbool.h>
#include <stdint.h>

/* By what records are judged. */
struct greylist_view {
    unsigned known_after; /* GreylistKnownAfter */
    int64_t now_s;        /* seconds since 1970 */
};

enum greylist_row_state {
    ROW_WAITING, /* an entry: deferred, and it has not come back */
    ROW_LEARNED, /* an entry: seen, not deferred, and nothing since */
    ROW_KNOWN,   /* an entry that has come back; a sender of whom enough have */
    ROW_COUNTED, /* a sender of whom some have come back, but not enough */
    ROW_OVER,    /* its time is over: it counts no more, and is about to be deleted */
    ROW_STATE_COUNT
};

enum greylist_row_state greylist_row_state(const struct backend_row *row, const struct greylist_view *view);

/* "waiting", "learned", "known", "counted", "over". */
const char *greylist_row_state_name(enum greylist_row_state state);

/* True if the row is about all recipients: a sender, or the entry of a domain ("pass example.org"). */
bool greylist_row_is_sender(const struct backend_row *row);

/* The seconds that an entry's first message waited; -1 if that is not known any more, or it did not wait. It is known
 * while that message is the only one. */
int64_t greylist_row_waited_s(const struct backend_row *row);

#endif
