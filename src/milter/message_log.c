/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the log what became of a message. */
#include "milter/message_log.h"

#include "base/stats.h"
#include "base/strbuf.h"

#include <stdio.h>

void message_log_result(const struct message *message, const struct peer *peer)
{
    const struct spf_outcome *outcome = &message->outcome;
    const char *reason = outcome->problem[0] != '\0' ? outcome->problem : outcome->mechanism;
    char event[32];

    (void)snprintf(event, sizeof(event), "%s%s", result_name(outcome->result), outcome->cached ? " (cached)" : "");
    peer_log(peer, LOG_LEVEL_INFO, event, message_sender(message), "%s%s%s",
             reason[0] != '\0' || outcome->guessed ? ", reason=" : "", outcome->guessed ? "best guess " : "", reason);
}

static void add_recipient(struct strbuf *more, const char *recipient)
{
    strbuf_add(more, ", to=<");
    peer_add_value(more, recipient);
    strbuf_add_char(more, '>');
}

void message_log_refusal(const struct message *message, const struct peer *peer, const char *recipient)
{
    const struct verdict *verdict = &message->verdict;
    bool defers = verdict->kind == VERDICT_DEFER;
    struct strbuf more = STRBUF_INIT;

    stats_add(defers ? STATS_DEFERRED : STATS_REFUSED, 1);
    if (recipient != NULL)
        add_recipient(&more, recipient);
    peer_log(peer, LOG_LEVEL_NOTICE, defers ? "deferred" : "refused", message_sender(message), "%s, reply=%s %s",
             strbuf_text(&more), verdict->code, verdict->enhanced);
    strbuf_free(&more);
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
