/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The actions at the end of a message. */
#include "session/message_end.h"

#include "base/printable.h"
#include "base/stats.h"
#include "base/strbuf.h"
#include "mail/header.h"
#include "mail/header_subject.h"
#include "session/message_metrics.h"

#include <stdio.h>
#include <string.h>

enum { ORIGINAL_TO_MAX = 960 }; /* octets; with the field's name less than the 998 of RFC 5322 2.1.1 */

enum { NOTE_SIZE = 160 };

enum { VALUE_USUAL = 512 }; /* octets that nearly all result fields get by with */

/* What the steps below share. */
struct ending {
    struct message *message;
    const struct config *config;
    const struct session_abilities *abilities;
    const struct client *client;
    char note[NOTE_SIZE]; /* what TestMode did not do, for the fields */
};

/* Notes something that TestMode did not do, for the fields. */
static void note_undone(struct ending *ending, const char *what)
{
    size_t len = strlen(ending->note);

    (void)snprintf(ending->note + len, NOTE_SIZE - len, "%s%s", len > 0 ? ", " : "test mode: would be ", what);
}

/* Deletes the forged fields of one name, from the last to the first, so that the others keep their numbers. */
static size_t remove_fields(const struct ending *ending, const char *name, const struct forged_fields *fields)
{
    struct action_builder *actions = &ending->message->actions;
    size_t removed = 0;

    for (size_t i = fields->count; i > 0; i--) {
        actions_begin_group(actions);
        actions_add(actions, ACTION_CHANGE_HEADER, fields->forged[i - 1], name, NULL);
        if (actions_end_group(actions))
            removed++;
    }
    if (removed < fields->count)
        client_log_fault(ending->client, REASON_FAULT_FORGED);
    return removed;
}

/* RFC 8601 5. Not where TestMode let a message go on that has too many: half cleaned it would still deceive. */
static void remove_forged(const struct ending *ending)
{
    struct message *message = ending->message;

    if (message_has_too_many_forged(message, false))
        return;
    size_t removed = remove_fields(ending, "Authentication-Results", &message->results);

    removed += remove_fields(ending, "ARC-Authentication-Results", &message->arc);
    removed += remove_fields(ending, "Received-SPF", &message->received);
    message->record.forged_removed = removed;
    message_metrics_forged_removed(removed);
}

/* Adds the change to the n-th subject (from 1), or a subject where there is none (`text` NULL). False if it has its tag
 * already. */
static bool tag_one(struct action_builder *actions, const char *tag, int n, const char *text)
{
    struct strbuf tagged = STRBUF_INIT;
    bool changed;

    header_tag_subject(tag, text, &tagged);
    changed = text == NULL || tagged.failed || strcmp(strbuf_text(&tagged), text) != 0;
    if (tagged.failed)
        actions_fail(actions);
    else if (changed)
        actions_add(actions, text == NULL ? ACTION_ADD_HEADER : ACTION_CHANGE_HEADER, n, "Subject",
                    strbuf_text(&tagged));
    strbuf_free(&tagged);
    return changed;
}

/* Adds the changes to all subjects that there are and that were kept. False if there is nothing to change. */
static bool tag_all(struct message *message, const char *tag)
{
    const struct subjects *subjects = &message->subjects;
    bool changed = false;

    if (subjects->count == 0)
        return tag_one(&message->actions, tag, 1, NULL);
    for (size_t i = 0; i < subjects->count; i++)
        if (subjects->texts[i] != NULL)
            changed |= tag_one(&message->actions, tag, (int)i + 1, subjects->texts[i]);
    return changed;
}

/* True if the subject is to be tagged; it is shared with the exempt recipients, who get the message as it came. */
static bool is_to_be_tagged(const struct message *message)
{
    return message->verdict.tag && message->exempt_recipient == REASON_NONE;
}

static void tag_subject(const struct ending *ending)
{
    struct message *message = ending->message;

    if (!is_to_be_tagged(message))
        return;
    actions_begin_group(&message->actions);
    bool changed = tag_all(message, ending->config->tag);
    if (!actions_end_group(&message->actions)) {
        client_log_fault(ending->client, REASON_FAULT_TAG);
    } else if (changed) {
        stats_add(STATS_TAGGED, 1);
        message->record.is_tagged = true;
    }
}

/* Adds a field that keeps a recipient's address. */
static void add_original_to(struct action_builder *actions, const char *address)
{
    char value[ORIGINAL_TO_MAX + 1];

    (void)snprintf(value, sizeof value, "%s", address);
    printable_mask_controls(value);
    actions_add(actions, ACTION_ADD_HEADER, 0, MESSAGE_ORIGINAL_TO, value);
}

