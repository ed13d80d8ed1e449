/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule that turns a result into continue, refuse or defer; no other place looks at a result to decide. */
#include "policy/verdict.h"

/* The detail of RFC 7372 3.2, which a refusal and a temporary failure share. */
static struct verdict stop(enum spf_result result, bool defer, bool soft_fail)
{
    struct verdict verdict = {.kind = defer ? VERDICT_DEFER : VERDICT_REFUSE};
    bool temporary = defer || soft_fail;

    verdict.code = defer ? "451" : soft_fail ? "450" : "550";
    if (result == RESULT_FAIL)
        verdict.enhanced = temporary ? "4.7.23" : "5.7.23";
    else if (result == RESULT_TEMPERROR || result == RESULT_PERMERROR)
        verdict.enhanced = temporary ? "4.7.24" : "5.7.24";
    else
        verdict.enhanced = temporary ? "4.7.1" : "5.7.1";
    return verdict;
}

struct verdict verdict_decide(const struct config *config, const struct spf_outcome *outcome, bool null_sender)
{
    result_set refused = null_sender ? config->refuse_null_sender : config->refuse_sender;
    struct verdict verdict = verdict_released();

    /* A guess is nobody's policy: nothing follows from it. */
    if (outcome->guessed)
        return verdict;
    if (result_set_has(config->defer, outcome->result))
        return stop(outcome->result, true, config->soft_fail);
    /* A temperror may be a fault of ours, so its refusal is never final (RFC 7208 8.6). */
    if (result_set_has(refused, outcome->result))
        return stop(outcome->result, outcome->result == RESULT_TEMPERROR, config->soft_fail);

    bool suspect = outcome->result == RESULT_FAIL || outcome->result == RESULT_SOFTFAIL;
    verdict.tag = suspect && config->tag_subject;
    verdict.quarantine = suspect && config->quarantine == QUARANTINE_ON;
    return verdict;
}

struct verdict verdict_released(void)
{
    return (struct verdict){.kind = VERDICT_CONTINUE};
}
