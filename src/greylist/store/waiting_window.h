/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom a store that has GreylistEntries may not forget: who was deferred, and may still come back in time. To forget
 * them would be to defer them again, and again, up to the loss of their mail. When their records end tells them from
 * others: a first contact is stored for two windows, and may come back within the first. */
#ifndef SMF_GREYLIST_STORE_WAITING_WINDOW_H
#define SMF_GREYLIST_STORE_WAITING_WINDOW_H

#include "greylist/greylist_rule.h"

#include <stdint.h>

/* Why a first contact is not stored. */
#define WAITING_WINDOW_CROWDED "there are as many entries as GreylistEntries allows"

/* Of the visits so far. Zeroed: there was none. */
struct waiting_window {
    uint32_t least_s, most_s;
};

static inline void waiting_window_note(struct waiting_window *window, const struct greylist_terms *terms)
{
    if (window->most_s == 0 || terms->window_s < window->least_s)
        window->least_s = terms->window_s;
    if (terms->window_s > window->most_s)
        window->most_s = terms->window_s;
}

/* What ends up to this moment is too late to come back, or over soon. */
static inline int64_t waiting_window_begin_s(const struct waiting_window *window, int64_t now_s)
{
    return now_s + window->least_s;
}

/* What ends after this moment does not wait. */
static inline int64_t waiting_window_end_s(const struct waiting_window *window, int64_t now_s)
{
    return now_s + 2 * (int64_t)window->most_s;
}

#endif
