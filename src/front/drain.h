/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a front end is working on: an orderly stop closes it, and waits until it is idle. Without locks. */
#ifndef SMF_FRONT_DRAIN_H
#define SMF_FRONT_DRAIN_H

#include <stdatomic.h>
#include <stdbool.h>

/* Zeroed: open, with nothing under way. It lives as long as the process. All functions on any thread. */
struct drain {
    atomic_uint connections; /* that have begun and not ended */
    atomic_uint messages;    /* the same */
    atomic_uint calls;       /* into the front end, that are running */
    atomic_bool is_closed;   /* no message begins any more */
};

/* Counts the message. False if none begins any more: then it is not counted. */
bool drain_begin_message(struct drain *drain);
void drain_end_message(struct drain *drain);

/* From now on no message begins; those that have begun go on. */
void drain_close(struct drain *drain);

/* True if no message is under way, and no call runs. */
bool drain_is_idle(const struct drain *drain);

#endif
