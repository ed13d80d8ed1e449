/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the members of the JSON line of a message. */
#include "session/message_json.h"

#include "base/log_json.h"
#include "session/message_fate.h"

static void add_client(const struct client *client, const char *queue_id, const char *sender, struct strbuf *out)
{
    char text[ADDR_TEXT_SIZE];

    log_json_member(out, "event", "message");
    if (queue_id != NULL && queue_id[0] != '\0')
        log_json_member(out, "id", queue_id);
    log_json_member(out, "client", client->effective.family != ADDR_NONE ? addr_format(&client->effective, text) : "");
    log_json_member(out, "name", client->host);
    if (!addr_equal(&client->address, &client->effective))
        log_json_member(out, "relay", addr_format(&client->address, text));
    log_json_member(out, "helo", client->helo_shown);
    log_json_member(out, "mail_from", sender);
}

static void add_check(const struct identity_check *check, struct strbuf *out)
{
    const struct spf_outcome *outcome = &check->outcome;
    const char *reason = outcome->problem[0] != '\0' ? outcome->problem : outcome->mechanism;

    log_json_begin(out, '{');
    log_json_member(out, "identity", check->identity == IDENTITY_HELO ? "helo" : "mailfrom");
    log_json_member(out, "domain", check->domain);
    log_json_member(out, "result", result_name(outcome->result));
    log_json_member(out, "reason", reason[0] != '\0' ? reason : NULL);
    log_json_true(out, "guessed", outcome->guessed);
    log_json_true(out, "cached", outcome->cached);
    if (check->dmarc.is_published != TRISTATE_NO)
        log_json_member(out, "dmarc", check->dmarc.is_published == TRISTATE_YES ? check->dmarc.name : "unknown");
    strbuf_add_char(out, '}');
}

static void add_checks(const struct message *message, struct strbuf *out)
{
    if (message->record.check_count == 0)
        return;
    log_json_key(out, "checks");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < message->record.check_count; i++)
        add_check(&message->checks[i], out);
    strbuf_add_char(out, ']');
}

static void add_reply(const struct record_reply *reply, struct strbuf *out)
{
    log_json_member(out, "why", reason_name(reply->reason));
    log_json_member(out, "code", reply->code);
    log_json_member(out, "enhanced", reply->enhanced);
    if (reply->reason == REASON_GREYLISTED)
        greylist_answer_add_json(&reply->greylist, out);
}

/* Recipients that were refused or deferred, each on its own. */
static void add_refused(const struct message_record *record, struct strbuf *out)
{
    if (record->refused_count == 0)
        return;
    log_json_key(out, "to");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < record->refused_count && i < RECORD_RECIPIENTS_MAX; i++) {
        log_json_begin(out, '{');
        log_json_member(out, "address", record->refused[i].address);
        add_reply(&record->refused[i].reply, out);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
    log_json_number(out, "recipients_refused", (int64_t)record->refused_count);
}

/* Recipients that greylisting let through. */
static void add_greylisted(const struct message_record *record, struct strbuf *out)
{
    if (record->greylisted_count == 0)
        return;
    log_json_key(out, "greylisted");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < record->greylisted_count && i < RECORD_RECIPIENTS_MAX; i++) {
        log_json_begin(out, '{');
        log_json_member(out, "address", record->greylisted[i].address);
        greylist_answer_add_json(&record->greylisted[i].answer, out);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

void message_json(const struct message *message, const struct client *client, struct strbuf *out)
{
    const struct message_record *record = &message->record;
    const enum message_fate fate = message_fate(message);

    add_client(client, message->queue_id, message_sender(message), out);
    add_checks(message, out);
    log_json_member(out, "verdict", message_fate_name(fate));
    log_json_true(out, "test", record->is_test);
    if (fate == FATE_EXEMPT)
        log_json_member(out, "why", reason_name(message->reason));
    else if (record->whole.code != NULL)
        add_reply(&record->whole, out);
    log_json_member(out, "exemption_unknown", message->unknown_exemption);
    add_refused(record, out);
    log_json_member(out, "exempt_to", record->exempt);
    log_json_member(out, "test_to", record->spared.address);
    log_json_member(out, "test_code", record->spared.reply.code);
    add_greylisted(record, out);
    log_json_number(out, "recipients", (int64_t)(record->accepted_count + record->exempt_count));
    if (record->forged_removed > 0)
        log_json_number(out, "forged", (int64_t)record->forged_removed);
    log_json_number(out, "ms", record->wait_ms);
}

void message_json_exempt_client(const struct client *client, enum reason reason, const char *sender,
                                const char *queue_id, struct strbuf *out)
{
    add_client(client, queue_id, sender, out);
    log_json_member(out, "verdict", message_fate_name(FATE_EXEMPT));
    log_json_member(out, "why", reason_name(reason));
}
