/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is stored of one message. */
#include "session/message.h"

#include "mail/header_forged.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void message_init(struct message *message)
{
    memset(message, 0, offsetof(struct message, checks));
    for (size_t i = 0; i < MESSAGE_CHECKS_MAX; i++)
        message->checks[i].speculation = NULL;
    actions_init(&message->actions);
    message_record_init(&message->record);
}

void message_begin(struct message *message, const char *receiver, const char *authserv_id)
{
    message->is_begun = true;
    message->receiver = receiver;
    message->authserv_id = authserv_id;
    message_exempt(message, REASON_FAULT_SENDER);
}

void message_await_relayed_client(struct message *message)
{
    message->stage = MESSAGE_RELAYED;
    message->reason = REASON_NONE;
}

void message_add_check(struct message *message, enum spf_identity identity, const char *domain)
{
    struct identity_check *check = &message->checks[message->check_count++];

    check->identity = identity;
    check->domain = domain;
    check->has_outcome = check->has_dmarc = false;
    spf_outcome_clear(&check->outcome);
    check->dmarc.is_published = TRISTATE_NO;
    check->dmarc.name[0] = '\0';
    message->stage = MESSAGE_PENDING;
    message->reason = REASON_NONE;
}

/* What was begun ahead was used, or is of no use any more. */
static void end_speculations(struct message *message)
{
    for (size_t i = 0; i < MESSAGE_CHECKS_MAX; i++) {
        speculation_end(message->checks[i].speculation);
        message->checks[i].speculation = NULL;
    }
}

void message_decide(struct message *message, const struct verdict *verdict)
{
    end_speculations(message);
    message->verdict = *verdict;
    message->record.check_count = message->check_count;
    message->stage = MESSAGE_DECIDED;
}

void message_exempt(struct message *message, enum reason reason)
{
    end_speculations(message);
    message->check_count = 0;
    message->reason = reason;
    message->stage = MESSAGE_EXEMPT;
}

/* True before the verdict, and for what it says after. */
static bool may_be(const struct message *message, bool by_verdict)
{
    switch (message->stage) {
    case MESSAGE_RELAYED:
    case MESSAGE_PENDING:
        return true;
    case MESSAGE_DECIDED:
        return by_verdict;
    case MESSAGE_NONE:
    case MESSAGE_EXEMPT:
        break;
    }
    return false;
}

bool message_may_be_tagged(const struct message *message)
{
    return may_be(message, message->verdict.tag);
}

bool message_may_be_quarantined(const struct message *message)
{
    return may_be(message, message->verdict.quarantine);
}

void message_note_queue_id(struct message *message, const char *queue_id)
{
    size_t len;

    if (queue_id == NULL)
        return;
    len = strnlen(queue_id, sizeof(message->queue_id) - 1);
    memcpy(message->queue_id, queue_id, len);
    message->queue_id[len] = '\0';
}

static void free_recipient(struct recipient *recipient)
{
    free(recipient->shown);
    for (size_t i = 0; i < recipient->handle_count; i++)
        free(recipient->handles[i]);
}

void message_free(struct message *message)
{
    end_speculations(message);
    address_free(&message->sender);
    for (size_t i = 0; i < message->recipient_count; i++)
        free_recipient(&message->recipients[i]);
    free(message->recipients);
    for (size_t i = 0; i < message->subjects.count; i++)
        free(message->subjects.texts[i]);
    free((void *)message->subjects.texts);
    free(message->results.forged);
    free(message->arc.forged);
    free(message->received.forged);
    free(message->originals.forged);
    greylist_visits_free(&message->greylist);
    actions_free(&message->actions);
    message_record_free(&message->record);
}

void message_reset(struct message *message)
{
    message_free(message);
    message_init(message);
}

bool message_is_counted_elsewhere(const struct message *message)
{
    return message->followed != NULL || message->is_ahead;
}

const char *message_sender(const struct message *message)
{
    return message->sender.text != NULL ? message->sender.text : "";
}

/* False if out of memory: then *copy is to be freed all the same. */
static bool copy_recipient(const struct session_recipient *recipient, struct recipient *copy)
{
    const char *shown = recipient->count > 0          ? recipient->readings[0].text
                        : recipient->handle_count > 0 ? recipient->handles[0]
                                                      : "";
    bool copied;

    *copy = (struct recipient){.shown = strdup(shown)};
    copied = copy->shown != NULL;
    for (; copied && copy->handle_count < recipient->handle_count; copy->handle_count++) {
        char **handle = &copy->handles[copy->handle_count];

        *handle = strdup(recipient->handles[copy->handle_count]);
        copied = *handle != NULL;
    }
    return copied;
}

