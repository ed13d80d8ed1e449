/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of a message, in one word: for the log and the counters. */
#ifndef SMF_SESSION_MESSAGE_FATE_H
#define SMF_SESSION_MESSAGE_FATE_H

#include "session/message.h"

#include <stdint.h>

enum message_fate {
    FATE_ACCEPTED,
    FATE_TAGGED,
    FATE_QUARANTINED,
    FATE_HELD,
    FATE_REFUSED,  /* or all its recipients */
    FATE_DEFERRED, /* the same */
    FATE_EXEMPT,   /* it was not checked */
    FATE_SHED,     /* it was accepted, and not checked for a lack or a fault of ours */
    FATE_ENDED,    /* the client or the MTA gave it up before its end */
    FATE_COUNT
};

/* By what the message and its record say so far. */
enum message_fate message_fate(const struct message *message);
/* Counts one message that came to this, and tells how many have. Any thread. */
void message_fate_count(enum message_fate fate);
uint64_t message_fate_cases(enum message_fate fate);

const char *message_fate_name(enum message_fate fate);

#endif
