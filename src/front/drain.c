/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts what is under way. */
#include "front/drain.h"

/* Counted before the look at is_closed, so that a stop sees the message or is seen by it. */
bool drain_begin_message(struct drain *drain)
{
    drain->messages++;
    if (!drain->is_closed)
        return true;
    drain->messages--;
    return false;
}

void drain_end_message(struct drain *drain)
{
    drain->messages--;
}

void drain_close(struct drain *drain)
{
    drain->is_closed = true;
}

bool drain_is_idle(const struct drain *drain)
{
    return drain->messages == 0 && drain->calls == 0;
}
