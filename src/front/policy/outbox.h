/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that are written one right after the other. While an answer is found out, the smtpd that got the one before
 * runs on another processor, or takes this one away; many in a row let the kernel and us work in longer pieces. One
 * thread. */
#ifndef SMF_FRONT_POLICY_OUTBOX_H
#define SMF_FRONT_POLICY_OUTBOX_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

enum { OUTBOX_MAX = 32 }; /* answers: to find out so many takes less than 0.2 ms where the results are known */

/* Zeroed: empty. */
struct outbox {
    size_t count;
    struct {
        int fd;
        struct strbuf text; /* its memory is used again */
    } answers[OUTBOX_MAX];
};

/* Where the next answer, to this socket, is to be appended. It must not be full. */
struct strbuf *outbox_add(struct outbox *outbox, int fd);

bool outbox_is_full(const struct outbox *outbox);

/* Writes all that are there, in their order, and returns how many they were. A socket that does not take its answer at
 * once, or whose answer lacked memory, is shut down: who reads from it finds its end. One request has one answer, for
 * which there is always room; who asks on and on and reads nothing would hold up all others. */
size_t outbox_send(struct outbox *outbox);

#endif
