/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The questions of one evaluation, asked all at once as soon as they are known, so that it costs as many round trips as
 * the longest path through its records has, and not as many as it has terms. What is asked is ahead_plan.h's to say.
 *
 * An evaluation asks all its questions here. As long as each is answered at once, on its own thread, nothing else
 * happens; with the first answer that comes from another begins the asking ahead. Answers may arrive on any thread, and
 * after the evaluation is over. One lock for each evaluation, a leaf; nothing is asked while it is held. */
#ifndef SMF_SPF_AHEAD_H
#define SMF_SPF_AHEAD_H

#include "dns/dns.h"
#include "spf/spf_check.h"

#include <stdatomic.h>
#include <stdint.h>

struct ahead;

/* For an evaluation of `question`, which is in the form that spf_check brings it to, and must live until ahead_close.
 * NULL if out of memory. */
struct ahead *ahead_create(struct dns *dns, const struct spf_question *question, int64_t deadline_ms, int64_t now_s);

/* Asks, and waits until the deadline. The same question is asked once. The caller releases the answer; NULL if out of
 * memory. */
const struct dns_answer *ahead_ask(struct ahead *ahead, const char *name, enum dns_type type);

/* Nothing more is asked. What is on its way is let go of when it arrives. NULL is fine. */
void ahead_close(struct ahead *ahead);

/* Asks for all that an evaluation of `question` would, without one and without waiting, so that the DNS cache knows it.
 * Answers that the cache does not keep (a TTL of 0) end it. *running counts those that are not over, and must live as
 * long as `dns`. */
void ahead_send(struct dns *dns, const struct spf_question *question, int64_t deadline_ms, int64_t now_s,
                atomic_uint *running);

#endif
