/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule that turns a result into continue, refuse or defer; no other place looks at a result to decide. */
#include "policy/verdict_decide.h"

/* What follows from the results of one identity. */
struct identity_sets {
    result_set refuse, defer;
};

/* The same for both identities of a message. */
struct message_sets {
    struct identity_sets mail_from, helo;
};

/* The detail of RFC 7372 3.2, which a refusal and a temporary failure share. */
static const char *enhanced_code(enum spf_result result, bool temporary)
{
    if (result == RESULT_FAIL)
        return temporary ? "4.7.23" : "5.7.23";
    if (result == RESULT_TEMPERROR || result == RESULT_PERMERROR)
        return temporary ? "4.7.24" : "5.7.24";
    return temporary ? "4.7.1" : "5.7.1";
}

static struct verdict stop_message(enum spf_identity identity, enum spf_result result, bool defer, bool soft_fail)
{
    return (struct verdict){
        .kind = defer ? VERDICT_DEFER : VERDICT_REFUSE,
        .identity = identity,
        .code = defer       ? "451"
                : soft_fail ? "450"
                            : "550",
        .enhanced = enhanced_code(result, defer || soft_fail),
    };
}

/* What follows from the result of one identity, if that is checked, whatever its domain publishes. */
static struct verdict decide_without_dmarc(const struct verdict_policy *policy, enum spf_identity identity,
                                           const struct spf_outcome *outcome, const struct identity_sets *sets,
                                           bool may_be_final)
{
    /* A guess is nobody's policy, and what was shed is no result: nothing follows from either. */
    if (outcome == NULL || outcome->guessed || outcome->is_shed)
        return verdict_continue();
    if (result_set_has(sets->defer, outcome->result))
        return stop_message(identity, outcome->result, true, policy->soft_fail);
    if (outcome->result == RESULT_FAIL && policy->refuse_only_no_mail && !outcome->no_mail)
        return verdict_continue();
    /* A temperror may be a fault of ours, so its refusal is never final (RFC 7208 8.6). */
    if (!result_set_has(sets->refuse, outcome->result))
        return verdict_continue();

    bool may_change = outcome->result == RESULT_TEMPERROR;
    struct verdict verdict = stop_message(identity, outcome->result, may_change || !may_be_final, policy->soft_fail);
    verdict.exemption_unknown = !may_change && !may_be_final;
    return verdict;
}

/* True for the results of a client that the domain does not permit, as a forwarder is one. */
static bool is_unauthorized(const struct spf_outcome *outcome)
{
    return outcome->result == RESULT_FAIL || outcome->result == RESULT_SOFTFAIL;
}

/* What follows from the result of one identity. A forwarded message may still be aligned by its DKIM signature, so what
 * has a DMARC policy, or may have one, reaches the DMARC filter (RFC 9989 4.10.1, RFC 7208 8.4). */
static struct verdict decide_for_identity(const struct verdict_policy *policy, enum spf_identity identity,
                                          const struct spf_outcome *outcome, const struct identity_sets *sets,
                                          bool may_be_final, enum tristate has_dmarc)
{
    struct verdict verdict = decide_without_dmarc(policy, identity, outcome, sets, may_be_final);

    if (!policy->leave_to_dmarc || has_dmarc == TRISTATE_NO || verdict.kind == VERDICT_CONTINUE ||
        !is_unauthorized(outcome))
        return verdict;
    verdict = verdict_continue();
    verdict.left_to_dmarc = true;
    return verdict;
}

static struct message_sets sets_for(const struct verdict_policy *policy, const struct verdict_case *message)
{
    bool is_null_sender = message->mail_from == NULL;
    struct message_sets sets = {
        .mail_from = {policy->refuse_mail_from, policy->defer_mail_from.results},
        .helo = {policy->refuse_helo, policy->defer_helo.results},
    };
    result_set own;

