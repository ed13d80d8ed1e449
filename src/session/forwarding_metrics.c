/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts lookups of SRS, by direction and answer. */
#include "session/forwarding_metrics.h"

#include <stdatomic.h>
#include <stdint.h>

/* What a status is counted as. Several of a kind tell the administrator the same. */
enum outcome { REWRITTEN, PERMITTED, LEFT, TOO_LONG, REVERSED, FOREIGN, INCOMPLETE, FORGED, EXPIRED, FAULT, OUTCOMES };

static const struct {
    enum forwarding_direction direction;
    const char *name;
} outcomes[OUTCOMES] = {
    [REWRITTEN] = {FORWARDING_SENDER, "rewritten"},
    [PERMITTED] = {FORWARDING_SENDER, "permitted"},
    [LEFT] = {FORWARDING_SENDER, "left"},
    [TOO_LONG] = {FORWARDING_SENDER, "too-long"},
    [REVERSED] = {FORWARDING_RECIPIENT, "reversed"},
    [FOREIGN] = {FORWARDING_RECIPIENT, "foreign"},
    [INCOMPLETE] = {FORWARDING_RECIPIENT, "incomplete"},
    [FORGED] = {FORWARDING_RECIPIENT, "forged"},
    [EXPIRED] = {FORWARDING_RECIPIENT, "expired"},
    [FAULT] = {FORWARDING_DIRECTIONS, "fault"},
};

static _Atomic uint64_t answered[FORWARDING_DIRECTIONS][OUTCOMES];

static enum outcome outcome_of_sender(const struct forwarding_answer *answer)
{
    if (answer->is_permitted)
        return PERMITTED;
    switch (answer->status) {
    case SRS_DONE:
        return REWRITTEN;
    case SRS_NO_MEMORY:
        return FAULT;
    case SRS_TOO_LONG:
        return TOO_LONG;
    default:
        return LEFT;
    }
}

static enum outcome outcome_of_recipient(const struct forwarding_answer *answer)
{
    switch (answer->status) {
    case SRS_DONE:
        return REVERSED;
    case SRS_NO_MEMORY:
        return FAULT;
    case SRS_INCOMPLETE:
        return INCOMPLETE;
    case SRS_SHORT_HASH:
    case SRS_WRONG_HASH:
        return FORGED;
    case SRS_EXPIRED:
        return EXPIRED;
    default:
        return FOREIGN;
    }
}

void forwarding_metrics_answered(enum forwarding_direction direction, const struct forwarding_answer *answer)
{
    const enum outcome outcome =
        direction == FORWARDING_SENDER ? outcome_of_sender(answer) : outcome_of_recipient(answer);

    atomic_fetch_add_explicit(&answered[direction][outcome], 1, memory_order_relaxed);
}

void forwarding_metrics_write(struct metrics_text *text)
{
    static const char *const labels[] = {"direction", "answer"};
    static const char *const directions[FORWARDING_DIRECTIONS] = {"forward", "reverse"};

    metrics_family(text, "srs_lookups", METRICS_COUNTER, "Lookups of SRS addresses, by what was answered.");
    for (size_t direction = 0; direction < FORWARDING_DIRECTIONS; direction++)
        for (size_t outcome = 0; outcome < OUTCOMES; outcome++) {
            const char *const values[] = {directions[direction], outcomes[outcome].name};

            if (outcomes[outcome].direction == direction || outcomes[outcome].direction == FORWARDING_DIRECTIONS)
                metrics_sample2(text, labels, values, (double)answered[direction][outcome]);
        }
}
