/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides whether a recipient's message is deferred at its first contact. */
#include "session/greylisting.h"

#include "greylist/greylist_subject.h"
#include "session/companion.h"
#include "session/decision.h"
#include "session/greylist_metrics.h"
#include "session/greylist_visits.h"
#include "session/judgement.h"
#include "session/refusal.h"
#include "session/state.h"

#include <string.h>

bool greylisting_is_on(const struct session *session)
{
    return session->shared.greylist != NULL && session->abilities.refuses_recipients && !session->client.local &&
           !session->client.relays;
}

/* True if the client has a name that could not be stored: it may be exempt by it, and a null sender is known by it. */
static bool has_lost_name(const struct client *client)
{
    return client->name_is_verified && client->host == NULL;
}

/* True if nobody knows enough of the message, or it would be refused if TestMode were not on: then it is not asked
 * about. */
static bool is_left_out(const struct session *session)
{
    const struct message *message = &session->message;

    return has_lost_name(&session->client) || message->stage != MESSAGE_DECIDED || message->checks[0].outcome.is_shed ||
           message->unknown_exemption != NULL || message->would_refuse == WOULD_REFUSE_ALL ||
           (state_is_due(session, REFUSE_AT_MAIL) && message->verdict.kind != VERDICT_CONTINUE);
}

/* True if the recipient's message is answered at DATA, and not now; or not at all, as the front end has no such step.
 */
static bool waits_for_data(const struct session *session)
{
    return session->message.null_sender && !session->message.greylist.is_at_data;
}

/* ---- Which visit it is ---- */

/* A guess is none of what a domain says of itself. */
static enum spf_result result_of(const struct spf_outcome *outcome)
{
    return outcome->result == RESULT_PASS && outcome->guessed ? RESULT_NONE : outcome->result;
}

static struct greylist_facts facts_of(struct session *session, const struct address *reading)
{
    const struct message *message = &session->message;
    const struct client *client = state_client(session);
    const struct spf_outcome *outcome = &message->checks[0].outcome;

    return (struct greylist_facts){
        .client = client->effective,
        .client_name = client->name_is_verified ? client->host : NULL,
        .helo = client_helo(client),
        .sender = message->null_sender ? NULL : &message->sender,
        .recipient = reading,
        .result = result_of(outcome),
        .matched_bits = outcome->matched_bits,
    };
}

/* The settings of a reading that is not exempt; NULL: it is. */
static const struct config *settings_of(struct session *session, const struct session_recipient *recipient, size_t i)
{
    struct judgement judgement;

    if (!session_has_own_settings(session))
        return session->shared.config;
    judgement = judgement_of_reading(session, &recipient->readings[i]);
    return judgement.exemption == REASON_NONE ? judgement.settings : NULL;
}

/* The settings by which the recipient is greylisted, with the subject: those of the first reading that is. NULL: it is
 * not. */
static const struct config *find_subject(struct session *session, const struct session_recipient *recipient,
                                         struct greylist_subject *subject)
{
    for (size_t i = 0; i < recipient->count; i++) {
        const struct config *settings = settings_of(session, recipient, i);
        const struct greylist_facts facts = facts_of(session, &recipient->readings[i]);

        if (settings != NULL && greylist_subject_of(&settings->greylist, &facts, subject) == GREYLIST_APPLIES)
            return settings;
    }
    return NULL;
}

/* What the other front end has found out about it. */
static void take_shared(struct session *session, struct greylist_visit *visit)
{
    if (session->key.port > 0 && !visit->is_answered)
        visit->is_answered = visit->is_shared =
            companion_take_greylist(&session->key, &session->message, visit->recipient, &visit->answer);
}

/* Makes the recipient's visit the present one, unless it is. */
static void turn_to(struct session *session, const struct session_recipient *recipient)
{
    struct greylist_visits *visits = &session->message.greylist;
    const char *shown = recipient->readings[0].text;
    struct greylist_visit *visit = NULL;
    struct greylist_subject subject;
    const struct config *settings;

    if (visits->present != NULL && strcmp(visits->present->recipient, shown) == 0)
        return;
    settings = find_subject(session, recipient, &subject);
    if (settings != NULL)
        visit = greylist_visit_create(settings, shown, &subject);
    if (settings != NULL && visit == NULL)
        client_log_fault(&session->client, REASON_FAULT_GREYLIST);
    if (visit != NULL)
        take_shared(session, visit);
    greylist_visits_set_present(visits, visit);
}

/* ---- What came of it ---- */

/* What the answer means, be it carried out or not. */
static bool would_defer(const struct greylist_visit *visit)
{
    const enum greylist_reason reason = visit->answer.reason;

    if (visit->answer.answer != STORE_ANSWERED || !visit->settings->test_mode)
        return visit->answer.defers;
    return visit->settings->greylist.terms.mode == GREYLIST_ON &&
           (reason == GREYLIST_NEW || reason == GREYLIST_EARLY || reason == GREYLIST_LATE);
}