    if (is_null_sender)
        sets.helo = (struct identity_sets){policy->refuse_null_sender.results, policy->defer_null_sender.results};
    if (rule_list_find(&policy->refuse_to, message->recipient, &own) ||
        rule_list_find(&policy->refuse_for, message->sender, &own)) {
        sets.mail_from.refuse = own;
        sets.helo.refuse = is_null_sender ? own : own & policy->refuse_helo;
    }
    return sets;
}

/* True if the HELO name is deferred by a set of its own, before anybody looks at the sender. */
static bool helo_decides(const struct verdict_policy *policy, const struct verdict_case *message,
                         const struct verdict *by_helo)
{
    return message->mail_from != NULL && by_helo->kind == VERDICT_DEFER && policy->defer_helo.is_written &&
           result_set_has(policy->defer_helo.results, message->helo->result);
}

/* True if `other` stops a message that `verdict` would let through, or defer. */
static bool is_outweighed(const struct verdict *verdict, const struct verdict *other)
{
    return other->kind != VERDICT_CONTINUE &&
           (verdict->kind == VERDICT_CONTINUE || (verdict->kind == VERDICT_DEFER && other->kind == VERDICT_REFUSE));
}

static bool is_suspect(const struct verdict_case *message)
{
    const struct spf_outcome *outcome = message->mail_from != NULL ? message->mail_from : message->helo;

    return outcome != NULL && !outcome->guessed && is_unauthorized(outcome);
}

struct verdict verdict_decide(const struct verdict_policy *policy, const struct verdict_case *message)
{
    struct message_sets sets = sets_for(policy, message);
    bool may_be_final = !message->exemption_unknown;
    struct verdict verdict = decide_for_identity(policy, IDENTITY_MAILFROM, message->mail_from, &sets.mail_from,
                                                 may_be_final, message->mail_from_dmarc);
    struct verdict by_helo =
        decide_for_identity(policy, IDENTITY_HELO, message->helo, &sets.helo, may_be_final, message->helo_dmarc);
    const bool is_left = verdict.left_to_dmarc || by_helo.left_to_dmarc;

    if (helo_decides(policy, message, &by_helo) || is_outweighed(&verdict, &by_helo))
        verdict = by_helo;
    verdict.left_to_dmarc = is_left && verdict.kind == VERDICT_CONTINUE;
    verdict.tag = policy->tag_subject && is_suspect(message);
    verdict.quarantine = policy->quarantine != QUARANTINE_OFF && is_suspect(message);
    return verdict;
}

/* The sets for one identity, with those of all rules, whoever they are for. */
static struct identity_sets widest_sets(const struct verdict_policy *policy, enum spf_identity identity,
                                        bool is_null_sender)
{
    const result_set rules = policy->refuse_for.refused | policy->refuse_to.refused;

    if (identity == IDENTITY_MAILFROM)
        return (struct identity_sets){policy->refuse_mail_from | rules, policy->defer_mail_from.results};
    if (is_null_sender)
        return (struct identity_sets){policy->refuse_null_sender.results | rules, policy->defer_null_sender.results};
    return (struct identity_sets){policy->refuse_helo, policy->defer_helo.results};
}

bool verdict_asks_dmarc(const struct verdict_policy *policy, enum spf_identity identity, bool is_null_sender,
                        const struct spf_outcome *outcome)
{
    const struct identity_sets sets = widest_sets(policy, identity, is_null_sender);

    return policy->leave_to_dmarc && is_unauthorized(outcome) &&
           decide_without_dmarc(policy, identity, outcome, &sets, true).kind != VERDICT_CONTINUE;
}

bool verdict_may_ask_dmarc(const struct verdict_policy *policy, enum spf_identity identity, bool is_null_sender)
{
    static const struct spf_outcome fail = {.result = RESULT_FAIL, .no_mail = true},
                                    softfail = {.result = RESULT_SOFTFAIL};

    return policy->leave_to_dmarc && (verdict_asks_dmarc(policy, identity, is_null_sender, &fail) ||
                                      verdict_asks_dmarc(policy, identity, is_null_sender, &softfail));
}

struct verdict verdict_continue(void)
{
    return (struct verdict){.kind = VERDICT_CONTINUE};
}
