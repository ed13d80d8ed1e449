/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the line of a message. */
#include "session/message_log.h"

#include "base/log.h"
#include "base/log_value.h"
#include "base/strbuf.h"
#include "session/message_fate.h"
#include "session/message_json.h"

#include <stdio.h>

enum {
    LINE_LIMIT = 1900 - MESSAGE_QUEUE_ID_SIZE, /* octets of a log line, but for its end */
    LINE_USUAL = 512,                          /* octets that nearly all lines get by with */
};

/* What happened to the message shows at the level notice, a result alone at info. */
static enum log_level level_of(const struct message *message, enum message_fate fate)
{
    switch (fate) {
    case FATE_ACCEPTED:
    case FATE_EXEMPT:
    case FATE_ENDED:
        return message->record.refused_count > 0 || message->record.forged_removed > 0 ? LOG_LEVEL_NOTICE
                                                                                       : LOG_LEVEL_INFO;
    case FATE_SHED:
    case FATE_TAGGED:
    case FATE_QUARANTINED:
    case FATE_HELD:
    case FATE_REFUSED:
    case FATE_DEFERRED:
    case FATE_COUNT:
        break;
    }
    return LOG_LEVEL_NOTICE;
}

static void add_reason(struct strbuf *line, const char *key, const struct spf_outcome *outcome)
{
    const char *reason = outcome->problem[0] != '\0' ? outcome->problem : outcome->mechanism;
    char text[sizeof(outcome->problem) + sizeof(outcome->mechanism) + 32];

    if (outcome->guessed) {
        (void)snprintf(text, sizeof(text), "best guess %s", reason);
        reason = text;
    }
    if (reason[0] == '\0')
        return;
    strbuf_add(line, key);
    log_add_text(line, reason);
}

/* Adds why LeaveToDMARC leaves this identity's fail to the DMARC filter, if it does. */
static void add_dmarc(struct strbuf *line, const char *key, const struct dmarc_discovery *dmarc)
{
    char problem[sizeof(dmarc->name) + 64];

    if (dmarc->is_published == TRISTATE_NO)
        return;
    (void)snprintf(problem, sizeof(problem), "unknown (DNS %s for %s TXT)", dns_status_name(dmarc->status),
                   dmarc->name);
    strbuf_add(line, key);
    log_add_text(line, dmarc->is_published == TRISTATE_YES ? dmarc->name : problem);
}

static void add_result(const struct spf_outcome *outcome, struct strbuf *line)
{
    strbuf_add(line, result_name(outcome->result));
    strbuf_add(line, outcome->cached ? " (cached)" : "");
}

/* The word that the line begins with: the result of the first identity, or why there is none. */
static void add_event(const struct message *message, enum message_fate fate, struct strbuf *line)
{
    char event[REASON_EVENT_SIZE];

    if (fate == FATE_EXEMPT)
        strbuf_add(line, reason_event("skipped", message->reason, event));
    else if (message->record.check_count > 0)
        add_result(&message->checks[0].outcome, line);
    else
        strbuf_add(line, message->record.whole.code != NULL && !message->record.is_test ? "refused" : "unchecked");
}

static void add_results(const struct message *message, struct strbuf *line)
{
    const struct identity_check *second = &message->checks[1];

    if (message->record.check_count > 0)
        add_reason(line, ", reason=", &message->checks[0].outcome);
    if (message->record.check_count > 0)
        add_dmarc(line, ", dmarc=", &message->checks[0].dmarc);
    if (message->record.check_count < 2)
        return;
    strbuf_add(line, ", helo-result=");
    strbuf_add(line, result_name(second->outcome.result));
    add_reason(line, ", helo-reason=", &second->outcome);
    add_dmarc(line, ", helo-dmarc=", &second->dmarc);
}

static void add_reply(const struct message *message, const struct record_reply *reply, struct strbuf *line)
{
    if (reply->reason != REASON_RESULT)
        strbuf_addf(line, ", why=%s", reason_name(reply->reason));
    else if (reply->identity == IDENTITY_HELO && !message->null_sender)
        strbuf_add(line, ", identity=helo");
    strbuf_addf(line, ", reply=%s %s", reply->code, reply->enhanced);
    if (reply->reason == REASON_GREYLISTED)
        greylist_answer_add(&reply->greylist, line);
}

static void add_count(struct strbuf *line, const char *key, size_t count)
{
    strbuf_add(line, key);
    strbuf_add_number(line, count);
}

