/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judges recipients. */
#include "session/judgement.h"

#include "policy/verdict_decide.h"
#include "policy/whitelist.h"
#include "session/decision.h"
#include "session/exemption.h"
#include "session/srs_rules.h"
#include "session/state.h"
#include "srs/srs_reverse.h"

/* ---- Its address ---- */

/* What a reading is in SRS; SRS_FOREIGN without an SRSDomain. */
static enum srs_status srs_status_of(const struct srs_rules *rules, const struct address *reading)
{
    struct address stands_for = {0};
    enum srs_status status = SRS_FOREIGN;

    if (rules != NULL)
        status = srs_reverse(srs_rules_settings(rules), reading, clock_unix_s(&clock_system), &stands_for);
    address_free(&stands_for);
    return status;
}

/* Why nobody can be written to at this reading, where it looks like an SRS address of ours. */
static enum reason bad_srs_address(const struct srs_rules *rules, const struct address *reading)
{
    switch (srs_status_of(rules, reading)) {
    case SRS_INCOMPLETE:
        return REASON_SRS_INCOMPLETE;
    case SRS_SHORT_HASH:
    case SRS_WRONG_HASH:
        return REASON_SRS_FORGED;
    case SRS_EXPIRED:
        return REASON_SRS_EXPIRED;
    default:
        return REASON_NONE;
    }
}

/* The same of each reading, else REASON_NONE. */
static enum reason bad_srs_recipient(const struct srs_rules *rules, const struct session_recipient *recipient)
{
    enum reason reason = REASON_NONE;

    for (size_t i = 0; i < recipient->count && (i == 0 || reason != REASON_NONE); i++)
        reason = bad_srs_address(rules, &recipient->readings[i]);
    return reason;
}

/* True if a bounce may come home with it: `SRSTooLong rewrite` wrote it, be it too long. Without memory nobody knows.
 */
static bool may_be_our_own(const struct srs_rules *rules, const struct session_recipient *recipient)
{
    for (size_t i = 0; i < recipient->count; i++) {
        const enum srs_status status = srs_status_of(rules, &recipient->readings[i]);

        if (status == SRS_DONE || status == SRS_NO_MEMORY)
            return true;
    }
    return false;
}

enum reason judgement_bad_form(const struct session *session, const struct session_recipient *recipient)
{
    const struct srs_rules *rules = session->shared.srs;

    if (recipient->count == 0)
        return REASON_RECIPIENT_MALFORMED;
    if (recipient->status == ADDRESS_LOCAL_TOO_LONG && !session->shared.config->relaxed_local_part &&
        !may_be_our_own(rules, recipient))
        return REASON_RECIPIENT_TOO_LONG;
    return bad_srs_recipient(rules, recipient);
}

/* True if each reading of the recipient is whitelisted. */
static bool is_whitelisted(const struct config *config, const struct session_recipient *recipient)
{
    for (size_t i = 0; i < recipient->count; i++)
        if (!whitelist_has_mailbox(&config->whitelist_to, &recipient->readings[i]))
            return false;
    return recipient->count > 0;
}

enum reason judgement_exemption(const struct config *config, const struct session_recipient *recipient)
{
    if (is_whitelisted(config, recipient))
        return REASON_WHITELISTED_RECIPIENT;
    if (recipient->status == ADDRESS_NO_MEMORY) /* perhaps a whitelisted one: it gets the message as it is */
        return REASON_FAULT_RECIPIENT;
    return REASON_NONE;
}

/* ---- What the message means to it ---- */

/* Of one that has no settings of its own: what stops it in any reading, or else that of the first. */
static struct judgement judge_for_all(const struct session *session, const struct session_recipient *recipient)
{
    const struct message *message = &session->message;
    struct judgement judgement = {.settings = session->shared.config,
                                  .verdict = decision_for(message, session->shared.config, &recipient->readings[0])};

    for (size_t i = 1; i < recipient->count && judgement.verdict.kind == VERDICT_CONTINUE; i++)
        judgement.verdict = decision_for(message, session->shared.config, &recipient->readings[i]);
    return judgement;
}

struct judgement judgement_of_reading(struct session *session, const struct address *reading)
{
    struct judgement judgement = {.settings = config_for_recipient(session->shared.config, reading),
                                  .verdict = verdict_continue()};

    judgement.exemption = exemption_of_message(session, judgement.settings);
    if (judgement.exemption == REASON_NONE)
        judgement.exemption =
            decision_make_for(&session->message, &session->shared, judgement.settings, state_client(session));
    if (judgement.exemption == REASON_NONE)
        judgement.verdict = decision_for(&session->message, judgement.settings, reading);
    return judgement;
}

/* How much stands in the way of the message. */
static int weight(const struct judgement *judgement)
{
    if (judgement->exemption != REASON_NONE)
        return 0;
    if (judgement->verdict.kind == VERDICT_CONTINUE)
        return 1;
    return judgement->settings->test_mode ? 2 : 3;
}

static struct judgement judge_by_own(struct session *session, const struct session_recipient *recipient)
{
    struct judgement found = judgement_of_reading(session, &recipient->readings[0]);

    for (size_t i = 1; i < recipient->count; i++) {
        const struct judgement other = judgement_of_reading(session, &recipient->readings[i]);

        if (weight(&other) > weight(&found))
            found = other;
    }
    return found;
}

struct judgement judgement_make(struct session *session, const struct session_recipient *recipient)
{
    return session_has_own_settings(session) ? judge_by_own(session, recipient) : judge_for_all(session, recipient);
}
