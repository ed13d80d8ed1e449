/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of one message. */
#include "milter/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool message_begin(struct message *message, const char *receiver, const char *authserv_id)
{
    message->receiver = strdup(receiver);
    message->authserv_id = strdup(authserv_id);
    if (message->receiver == NULL || message->authserv_id == NULL) {
        message_reset(message);
        return false;
    }
    message->open = true;
    return true;
}

void message_note_queue_id(struct message *message, const char *queue_id)
{
    if (queue_id != NULL)
        (void)snprintf(message->queue_id, sizeof(message->queue_id), "%s", queue_id);
}

void message_reset(struct message *message)
{
    free(message->receiver);
    free(message->authserv_id);
    address_free(&message->sender);
    for (size_t i = 0; i < message->recipient_count; i++) {
        free(message->recipients[i].argument);
        free(message->recipients[i].shown);
    }
    free(message->recipients);
    free(message->subject);
    free(message->results.forged);
    free(message->received.forged);
    free(message->originals.forged);
    actions_free(&message->actions);
    memset(message, 0, sizeof(*message));
}

const char *message_sender(const struct message *message)
{
    return message->sender.text != NULL ? message->sender.text : "";
}

bool message_add_recipient(struct message *message, const char *argument, const char *shown)
{
    struct recipient recipient = {NULL, NULL};
    struct recipient *larger;

    if (message->recipients_lost || message->recipient_count == MESSAGE_RECIPIENTS_MAX)
        goto lost;
    recipient.argument = strdup(argument);
    recipient.shown = strdup(shown != NULL ? shown : argument);
    larger = realloc(message->recipients, (message->recipient_count + 1) * sizeof(*larger));
    if (larger != NULL)
        message->recipients = larger;
    if (recipient.argument == NULL || recipient.shown == NULL || larger == NULL)
        goto lost;
    message->recipients[message->recipient_count++] = recipient;
    return true;

lost:
    free(recipient.argument);
    free(recipient.shown);
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
    if (fields->count == MESSAGE_FORGED_MAX)
        return false;
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

/* Only the first subject is what people see; and only a tag needs it. */
static bool note_subject(struct message *message, const char *value)
{
    if (message->subject_seen)
        return true;
    message->subject_seen = true;
    if (message->judged ? !message->verdict.tag : message->check_count == 0)
        return true;
    if (strlen(value) <= MESSAGE_SUBJECT_MAX)
        message->subject = strdup(value);
    message->subject_lost = message->subject == NULL;
    return !message->subject_lost;
}

static bool is_forged_result(const struct message *message, enum forged_mode mode, const char *value)
{
    return mode == FORGED_ALL ? header_claims_authserv_id(value, message->authserv_id)
                              : header_is_forged_result(value, message->authserv_id);
}

bool message_note_field(struct message *message, enum forged_mode mode, const char *name, const char *value)
{
    if (strcasecmp(name, "Subject") == 0)
        return note_subject(message, value);
    if (strcasecmp(name, MESSAGE_ORIGINAL_TO) == 0)
        return note_forged(message, &message->originals, true);
    if (mode == FORGED_STAY)
        return true;
    if (strcasecmp(name, "Authentication-Results") == 0)
        return note_forged(message, &message->results, is_forged_result(message, mode, value));
    if (strcasecmp(name, "Received-SPF") == 0)
        return note_forged(message, &message->received, header_names_receiver(value, message->receiver));
    return true;
}
