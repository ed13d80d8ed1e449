/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the log what became of a message. */
#include "milter/message_log.h"

#include "base/stats.h"
#include "base/strbuf.h"

#include <stdio.h>

/* True for the HELO name beside a sender. */
static bool is_second(const struct message *message, enum spf_identity identity)
{
    return identity == IDENTITY_HELO && !message->null_sender;
}

void message_log_result(const struct message *message, const struct identity_check *check, const struct peer *peer)
{
    const struct spf_outcome *outcome = &check->outcome;
    const char *reason = outcome->problem[0] != '\0' ? outcome->problem : outcome->mechanism;
    char event[32];

    (void)snprintf(event, sizeof(event), "%s%s%s", is_second(message, check->identity) ? "helo " : "",
                   result_name(outcome->result), outcome->cached ? " (cached)" : "");
    peer_log(peer, LOG_LEVEL_INFO, event, message_sender(message), "%s%s%s",
             reason[0] != '\0' || outcome->guessed ? ", reason=" : "", outcome->guessed ? "best guess " : "", reason);
}

static void add_recipient(struct strbuf *more, const char *recipient)
{
    strbuf_add(more, ", to=<");
    peer_add_value(more, recipient);
    strbuf_add_char(more, '>');
}

void message_log_refusal(const struct message *message, const struct peer *peer, const struct verdict *verdict,
                         const char *recipient, bool is_test)
{
    bool defers = verdict->kind == VERDICT_DEFER;
    const char *event = defers ? "deferred" : "refused",
               *test_event = defers ? "would be deferred" : "would be refused";
    struct strbuf more = STRBUF_INIT;

    if (!is_test)
        stats_add(defers ? STATS_DEFERRED : STATS_REFUSED, 1);
    if (recipient != NULL)
        add_recipient(&more, recipient);
    peer_log(peer, LOG_LEVEL_NOTICE, is_test ? test_event : event, message_sender(message), "%s%s, reply=%s %s",
             strbuf_text(&more), is_second(message, verdict->identity) ? ", identity=helo" : "", verdict->code,
             verdict->enhanced);
    strbuf_free(&more);
}

void message_log_skipped(const struct message *message, const struct peer *peer, const char *why)
{
    stats_add(STATS_SKIPPED, 1);
    peer_log(peer, LOG_LEVEL_INFO, why, message_sender(message), "%s", "");
}

void message_log_released(const struct message *message, const struct peer *peer, const char *recipient)
{
    struct strbuf more = STRBUF_INIT;

    add_recipient(&more, recipient);
    peer_log(peer, LOG_LEVEL_INFO, "skipped (whitelisted recipient)", message_sender(message), "%s",
             strbuf_text(&more));
    strbuf_free(&more);
}

void message_log_action(const struct message *message, const struct peer *peer, const char *event, const char *more,
                        const char *queue_id)
{
    peer_log(peer, LOG_LEVEL_NOTICE, event, message_sender(message), "%s%s%.64s", more, queue_id != NULL ? ", id=" : "",
             queue_id != NULL ? queue_id : "");
}
