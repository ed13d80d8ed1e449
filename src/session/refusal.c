/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts refusals into replies. */
#include "session/refusal.h"

#include "policy/verdict_reply.h"
#include "session/companion.h"
#include "session/message_metrics.h"

static const struct session_reply go_on = {.step = SESSION_CONTINUE};

static bool is_of_srs(enum reason reason)
{
    return reason == REASON_SRS_FORGED || reason == REASON_SRS_INCOMPLETE || reason == REASON_SRS_EXPIRED;
}

/* A reply whose text says the reason. */
static struct session_reply reply_for(enum reason reason, const char *code, const char *enhanced, struct strbuf *text)
{
    strbuf_truncate(text, 0);
    text->failed = false;
    strbuf_addf(text, "%s%s", is_of_srs(reason) ? "" : "SPF: ", reason_words(reason));
    return (struct session_reply){
        .step = SESSION_REFUSE,
        .code = code,
        .enhanced = enhanced,
        .text = text->failed ? reason_words(reason) : strbuf_text(text),
        .reason = reason,
    };
}

/* Counts and notes a refusal by these settings: of the recipient `shown`, or where `is_recipient` is false of the whole
 * message. */
static void note(struct message *message, const struct config *config, const struct record_reply *reply,
                 bool is_recipient, const char *shown)
{
    if (!config->test_mode) {
        reason_count(reply->reason, reply->defers);
        message_metrics_replied(reply->code);
    }
    if (message->followed != NULL && !config->test_mode && is_recipient)
        companion_refuse_recipient(message->followed, shown, reply);
    else if (message->followed != NULL && !config->test_mode)
        companion_refuse(message->followed, reply);
    if (is_recipient && config->test_mode && !message->record.is_test)
        message_record_spare_recipient(&message->record, shown, reply);
    else if (is_recipient)
        message_record_refuse_recipient(&message->record, shown, reply);
    else
        message_record_refuse(&message->record, reply);
}

/* The enhanced codes for an address that is refused for what it is (RFC 3463 3.2), for good and for now. */
static void set_codes(struct record_reply *reply, bool is_soft)
{
    static const struct {
        enum reason reason;
        const char *hard, *soft;
    } codes[] = {
        {REASON_SENDER_MALFORMED, "5.1.7", "4.1.7"},    {REASON_SENDER_TOO_LONG, "5.1.7", "4.1.7"},
        {REASON_RECIPIENT_MALFORMED, "5.1.3", "4.1.3"}, {REASON_RECIPIENT_TOO_LONG, "5.1.3", "4.1.3"},
        {REASON_SRS_FORGED, "5.1.1", "4.1.1"},          {REASON_SRS_INCOMPLETE, "5.1.1", "4.1.1"},
        {REASON_SRS_EXPIRED, "5.1.1", "4.1.1"},
    };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].reason == reply->reason)
            reply->enhanced = is_soft ? codes[i].soft : codes[i].hard;
    reply->code = is_soft ? "450" : "550";
}

/* The reply to such an address. Noted. `shown` is the recipient (or NULL). */
static struct session_reply refuse_form(struct message *message, const struct config *config, enum reason reason,
                                        const char *shown, struct strbuf *text)
{
    const bool is_sender = reason == REASON_SENDER_MALFORMED || reason == REASON_SENDER_TOO_LONG;
    struct record_reply reply = {.reason = reason};

    set_codes(&reply, config->verdict.soft_fail);
    note(message, config, &reply, !is_sender, shown);
    return reply_for(reason, reply.code, reply.enhanced, text);
}

struct session_reply refusal_of_number(struct message *message, const struct config *config, const char *shown,
                                       struct strbuf *text)
{
    const struct record_reply reply = {
        .code = "452", .enhanced = "4.5.3", .reason = REASON_TOO_MANY_RECIPIENTS, .defers = true};

    note(message, config, &reply, true, shown);
    return reply_for(reply.reason, reply.code, reply.enhanced, text);
}

struct session_reply refusal_of_forged(struct message *message, const struct config *config, struct strbuf *text)
{
    const bool soft = config->verdict.soft_fail;
    const struct record_reply reply = {.code = soft ? "450" : "550",
                                       .enhanced = soft ? "4.7.1" : "5.7.1", /* RFC 3463 3.8 */
                                       .reason = REASON_TOO_MANY_FORGED};