/* All of this or nothing: a message whose recipients are gone and whose box is missing would be lost. */
static void add_quarantine(struct message *message, const char *box)
{
    struct action_builder *actions = &message->actions;

    for (size_t i = 0; i < message->recipient_count; i++)
        for (size_t n = 0; n < message->recipients[i].handle_count; n++)
            actions_add(actions, ACTION_DELETE_RECIPIENT, 0, NULL, message->recipients[i].handles[n]);
    actions_add(actions, ACTION_ADD_RECIPIENT, 0, NULL, box);
    for (size_t i = 0; i < message->recipient_count; i++)
        add_original_to(actions, message->recipients[i].shown);
}

/* True if the whole message is kept from its recipients, who all get it or not: not where one of them is exempt, unless
 * that one was named too late. */
static bool is_kept_whole(const struct ending *ending, bool is_able, enum quarantine_mode mode)
{
    return ending->message->verdict.quarantine && ending->config->verdict.quarantine == mode && is_able &&
           (ending->message->exempt_recipient == REASON_NONE || ending->message->is_kept_early);
}

static bool is_to_be_held(const struct ending *ending)
{
    return is_kept_whole(ending, ending->abilities->holds, QUARANTINE_HOLD);
}

/* Postfix redirects to addresses with a domain only. */
static bool is_to_be_redirected(const struct ending *ending)
{
    return is_kept_whole(ending, ending->abilities->redirects && !ending->abilities->changes_recipients,
                         QUARANTINE_ON) &&
           strchr(ending->config->quarantine_box, '@') != NULL;
}

/* False if out of memory. */
static bool keep_whole(const struct ending *ending, enum action_kind kind, const char *value)
{
    actions_begin_group(&ending->message->actions);
    actions_add(&ending->message->actions, kind, 0, NULL, value);
    if (actions_end_group(&ending->message->actions))
        return true;
    client_log_fault(ending->client, REASON_FAULT_QUARANTINE);
    return false;
}

static bool add_hold(const struct ending *ending)
{
    char reason[32];

    (void)snprintf(reason, sizeof(reason), "SPF %s", result_name(ending->message->checks[0].outcome.result));
    return keep_whole(ending, ACTION_HOLD, reason);
}

static bool add_redirect(const struct ending *ending)
{
    return keep_whole(ending, ACTION_REDIRECT, ending->config->quarantine_box);
}

static void hold(const struct ending *ending)
{
    if (!add_hold(ending))
        return;
    stats_add(STATS_QUARANTINED, 1);
    ending->message->record.is_held = true;
}

static void redirect(const struct ending *ending)
{
    if (!add_redirect(ending))
        return;
    stats_add(STATS_QUARANTINED, 1);
    ending->message->record.is_quarantined = true;
}

/* Sends the message to the quarantine mailbox, except for its exempt recipients. */
static void divert(const struct ending *ending)
{
    struct message *message = ending->message;
    const char *box = ending->config->quarantine_box;

    if (message->recipients_lost || message->recipient_count == 0)
        return;
    (void)remove_fields(ending, MESSAGE_ORIGINAL_TO,
                        &message->originals); /* whoever releases the message relies on ours */
    actions_begin_group(&message->actions);
    add_quarantine(message, box);
    if (!actions_end_group(&message->actions)) {
        client_log_fault(ending->client, REASON_FAULT_QUARANTINE);
        return;
    }
    stats_add(STATS_QUARANTINED, 1);
    message->record.is_quarantined = true;
}

static void quarantine(const struct ending *ending)
{
    if (!ending->message->verdict.quarantine)
        return;
    if (ending->config->verdict.quarantine == QUARANTINE_ON && ending->abilities->changes_recipients)
        divert(ending);
    else if (is_to_be_redirected(ending))
        redirect(ending);
    else if (is_to_be_held(ending))
        hold(ending);
}

/* True if some recipient would get the message without TestMode, too. */
static bool is_delivered(const struct message *message)
{
    return message->accepted && message->would_refuse != WOULD_REFUSE_ALL;
}

/* Notes the refusal that TestMode did not carry out, if any. */
static void note_would_refuse(struct ending *ending)
{
    const struct message *message = ending->message;
    const struct verdict *undone = &message->undone;
    char refused[80];

    if (message->would_refuse == WOULD_REFUSE_NONE)
        return;
    (void)snprintf(refused, sizeof(refused), "%s with %s %s%s", undone->kind == VERDICT_DEFER ? "deferred" : "refused",
                   undone->code, undone->enhanced,
                   is_delivered(message) || message->exempt_recipient != REASON_NONE ? " for some recipients" : "");
    note_undone(ending, refused);
}

/* Notes what would be done without TestMode. */
static void note_test_mode(struct ending *ending)
{
    struct message *message = ending->message;

    note_would_refuse(ending);
    if (is_delivered(message) && is_to_be_tagged(message)) {
        note_undone(ending, "tagged");
        message->record.is_tagged = true;
    }
    if (is_delivered(message) && message->verdict.quarantine &&
        (ending->config->verdict.quarantine == QUARANTINE_ON ||
         message->exempt_recipient == REASON_NONE)) { /* a hold keeps it from everybody */
        note_undone(ending, "quarantined");
        message->record.is_quarantined = true;
    }
}