bool message_add_recipient(struct message *message, const struct session_recipient *recipient)
{
    struct recipient copy = {.handle_count = 0};
    struct recipient *larger;

    if (message->recipients_lost)
        return false;
    larger = realloc(message->recipients, (message->recipient_count + 1) * sizeof(*larger));
    if (larger != NULL)
        message->recipients = larger;
    if (larger != NULL && copy_recipient(recipient, &copy)) {
        message->recipients[message->recipient_count++] = copy;
        return true;
    }
    free_recipient(&copy);
    message->recipients_lost = true;
    return false;
}

/* Counts a field, and notes its place if it is forged. */
static bool count_field(struct forged_fields *fields, bool is_forged)
{
    int *larger;

    fields->seen++;
    if (!is_forged)
        return true;
    larger = realloc(fields->forged, (fields->count + 1) * sizeof(*larger));
    if (larger == NULL)
        return false;
    fields->forged = larger;
    fields->forged[fields->count++] = fields->seen;
    return true;
}

static bool note_forged(struct message *message, struct forged_fields *fields, bool is_forged)
{
    if (count_field(fields, is_forged))
        return true;
    bool first = !message->forged_lost;
    message->forged_lost = true;
    return !first;
}

/* How much of a subject is kept: whole characters, and no part of the white space that folds it. */
static size_t kept_subject_len(const char *value)
{
    size_t len = strnlen(value, MESSAGE_SUBJECT_MAX + 1);

    if (len <= MESSAGE_SUBJECT_MAX)
        return len;
    len = MESSAGE_SUBJECT_MAX;
    while (len > 0 && ((unsigned char)value[len] & 0xC0U) == 0x80) /* within a character of UTF-8 */
        len--;
    while (len > 0 && strchr(" \t\r\n", value[len - 1]) != NULL)
        len--;
    return len;
}

/* False if it could not be kept. */
static bool note_subject(struct message *message, const char *value)
{
    struct subjects *subjects = &message->subjects;
    char **larger;

    if (!message_may_be_tagged(message))
        return true;
    if (subjects->count == MESSAGE_SUBJECTS_MAX) {
        bool first = !message->subjects_lost;

        message->subjects_lost = true;
        return !first;
    }
    larger = realloc((void *)subjects->texts, (subjects->count + 1) * sizeof(*larger));
    if (larger == NULL)
        return false;
    subjects->texts = larger;
    larger[subjects->count] = strndup(value, kept_subject_len(value));
    return larger[subjects->count++] != NULL;
}

/* True if so much of the message's result fields was read before that this one is not: then it counts as forged. */
static bool is_past_reading(struct message *message, const char *value)
{
    message->results_cost += strlen(value) + MESSAGE_RESULT_COST;
    return message->results_cost > MESSAGE_RESULTS_COST_MAX;
}

static bool is_forged_result(struct message *message, enum forged_mode mode, const char *value)
{
    if (is_past_reading(message, value))
        return true;
    return mode == FORGED_ALL ? header_claims_authserv_id(value, message->authserv_id)
                              : header_is_forged_result(value, message->authserv_id);
}

static bool is_forged_arc(struct message *message, const char *value)
{
    return is_past_reading(message, value) || header_arc_claims_authserv_id(value, message->authserv_id);
}

static bool is_forged_received(struct message *message, const char *value)
{
    return is_past_reading(message, value) || header_names_receiver(value, message->receiver);
}

/* True if enough of these were noted to refuse the message. */
static bool is_full(const struct forged_fields *fields)
{
    return fields->count > MESSAGE_FORGED_MAX;
}

bool message_has_too_many_forged(const struct message *message, bool diverts)
{
    return message->results.count + message->arc.count + message->received.count +
               (diverts ? message->originals.count : 0) >
           MESSAGE_FORGED_MAX;
}

bool message_note_field(struct message *message, enum forged_mode mode, const char *name, const char *value)
{
    if (strcasecmp(name, "Subject") == 0)
        return note_subject(message, value);
    if (strcasecmp(name, MESSAGE_ORIGINAL_TO) == 0)
        return is_full(&message->originals) || note_forged(message, &message->originals, true);
    if (mode == FORGED_STAY)
        return true;
    if (strcasecmp(name, "Authentication-Results") == 0)
        return is_full(&message->results) ||
               note_forged(message, &message->results, is_forged_result(message, mode, value));
    if (strcasecmp(name, "ARC-Authentication-Results") == 0 && mode == FORGED_ALL)
        return is_full(&message->arc) || note_forged(message, &message->arc, is_forged_arc(message, value));
    if (strcasecmp(name, "Received-SPF") == 0)
        return is_full(&message->received) ||
               note_forged(message, &message->received, is_forged_received(message, value));
    return true;
}