/* Those that greylisting let through. */
static void add_greylisted(const struct message_record *record, struct strbuf *line)
{
    for (size_t i = 0; i < record->greylisted_count && i < RECORD_RECIPIENTS_MAX; i++) {
        strbuf_add(line, ", greylist-to=<");
        client_add_value(line, record->greylisted[i].address != NULL ? record->greylisted[i].address : "?");
        strbuf_add_char(line, '>');
        greylist_answer_add(&record->greylisted[i].answer, line);
    }
}

static void add_recipients(const struct message *message, struct strbuf *line)
{
    const struct message_record *record = &message->record;

    for (size_t i = 0; i < record->refused_count && i < RECORD_RECIPIENTS_MAX; i++) {
        strbuf_add(line, ", to=<");
        client_add_value(line, record->refused[i].address != NULL ? record->refused[i].address : "?");
        strbuf_add_char(line, '>');
        add_reply(message, &record->refused[i].reply, line);
    }
    if (record->refused_count > RECORD_RECIPIENTS_MAX)
        add_count(line, ", recipients-refused=", record->refused_count);
    if (record->exempt != NULL) {
        strbuf_add(line, ", exempt-to=<");
        client_add_value(line, record->exempt);
        strbuf_add_char(line, '>');
    }
    if (record->spared.reply.code != NULL) {
        strbuf_add(line, ", test-to=<");
        client_add_value(line, record->spared.address != NULL ? record->spared.address : "?");
        strbuf_addf(line, ">, test-reply=%s %s", record->spared.reply.code, record->spared.reply.enhanced);
    }
    add_greylisted(record, line);
    if (record->accepted_count + record->exempt_count > 0)
        add_count(line, ", recipients=", record->accepted_count + record->exempt_count);
}

static void add_line(const struct message *message, enum message_fate fate, const struct client *client,
                     const char *problem, struct strbuf *line)
{
    const struct message_record *record = &message->record;

    line->limit = LINE_LIMIT;
    strbuf_add(line, "SPF ");
    add_event(message, fate, line);
    client_add(client, message_sender(message), line);
    add_results(message, line);
    if (problem != NULL)
        strbuf_addf(line, ", reason=%s", problem);
    strbuf_add(line, ", verdict=");
    strbuf_add(line, message_fate_name(fate));
    strbuf_add(line, record->is_test ? ", test=yes" : "");
    if (record->whole.code != NULL)
        add_reply(message, &record->whole, line);
    if (message->unknown_exemption != NULL)
        strbuf_addf(line, ", exemption-unknown=%s", message->unknown_exemption);
    add_recipients(message, line);
    if (record->forged_removed > 0)
        add_count(line, ", forged=", record->forged_removed);
    line->limit = 0; /* the queue id is in any line */
    line->failed = false;
    if (message->queue_id[0] == '\0')
        return;
    strbuf_add(line, ", id=");
    log_add_word(line, message->queue_id);
}

void message_log(struct message *message, const struct client *client, const char *problem)
{
    char usual[LINE_USUAL];
    struct strbuf line = strbuf_in(usual, sizeof usual), json = STRBUF_INIT;
    enum message_fate fate;
    enum log_level level;

    if (!message->record.is_open)
        return;
    message->record.is_open = false;
    fate = message_fate(message);
    message_fate_count(fate);
    level = level_of(message, fate);
    if (!log_enabled(level))
        return;
    add_line(message, fate, client, problem, &line);
    if (log_wants_json())
        message_json(message, client, &json);
    log_write_both(level, strbuf_text(&line), json.failed ? "" : strbuf_text(&json));
    strbuf_free(&line);
    strbuf_free(&json);
}

void message_log_exempt_client(const struct client *client, enum reason reason, const char *sender,
                               const char *queue_id)
{
    struct strbuf line = STRBUF_INIT, json = STRBUF_INIT;
    char event[REASON_EVENT_SIZE];

    reason_count(reason, false);
    if (sender != NULL) /* else it is a connection */
        message_fate_count(FATE_EXEMPT);
    if (!log_enabled(LOG_LEVEL_INFO))
        return;
    strbuf_addf(&line, "SPF %s", reason_event("skipped", reason, event));
    client_add(client, sender, &line);
    strbuf_addf(&line, ", verdict=%s", message_fate_name(FATE_EXEMPT));
    if (queue_id != NULL) {
        strbuf_add(&line, ", id=");
        log_add_word(&line, queue_id);
    }
    if (log_wants_json())
        message_json_exempt_client(client, reason, sender, queue_id, &json);
    log_write_both(LOG_LEVEL_INFO, strbuf_text(&line), json.failed ? "" : strbuf_text(&json));
    strbuf_free(&line);
    strbuf_free(&json);
}