/* Counts what the store said, once, and hands it to the other front end. */
static void count(struct session *session, struct greylist_visit *visit)
{
    if (visit->is_counted)
        return;
    visit->is_counted = true;
    if (!visit->is_shared)
        greylist_metrics_count(&visit->answer);
    if (session->key.port > 0 && !visit->is_shared)
        companion_put_greylist(&session->key, &session->message, visit->recipient, &visit->answer);
}

static void note_pass(struct message *message, const struct greylist_visit *visit)
{
    message_record_note_greylist(&message->record, visit->recipient, &visit->answer);
}

static struct session_reply defer(struct session *session, const struct greylist_visit *visit, bool is_recipient)
{
    struct greylist_answer answer = visit->answer;

    answer.defers = true; /* but for TestMode */
    return refusal_of_greylisted(&session->message, visit->settings, &answer, is_recipient ? visit->recipient : NULL,
                                 &session->reply);
}

/* ---- At RCPT ---- */

/* True if session_rcpt, which comes next, will want to know. The message is decided for it, as it will be then. */
static bool is_due(struct session *session, const struct session_recipient *recipient)
{
    struct message *message = &session->message;
    struct judgement judgement;

    if (judgement_exemption(session->shared.config, recipient) != REASON_NONE ||
        judgement_bad_form(session, recipient) != REASON_NONE || waits_for_data(session))
        return false;
    if (message->stage == MESSAGE_PENDING && !session_has_own_settings(session))
        decision_make(message, &session->shared, state_client(session));
    if (message->stage != MESSAGE_PENDING && message->stage != MESSAGE_DECIDED)
        return false;
    if (!state_is_due(session, REFUSE_AT_RCPT))
        return !is_left_out(session);
    judgement = judgement_make(session, recipient);
    return judgement.exemption == REASON_NONE && judgement.verdict.kind == VERDICT_CONTINUE && !is_left_out(session);
}

bool greylisting_await(struct session *session, const struct session_recipient *recipient, session_ready ready,
                       void *context)
{
    struct greylist_visits *visits = &session->message.greylist;

    if (!greylisting_is_on(session))
        return true;
    if (recipient != NULL && is_due(session, recipient))
        turn_to(session, recipient);
    for (struct greylist_visit *kept = visits->is_at_data ? visits->kept : NULL; kept != NULL; kept = kept->next)
        take_shared(session, kept);
    return greylist_visits_start(visits, session->shared.greylist, ready, context);
}

/* Of a message from the null sender. */
static void keep_for_data(struct session *session)
{
    struct greylist_visits *visits = &session->message.greylist;

    if (session->abilities.sees_data && visits->kept_count < GREYLIST_KEPT_MAX)
        greylist_visits_keep_present(visits);
    else
        greylist_visits_set_present(visits, NULL);
}

bool greylisting_defers(struct session *session, const struct session_recipient *recipient, bool *is_noted,
                        struct session_reply *reply)
{
    struct greylist_visits *visits = &session->message.greylist;

    *is_noted = false;
    if (!greylisting_is_on(session) || is_left_out(session))
        return false;
    turn_to(session, recipient);
    if (visits->present == NULL)
        return false;
    if (waits_for_data(session)) {
        keep_for_data(session);
        return false;
    }
    greylist_visits_finish(visits, session->shared.greylist);
    count(session, visits->present);
    if (would_defer(visits->present))
        *reply = defer(session, visits->present, true);
    else
        note_pass(&session->message, visits->present);
    *is_noted = would_defer(visits->present) && reply->step == SESSION_CONTINUE;
    return would_defer(visits->present) && !*is_noted;
}

/* ---- At DATA ---- */

/* Of all that would be deferred, and by TestMode for some would not, the one that has to wait longest; NULL: there is
 * none. */
static const struct greylist_visit *find_deferred(const struct message *message)
{
    const struct greylist_visit *found = NULL;

    for (const struct greylist_visit *kept = message->greylist.kept; kept != NULL; kept = kept->next)
        if (would_defer(kept) && kept->settings->test_mode == message->record.is_test &&
            (found == NULL || kept->answer.wait_s > found->answer.wait_s))
            found = kept;
    return found;
}

bool greylisting_defers_message(struct session *session, struct session_reply *reply)
{
    struct greylist_visits *visits = &session->message.greylist;
    const struct greylist_visit *deferred;

    visits->is_at_data = true;
    if (!greylisting_is_on(session) || is_left_out(session) || visits->kept == NULL)
        return false;
    for (struct greylist_visit *kept = visits->kept; kept != NULL; kept = kept->next)
        take_shared(session, kept);
    greylist_visits_finish(visits, session->shared.greylist);
    for (struct greylist_visit *kept = visits->kept; kept != NULL; kept = kept->next)
        count(session, kept);
    deferred = find_deferred(&session->message);
    if (deferred != NULL && session->message.exempt_recipient == REASON_NONE) { /* who gets it whatever the result */
        *reply = defer(session, deferred, false);
        return reply->step == SESSION_REFUSE;
    }
    for (struct greylist_visit *kept = visits->kept; kept != NULL; kept = kept->next)
        note_pass(&session->message, kept);
    return false;
}
