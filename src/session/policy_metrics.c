/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts the requests of the policy service. */
#include "session/policy_metrics.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

static _Atomic uint64_t answered[POLICY_STATES][POLICY_ACTIONS];
static _Atomic uint64_t broken;

void policy_metrics_answered(enum policy_state state, enum policy_action action)
{
    atomic_fetch_add_explicit(&answered[state][action], 1, memory_order_relaxed);
}

void policy_metrics_broken(void)
{
    atomic_fetch_add_explicit(&broken, 1, memory_order_relaxed);
}

void policy_metrics_write(struct metrics_text *text)
{
    static const char *const labels[] = {"state", "action"};
    static const char *const states[POLICY_STATES] = {"connect", "helo", "mail", "rcpt", "data", "end", "other"};
    static const char *const actions[POLICY_ACTIONS] = {"dunno", "refuse",   "defer", "prepend",
                                                        "hold",  "redirect", "pass"};

    metrics_family(text, "policy_requests", METRICS_COUNTER, "Requests of the policy service that were answered.");
    for (size_t state = 0; state < POLICY_STATES; state++)
        for (size_t action = 0; action < POLICY_ACTIONS; action++) {
            const char *const values[] = {states[state], actions[action]};

            metrics_sample2(text, labels, values, (double)answered[state][action]);
        }
    metrics_family(text, "policy_requests_broken", METRICS_COUNTER,
                   "Requests of the policy service that could not be read.");
    metrics_sample(text, NULL, NULL, (double)broken);
}
