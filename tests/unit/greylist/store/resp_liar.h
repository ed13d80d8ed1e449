/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server for tests that answers what it is told to, whatever it is asked: the truth, a lie, slowly, or nothing. */
#ifndef SMF_TESTS_RESP_LIAR_H
#define SMF_TESTS_RESP_LIAR_H

#include <stddef.h>

enum resp_liar_end {
    LIAR_CLOSES,   /* after its last answer */
    LIAR_IS_QUIET, /* it answers no more, and leaves the connection open */
    LIAR_DRIBBLES, /* it repeats its last answer, octet by octet, each 20 ms */
    LIAR_FLOODS,   /* it repeats it as quickly as it can */
};

struct resp_liar;

/* Listens on the path. Of each connection it reads something, and writes the next answer, until there is none; all
 * texts belong to the caller. Lets the test fail where it cannot. */
struct resp_liar *resp_liar_start(const char *path, const char *const *answers, size_t count, enum resp_liar_end end);

/* Ends it. Returns how many connections there were. */
unsigned resp_liar_stop(struct resp_liar *liar);

#endif
