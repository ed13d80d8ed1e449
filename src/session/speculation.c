/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holds an evaluation and a DMARC walk that nobody waits for yet. */
#include "session/speculation.h"

#include "dmarc/dmarc_discovery.h"
#include "policy/verdict_decide.h"

#include <stdlib.h>

struct speculation {
    struct spf_speculation *evaluation; /* holds the checker, and so the DNS */
    struct dmarc_speculation *dmarc;    /* NULL: no record is wanted */
};

struct speculation *speculation_begin(const struct session_shared *shared, const struct spf_request *request,
                                      bool is_null_sender)
{
    struct speculation *speculation = calloc(1, sizeof(*speculation));

    if (speculation == NULL)
        return NULL;
    speculation->evaluation = spf_check_speculate(shared->checker, request);
    if (speculation->evaluation == NULL) {
        free(speculation);
        return NULL;
    }
    if (verdict_may_ask_dmarc(&shared->config->verdict, request->identity, is_null_sender))
        speculation->dmarc = dmarc_discovery_speculate(spf_checker_dns(shared->checker), request->domain,
                                                       spf_checker_deadline_ms(shared->checker));
    return speculation;
}

void speculation_end(struct speculation *speculation)
{
    if (speculation == NULL)
        return;
    dmarc_speculation_end(speculation->dmarc);
    spf_speculation_end(speculation->evaluation);
    free(speculation);
}