static void insert_field(const struct ending *ending, const char *name, const struct strbuf *value)
{
    struct action_builder *actions = &ending->message->actions;

    actions_begin_group(actions);
    if (value->failed)
        actions_fail(actions);
    else
        actions_add(actions, ACTION_INSERT_HEADER, 0, name, strbuf_text(value));
    if (!actions_end_group(actions))
        client_log_fault(ending->client, REASON_FAULT_FIELD);
}

/* The note of TestMode for one identity: where a refusal was not carried out, for the identity that decided it. */
static const char *note_for(const struct ending *ending, const struct identity_check *check)
{
    const struct message *message = ending->message;
    bool is_its = message->would_refuse != WOULD_REFUSE_NONE ? check->identity == message->undone.identity
                                                             : check == message->checks;

    return ending->note[0] != '\0' && is_its ? ending->note : NULL;
}

/* What the fields say: a result for each identity, in the order of the checks. */
static void collect_results(const struct ending *ending, struct header_result results[MESSAGE_CHECKS_MAX])
{
    const struct message *message = ending->message;

    for (size_t i = 0; i < message->check_count; i++)
        results[i] = (struct header_result){
            .result = message->checks[i].outcome.result,
            .guessed = message->checks[i].outcome.guessed,
            .is_helo = message->checks[i].identity == IDENTITY_HELO,
            .mechanism = message->checks[i].outcome.mechanism,
            .problem = message->checks[i].outcome.problem,
            .client = ending->client->effective,
            .sender = message_sender(message),
            .domain = message->checks[i].domain,
            .helo = client_helo_shown(ending->client),
            .receiver = message->receiver,
            .note = note_for(ending, &message->checks[i]),
        };
}

static bool adds_results(const struct ending *ending)
{
    return ending->message->is_judged ? ending->message->adds_results : ending->config->add_header;
}

static bool adds_received(const struct ending *ending)
{
    return ending->message->is_judged ? ending->message->adds_received : ending->config->add_received_header;
}

/* How many results have fields: not that of a HELO name which is checked only for others than those who get it. */
static size_t shown_results(const struct message *message)
{
    const bool hides_helo = message->is_judged && !message->shows_helo && !message->null_sender;

    return hides_helo ? 1 : message->check_count;
}

static void insert_received(const struct ending *ending, const struct header_result *result)
{
    char usual[VALUE_USUAL];
    struct strbuf value = strbuf_in(usual, sizeof usual);

    header_received_spf(result, &value);
    insert_field(ending, "Received-SPF", &value);
    strbuf_free(&value);
}

static void insert_authentication(const struct ending *ending, const struct header_result *result)
{
    char usual[VALUE_USUAL];
    struct strbuf value = strbuf_in(usual, sizeof usual);

    header_authentication_results(ending->message->authserv_id, result, &value);
    insert_field(ending, "Authentication-Results", &value);
    strbuf_free(&value);
}

/* Each goes on top: Authentication-Results end up above Received-SPF, and the sender's above that of the HELO name. */
static void insert_results(const struct ending *ending)
{
    struct header_result results[MESSAGE_CHECKS_MAX];
    const size_t count = shown_results(ending->message);

    collect_results(ending, results);
    for (size_t i = count; adds_received(ending) && i > 0; i--)
        insert_received(ending, &results[i - 1]);
    for (size_t i = count; adds_results(ending) && i > 0; i--)
        insert_authentication(ending, &results[i - 1]);
}

void message_add_early(struct message *message, const struct config *config, const struct session_abilities *abilities,
                       const struct client *client)
{
    struct ending ending = {.message = message, .config = config, .abilities = abilities, .client = client};

    note_would_refuse(&ending);
    if (!config->test_mode && is_to_be_held(&ending))
        message->is_kept_early |= add_hold(&ending);
    if (!config->test_mode && is_to_be_redirected(&ending))
        message->is_kept_early |= add_redirect(&ending);
    if (abilities->inserts_fields)
        insert_results(&ending);
}

/* True if the client is one that may add such fields: for other recipients it would have been checked. */
static bool is_of_trusted_client(const struct message *message)
{
    return message->stage == MESSAGE_EXEMPT &&
           (message->reason == REASON_WHITELISTED_ADDRESS || message->reason == REASON_WHITELISTED_HOST ||
            message->reason == REASON_AUTHENTICATED || message->reason == REASON_CERTIFICATE);
}

void message_end(struct message *message, const struct config *config, const struct session_abilities *abilities,
                 const struct client *client)
{
    struct ending ending = {.message = message, .config = config, .abilities = abilities, .client = client};

    if (abilities->sees_headers && !is_of_trusted_client(message))
        remove_forged(&ending);
    if (message->stage != MESSAGE_DECIDED)
        return;
    if (config->test_mode) {
        note_test_mode(&ending);
    } else {
        note_would_refuse(&ending); /* for some recipients */
        if (abilities->sees_headers)
            tag_subject(&ending);
        quarantine(&ending);
    }
    if (abilities->inserts_fields)
        insert_results(&ending);
}
