/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of a message. */
#include "session/message_fate.h"

#include <stdatomic.h>

static _Atomic uint64_t cases[FATE_COUNT];

void message_fate_count(enum message_fate fate)
{
    atomic_fetch_add_explicit(&cases[fate], 1, memory_order_relaxed);
}

uint64_t message_fate_cases(enum message_fate fate)
{
    return atomic_load_explicit(&cases[fate], memory_order_relaxed);
}

const char *message_fate_name(enum message_fate fate)
{
    static const char *const names[FATE_COUNT] = {"accepted", "tagged", "quarantined", "held", "refused",
                                                  "deferred", "exempt", "shed",        "ended"};

    return names[fate];
}

/* A message is exempt for an error until its sender is read, and may be refused for what is read. */
static bool is_exempt(const struct message *message)
{
    return message->reason != REASON_NONE && message->record.whole.code == NULL;
}

/* True if an identity was to be checked, and was not for a lack or a fault of ours. */
static bool is_shed(const struct message *message)
{
    for (size_t i = 0; i < message->record.check_count; i++)
        if (message->checks[i].outcome.is_shed)
            return true;
    return false;
}

enum message_fate message_fate(const struct message *message)
{
    const struct message_record *record = &message->record;

    if (is_exempt(message))
        return FATE_EXEMPT;
    if (record->whole.code != NULL && record->exempt_count == 0)
        return record->whole.defers ? FATE_DEFERRED : FATE_REFUSED;
    if (record->refused_count > 0 && record->accepted_count == 0 && record->exempt_count == 0)
        return record->all_deferred ? FATE_DEFERRED : FATE_REFUSED;
    if (!record->is_ended)
        return FATE_ENDED;
    return record->is_held          ? FATE_HELD
           : record->is_quarantined ? FATE_QUARANTINED
           : record->is_tagged      ? FATE_TAGGED
           : is_shed(message)       ? FATE_SHED
                                    : FATE_ACCEPTED;
}