    note(message, config, &reply, false, NULL);
    return config->test_mode ? go_on : reply_for(reply.reason, reply.code, reply.enhanced, text);
}

struct session_reply refusal_of_greylisted(struct message *message, const struct config *config,
                                           const struct greylist_answer *answer, const char *shown, struct strbuf *text)
{
    const struct record_reply reply = {
        .code = "451", .enhanced = "4.7.1", .reason = REASON_GREYLISTED, .defers = true, .greylist = *answer};

    note(message, config, &reply, shown != NULL, shown);
    if (config->test_mode)
        return go_on;
    strbuf_truncate(text, 0);
    text->failed = false;
    strbuf_addf(text, "Greylisted: try again in %u second%s", (unsigned)answer->wait_s, answer->wait_s == 1 ? "" : "s");
    return (struct session_reply){
        .step = SESSION_REFUSE,
        .code = reply.code,
        .enhanced = reply.enhanced,
        .text = text->failed ? reason_words(reply.reason) : strbuf_text(text),
        .reason = reply.reason,
    };
}

/* The check whose result decided. */
static const struct identity_check *decisive_check(const struct message *message, const struct verdict *verdict)
{
    const struct identity_check *last = &message->checks[message->check_count - 1];

    return last->identity == verdict->identity ? last : &message->checks[0];
}

/* Fills in the reply's text. */
static void write_text(const struct message *message, const struct config *config, const struct client *client,
                       const struct verdict *verdict, struct strbuf *text)
{
    const struct identity_check *check = decisive_check(message, verdict);
    bool is_helo = check->identity == IDENTITY_HELO;
    struct verdict_words words = {
        .sender = is_helo ? "" : message_sender(message), /* RFC 7208 2.3: then it is postmaster at the HELO name */
        .local = is_helo ? "postmaster" : message->sender.local,
        .domain = check->domain,
        .client = client->effective,
        .helo = client_helo_shown(client),
        .receiver = message->receiver,
        .exemption_unknown = verdict->exemption_unknown,
    };

    strbuf_truncate(text, 0);
    text->failed = false;
    const bool is_explained = verdict_reply_text(config->reject_reason, &check->outcome, &words, text);
    if (text->failed)
        client_log_fault(client, REASON_FAULT_REPLY);
    else if (is_explained)
        message_metrics_explained();
}

/* Notes a refusal that is not carried out. */
static void note_would_refuse(struct message *message, const struct verdict *verdict, bool is_whole)
{
    if (message->would_refuse == WOULD_REFUSE_NONE)
        message->undone = *verdict;
    message->would_refuse = is_whole ? WOULD_REFUSE_ALL : WOULD_REFUSE_SOME;
}

struct session_reply refusal_of_sender(struct message *message, const struct config *config, enum reason reason,
                                       struct strbuf *text)
{
    struct session_reply reply = refuse_form(message, config, reason, NULL, text);
    struct verdict verdict = {
        .kind = VERDICT_REFUSE, .identity = IDENTITY_MAILFROM, .code = reply.code, .enhanced = reply.enhanced};

    if (!config->test_mode)
        return reply;
    note_would_refuse(message, &verdict, true);
    return go_on;
}

struct session_reply refusal_of_recipient(struct message *message, const struct config *config, enum reason reason,
                                          const char *shown, struct strbuf *text)
{
    struct session_reply reply = refuse_form(message, config, reason, shown, text);

    return config->test_mode ? go_on : reply;
}

struct session_reply refusal_of_message(struct message *message, const struct config *config,
                                        const struct client *client, const struct verdict *verdict, bool is_recipient,
                                        const char *recipient, struct strbuf *text)
{
    const struct record_reply reply = {.code = verdict->code,
                                       .enhanced = verdict->enhanced,
                                       .reason = REASON_RESULT,
                                       .identity = verdict->identity,
                                       .defers = verdict->kind == VERDICT_DEFER};

    note(message, config, &reply, is_recipient, recipient);
    if (config->test_mode) {
        note_would_refuse(message, verdict, !is_recipient);
        return go_on;
    }
    write_text(message, config, client, verdict, text);
    return (struct session_reply){
        .step = SESSION_REFUSE,
        .code = verdict->code,
        .enhanced = verdict->enhanced,
        .text = text->failed ? "SPF: mail from this client is not permitted" : strbuf_text(text),
        .reason = REASON_RESULT,
    };
}
