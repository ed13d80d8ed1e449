/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logs what became of a message. */
#include "session/message_log.h"

#include "base/log.h"
#include "base/log_value.h"
#include "base/strbuf.h"

#include <stdio.h>

/* One line, whose `more` begins with ", " or is "". */
static void write_line(const struct message *message, const struct client *client, enum log_level level,
                       const char *event, const char *more)
{
    char shown[LOG_VALUE_SIZE];

    client_log(client, level, event, message_sender(message), "%s%s%s", more,
               message->queue_id[0] != '\0' ? ", id=" : "", log_word(message->queue_id, shown));
}

/* True for the HELO name checked in addition to a sender. */
static bool is_second(const struct message *message, enum spf_identity identity)
{
    return identity == IDENTITY_HELO && !message->null_sender;
}

void message_log_result(const struct message *message, const struct identity_check *check, const struct client *client)
{
    const struct spf_outcome *outcome = &check->outcome;
    const char *reason = outcome->problem[0] != '\0' ? outcome->problem : outcome->mechanism;
    char event[32], text[sizeof(outcome->problem) + sizeof(outcome->mechanism) + 32];
    char shown[LOG_TEXT_SIZE], more[sizeof(shown) + 16] = "";

    if (!log_enabled(LOG_LEVEL_INFO))
        return;
    (void)snprintf(event, sizeof(event), "%s%s%s", is_second(message, check->identity) ? "helo " : "",
                   result_name(outcome->result), outcome->cached ? " (cached)" : "");
    (void)snprintf(text, sizeof(text), "%s%s", outcome->guessed ? "best guess " : "", reason);
    if (text[0] != '\0')
        (void)snprintf(more, sizeof(more), ", reason=%s", log_text(text, shown));
    write_line(message, client, LOG_LEVEL_INFO, event, more);
}

static void add_recipient(struct strbuf *more, const char *recipient)
{
    strbuf_add(more, ", to=<");
    client_add_value(more, recipient);
    strbuf_add_char(more, '>');
}

static const char *refusal_event(bool defers, bool is_test)
{
    if (is_test)
        return defers ? "would be deferred" : "would be refused";
    return defers ? "deferred" : "refused";
}

void message_log_refusal(const struct message *message, const struct client *client, const struct verdict *verdict,
                         const char *recipient, bool is_test)
{
    bool defers = verdict->kind == VERDICT_DEFER;
    struct strbuf more = STRBUF_INIT;

    if (!is_test)
        reason_count(REASON_RESULT, defers);
    if (recipient != NULL)
        add_recipient(&more, recipient);
    strbuf_addf(&more, "%s, reply=%s %s", is_second(message, verdict->identity) ? ", identity=helo" : "", verdict->code,
                verdict->enhanced);
    if (verdict->exemption_unknown)
        strbuf_addf(&more, ", exemption-unknown=%s", message->unknown_exemption);
    write_line(message, client, LOG_LEVEL_NOTICE, refusal_event(defers, is_test), strbuf_text(&more));
    strbuf_free(&more);
}

void message_log_too_many(const struct message *message, const struct client *client, const char *recipient)
{
    struct strbuf more = STRBUF_INIT;

    reason_count(REASON_TOO_MANY_RECIPIENTS, true);
    add_recipient(&more, recipient);
    strbuf_addf(&more, ", reply=452 4.5.3, recipients=%zu", message->recipient_count);
    write_line(message, client, LOG_LEVEL_NOTICE, "deferred (too many recipients)", strbuf_text(&more));
    strbuf_free(&more);
}

void message_log_forged(const struct message *message, const struct client *client, const char *reply, bool is_test)
{
    char more[64];

    if (!is_test)
        reason_count(REASON_TOO_MANY_FORGED, false);
    (void)snprintf(more, sizeof(more), ", reply=%s, limit=%d", reply, MESSAGE_FORGED_MAX);
    write_line(message, client, LOG_LEVEL_NOTICE,
               is_test ? "would be refused (too many forged results)" : "refused (too many forged results)", more);
}

void message_log_form(const struct message *message, const struct client *client, enum reason reason,
                      const char *recipient, const char *reply, bool is_test)
{
    struct strbuf more = STRBUF_INIT;

    if (!is_test)
        reason_count(reason, false);
    if (recipient != NULL)
        add_recipient(&more, recipient);
    strbuf_addf(&more, ", reply=%s, reason=%s", reply, reason_words(reason));
    write_line(message, client, LOG_LEVEL_NOTICE, refusal_event(false, is_test), strbuf_text(&more));
    strbuf_free(&more);
}

void message_log_exempt(const struct message *message, const struct client *client)
{
    char event[REASON_EVENT_SIZE];

    reason_count(message->reason, false);
    write_line(message, client, LOG_LEVEL_INFO, reason_event("skipped", message->reason, event), "");
}

void message_log_unread_relay(const struct message *message, const struct client *client,
                              const struct relayed_client *relayed)
{
    char event[REASON_EVENT_SIZE], reason[128] = ", reason=no Received field";

    reason_count(message->reason, false);
    if (relayed->problem != NULL)
        (void)snprintf(reason, sizeof(reason), ", reason=Received field %u %s", relayed->fields, relayed->problem);
    write_line(message, client, LOG_LEVEL_INFO, reason_event("skipped", message->reason, event), reason);
}

void message_log_exempt_recipient(const struct message *message, const struct client *client, const char *recipient)
{
    struct strbuf more = STRBUF_INIT;
    char event[REASON_EVENT_SIZE];

    reason_count(REASON_WHITELISTED_RECIPIENT, false);
    add_recipient(&more, recipient);
    write_line(message, client, LOG_LEVEL_INFO, reason_event("skipped", REASON_WHITELISTED_RECIPIENT, event),
               strbuf_text(&more));
    strbuf_free(&more);
}

void message_log_action(const struct message *message, const struct client *client, const char *event, const char *more)
{
    write_line(message, client, LOG_LEVEL_NOTICE, event, more);
}
