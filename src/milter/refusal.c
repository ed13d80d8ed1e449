/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts refusals into replies. */
#include "milter/refusal.h"

#include "milter/message_log.h"

struct session_reply refusal_of_address(const struct config *config, enum refused_address which, const char *text)
{
    bool soft = config->soft_fail;
    const char *permanent = which == REFUSED_SENDER ? "5.1.7" : "5.1.3"; /* RFC 3463 3.2 */
    const char *temporary = which == REFUSED_SENDER ? "4.1.7" : "4.1.3";

    return (struct session_reply){
        .step = SESSION_REFUSE,
        .code = soft ? "450" : "550",
        .enhanced = soft ? temporary : permanent,
        .text = text,
    };
}

/* The check whose result decided. */
static const struct identity_check *decisive_check(const struct message *message, const struct verdict *verdict)
{
    const struct identity_check *last = &message->checks[message->check_count - 1];

    return last->identity == verdict->identity ? last : &message->checks[0];
}

struct session_reply refusal_of_message(const struct message *message, const struct config *config,
                                        const struct peer *peer, const struct verdict *verdict, const char *recipient,
                                        struct strbuf *text)
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
    };

    strbuf_truncate(text, 0);
    text->failed = false;
    verdict_reply_text(config, &check->outcome, &words, text);
    if (text->failed)
        peer_fault(peer, "out of memory for the text of a reply");
    message_log_refusal(message, peer, verdict, recipient);
    return (struct session_reply){
        .step = SESSION_REFUSE,
        .code = verdict->code,
        .enhanced = verdict->enhanced,
        .text = text->failed ? "SPF: mail from this client is not permitted" : strbuf_text(text),
    };
}
