/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts what the metrics say of messages. */
#include "session/message_metrics.h"

#include "session/reason.h"

#include <stdatomic.h>
#include <string.h>

/* The codes that refusals have (policy/verdict.h, session/refusal.c). Any other is counted in the last place, whatever
 * it is: no label grows. */
static const char *const codes[] = {"450", "451", "452", "550", "other"};

enum { CODES = sizeof codes / sizeof *codes };

static _Atomic uint64_t replies[CODES], explanations, forged_fields;

static void count(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static double value_of(const _Atomic uint64_t *counter)
{
    return (double)atomic_load_explicit(counter, memory_order_relaxed);
}

void message_metrics_replied(const char *code)
{
    size_t n = 0;

    while (n < CODES - 1 && strcmp(code, codes[n]) != 0)
        n++;
    count(&replies[n], 1);
}

void message_metrics_explained(void)
{
    count(&explanations, 1);
}

void message_metrics_forged_removed(size_t fields)
{
    count(&forged_fields, fields);
}

static void write_whitelisted(struct metrics_text *text)
{
    static const struct {
        const char *key;
        enum reason reason, at_relay; /* the latter REASON_NONE where there is none */
    } lists[] = {
        {"WhitelistIP", REASON_WHITELISTED_ADDRESS, REASON_RELAY_WHITELISTED},
        {"WhitelistPTR", REASON_WHITELISTED_HOST, REASON_NONE},
        {"WhitelistFrom", REASON_WHITELISTED_SENDER, REASON_NONE},
        {"WhitelistTo", REASON_WHITELISTED_RECIPIENT, REASON_NONE},
        {"WhitelistHelo", REASON_WHITELISTED_HELO, REASON_NONE},
        {"WhitelistSPF", REASON_WHITELISTED_FORWARDER, REASON_NONE},
    };

    metrics_family(text, "whitelisted", METRICS_COUNTER, "Connections, messages and recipients that a list exempted.");
    for (size_t n = 0; n < sizeof lists / sizeof *lists; n++)
        metrics_sample(text, "list", lists[n].key,
                       (double)(reason_cases(lists[n].reason) + reason_cases(lists[n].at_relay)));
}

void message_metrics_write(struct metrics_text *text)
{
    metrics_family(text, "replies", METRICS_COUNTER, "Refusals and deferrals by SMTP code.");
    for (size_t n = 0; n < CODES; n++)
        metrics_sample(text, "code", codes[n], value_of(&replies[n]));
    metrics_family(text, "explanations", METRICS_COUNTER, "Replies that hold the explanation of a domain.");
    metrics_sample(text, NULL, NULL, value_of(&explanations));
    metrics_family(text, "forged_fields_removed", METRICS_COUNTER, "Forged result fields removed from messages.");
    metrics_sample(text, NULL, NULL, value_of(&forged_fields));
    write_whitelisted(text);
}
