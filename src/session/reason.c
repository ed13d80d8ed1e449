/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of reasons, and their counters. */
#include "session/reason.h"

#include "base/stats.h"

#include <stdatomic.h>
#include <stdio.h>

static const struct row {
    enum reason_kind kind;
    const char *name, *words;
} rows[REASON_COUNT] = {
#define REASON_ROW(id, kind, name, words) [id] = {REASON_KIND_##kind, name, words},
    REASON_TABLE(REASON_ROW)
#undef REASON_ROW
};

static _Atomic uint64_t cases[REASON_COUNT];

enum reason_kind reason_kind(enum reason reason)
{
    return rows[reason].kind;
}

const char *reason_name(enum reason reason)
{
    return rows[reason].name;
}

const char *reason_words(enum reason reason)
{
    return rows[reason].words;
}

const char *reason_event(const char *what, enum reason reason, char event[REASON_EVENT_SIZE])
{
    (void)snprintf(event, REASON_EVENT_SIZE, "%s (%s)", what, rows[reason].words);
    return event;
}

void reason_count(enum reason reason, bool defers)
{
    atomic_fetch_add_explicit(&cases[reason], 1, memory_order_relaxed);
    switch (rows[reason].kind) {
    case REASON_KIND_EXEMPT:
        /* A recipient is no message: the others of the same one may be refused. */
        if (reason != REASON_WHITELISTED_RECIPIENT)
            stats_add(STATS_SKIPPED, 1);
        break;
    case REASON_KIND_REFUSAL:
        stats_add(defers ? STATS_DEFERRED : STATS_REFUSED, 1);
        break;
    case REASON_KIND_DEFERRAL:
        stats_add(STATS_DEFERRED, 1);
        break;
    case REASON_KIND_FAULT:
        stats_add(STATS_FAULTS, 1);
        break;
    case REASON_KIND_NONE:
        break;
    }
}

uint64_t reason_cases(enum reason reason)
{
    return atomic_load_explicit(&cases[reason], memory_order_relaxed);
}
