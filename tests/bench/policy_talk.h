/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of Postfix's policy protocol, as its smtpd writes them, and what the answers to a message amount to. */
#ifndef BENCH_POLICY_TALK_H
#define BENCH_POLICY_TALK_H

#include "load_workload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POLICY_REQUEST_SIZE = 2048 };

enum policy_state { POLICY_RCPT, POLICY_DATA };

/* One message; its answers are added as they come. */
struct policy_mail {
    struct mail mail;
    uint64_t seq;    /* its number, of which `instance` is made */
    unsigned client; /* the last octet of its address */
    bool refused, deferred, malformed;
    bool has_field;    /* a field was prepended */
    bool has_expected; /* with the expected result */
};

/* Writes the request to `text`; returns its length. */
size_t policy_write(char text[POLICY_REQUEST_SIZE], enum policy_state state, const struct policy_mail *message);

/* Takes one answer, `action=...` without the empty line, which ends in NUL. */
void policy_take(struct policy_mail *message, const char *answer);

/* Whether the answers are those of the expected result; of a server that does nothing: whether all said DUNNO. */
bool policy_is_right(const struct policy_mail *message, bool expects_nothing);

#endif
