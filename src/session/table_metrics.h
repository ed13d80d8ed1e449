/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often the tables of TableSocket were asked what, and what they answered. */
#ifndef SMF_SESSION_TABLE_METRICS_H
#define SMF_SESSION_TABLE_METRICS_H

#include "base/metrics_text.h"

enum table_protocol { TABLE_SOCKETMAP, TABLE_TCP, TABLE_PROTOCOLS };

enum table_direction {
    TABLE_FORWARD, /* senders of forwarded mail to addresses of ours */
    TABLE_REVERSE, /* and back */
    TABLE_OTHER,   /* a table that there is not */
    TABLE_DIRECTIONS
};

enum table_answer {
    TABLE_FOUND,
    TABLE_NOT_FOUND,
    TABLE_TRY_LATER, /* no memory, where not found would refuse */
    TABLE_UNKNOWN,   /* there is no such table */
    TABLE_ANSWERS
};

/* A connection was accepted; a request has its answer; or it was broken, and has none. Any thread. */
void table_metrics_connected(enum table_protocol protocol);
void table_metrics_answered(enum table_protocol protocol, enum table_direction direction, enum table_answer answer);
void table_metrics_broken(enum table_protocol protocol);

/* Writes the families; every combination that can be is there. */
void table_metrics_write(struct metrics_text *text);

#endif
