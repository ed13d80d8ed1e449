/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often the policy service was asked what, and what it answered. */
#ifndef SMF_SESSION_POLICY_METRICS_H
#define SMF_SESSION_POLICY_METRICS_H

#include "base/metrics_text.h"

/* The step of SMTP that a request is about. */
enum policy_state {
    POLICY_CONNECT,
    POLICY_HELO,
    POLICY_MAIL,
    POLICY_RCPT,
    POLICY_DATA,
    POLICY_END,   /* of the message */
    POLICY_OTHER, /* VRFY, ETRN, and what a later Postfix may bring */
    POLICY_STATES
};

enum policy_action {
    POLICY_DUNNO,
    POLICY_REFUSE,
    POLICY_DEFER,
    POLICY_PREPEND,
    POLICY_HOLD,
    POLICY_REDIRECT,
    POLICY_PASS, /* what OnPass and OnHeloPass say */
    POLICY_ACTIONS
};

/* A request has its answer; or it was broken, and has none. Any thread. */
void policy_metrics_answered(enum policy_state state, enum policy_action action);
void policy_metrics_broken(void);

/* Writes the families; every combination is there. */
void policy_metrics_write(struct metrics_text *text);

#endif
