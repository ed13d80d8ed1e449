/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts refusals into replies. */
#include "session/refusal.h"

#include "session/message_log.h"

static const struct session_reply go_on = {.step = SESSION_CONTINUE};

/* The reply to a malformed address, by its codes (RFC 3463 3.2). */
static struct session_reply refuse_form(const struct config *config, const char *permanent, const char *temporary,
                                        const char *text)
{
    return (struct session_reply){
        .step = SESSION_REFUSE,
        .code = config->verdict.soft_fail ? "450" : "550",
        .enhanced = config->verdict.soft_fail ? temporary : permanent,
        .text = text,
    };
}

/* Carries out such a refusal. `sender` (or NULL) is for the log. */
static struct session_reply refuse_unless_test(const struct config *config, const struct peer *peer, const char *sender,
                                               struct session_reply reply)
{
    if (!config->test_mode)
        return reply;
    peer_log(peer, LOG_LEVEL_NOTICE, "would be refused", sender, ", reply=%s %s", reply.code, reply.enhanced);
    return go_on;
}

struct session_reply refusal_of_forged(const struct message *message, const struct config *config,
                                       const struct peer *peer)
{
    bool soft = config->verdict.soft_fail;

    message_log_forged(message, peer, soft ? "450 4.7.1" : "550 5.7.1", config->test_mode);
    if (config->test_mode)
        return go_on;
    return (struct session_reply){
        .step = SESSION_REFUSE,
        .code = soft ? "450" : "550",
        .enhanced = soft ? "4.7.1" : "5.7.1", /* RFC 3463 3.8 */
        .text = "SPF: too many result fields that claim to be written by this host",
    };
}

/* The check whose result decided. */
static const struct identity_check *decisive_check(const struct message *message, const struct verdict *verdict)
{
    const struct identity_check *last = &message->checks[message->check_count - 1];

    return last->identity == verdict->identity ? last : &message->checks[0];
}

/* Fills in the reply's text. */
static void write_text(const struct message *message, const struct config *config, const struct peer *peer,
                       const struct verdict *verdict, struct strbuf *text)
{
    const struct identity_check *check = decisive_check(message, verdict);
    bool is_helo = check->identity == IDENTITY_HELO;
    struct verdict_words words = {
        .sender = is_helo ? "" : message_sender(message), /* RFC 7208 2.3: then it is postmaster at the HELO name */
        .local = is_helo ? "postmaster" : message->sender.local,
        .domain = check->domain,
        .client = peer->checked,
        .helo = peer_helo_shown(peer),
        .receiver = message->receiver,
        .exemption_unknown = verdict->exemption_unknown,
    };

    strbuf_truncate(text, 0);
    text->failed = false;
    verdict_reply_text(config->reject_reason, &check->outcome, &words, text);
    if (text->failed)
        peer_fault(peer, "out of memory for the text of a reply");
}

/* Notes a refusal that is not carried out. */
static void spare(struct message *message, const struct verdict *verdict, bool is_whole)
{
    if (message->spared_for == SPARED_NOBODY)
        message->spared = *verdict;
    message->spared_for = is_whole ? SPARED_ALL : SPARED_SOME;
}

struct session_reply refusal_of_sender(struct message *message, const struct config *config, const struct peer *peer,
                                       const char *text)
{
    struct session_reply reply = refuse_form(config, "5.1.7", "4.1.7", text);
    struct verdict verdict = {
        .kind = VERDICT_REFUSE, .identity = IDENTITY_MAILFROM, .code = reply.code, .enhanced = reply.enhanced};

    if (config->test_mode)
        spare(message, &verdict, true);
    return refuse_unless_test(config, peer, message_sender(message), reply);
}

struct session_reply refusal_of_recipient(const struct config *config, const struct peer *peer, const char *text)
{
    return refuse_unless_test(config, peer, NULL, refuse_form(config, "5.1.3", "4.1.3", text));
}

struct session_reply refusal_of_message(struct message *message, const struct config *config, const struct peer *peer,
                                        const struct verdict *verdict, const char *recipient, struct strbuf *text)
{
    message_log_refusal(message, peer, verdict, recipient, config->test_mode);
    if (config->test_mode) {
        spare(message, verdict, recipient == NULL);
        return go_on;
    }
    write_text(message, config, peer, verdict, text);
    return (struct session_reply){
        .step = SESSION_REFUSE,
        .code = verdict->code,
        .enhanced = verdict->enhanced,
        .text = text->failed ? "SPF: mail from this client is not permitted" : strbuf_text(text),
    };
}
