/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up DMARC records for identities that would be refused. */
#include "session/dmarc_check.h"

#include "base/stats.h"
#include "policy/verdict_decide.h"

bool dmarc_check_is_wanted(const struct session_shared *shared, enum spf_identity identity, bool is_null_sender)
{
    return verdict_may_ask_dmarc(&shared->config->verdict, identity, is_null_sender);
}

void dmarc_check_find(struct message *message, const struct session_shared *shared, int64_t deadline_ms)
{
    bool is_left = false;

    for (size_t i = 0; i < message->check_count; i++) {
        struct identity_check *check = &message->checks[i];

        if (!verdict_asks_dmarc(&shared->config->verdict, check->identity, message->null_sender, &check->outcome))
            continue;
        dmarc_discover(spf_checker_dns(shared->checker), idna_ascii_form(check->domain, check->ascii), deadline_ms,
                       &check->dmarc);
        is_left |= check->dmarc.is_published != TRISTATE_NO;
    }
    stats_add(STATS_LEFT_TO_DMARC, is_left);
}
