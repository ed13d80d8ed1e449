/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts lines by kind in windows of time. */
#include "base/log_repeat.h"

#include <stdio.h>

static bool is_over(const struct log_repeat_kind *slot, int64_t now_ms)
{
    return now_ms - slot->began_ms >= LOG_REPEAT_WINDOW_MS;
}

/* The slot of a kind, or one that may become its own; NULL if all are taken. */
static struct log_repeat_kind *slot_of(struct log_repeat *repeat, const void *kind, int64_t now_ms)
{
    struct log_repeat_kind *unused = NULL;

    for (size_t i = 0; i < LOG_REPEAT_KINDS; i++) {
        struct log_repeat_kind *slot = &repeat->kinds[i];

        if (slot->kind == kind)
            return slot;
        if (unused == NULL && (slot->kind == NULL || (is_over(slot, now_ms) && slot->held == 0)))
            unused = slot;
    }
    return unused;
}

bool log_repeat_allows(struct log_repeat *repeat, const void *kind, int level, const char *text, int64_t now_ms)
{
    struct log_repeat_kind *slot = slot_of(repeat, kind, now_ms);

    if (slot == NULL)
        return true;
    if (slot->kind != kind || (is_over(slot, now_ms) && slot->held == 0))
        *slot = (struct log_repeat_kind){.kind = kind, .began_ms = now_ms};
    if (slot->written < LOG_REPEAT_LINES) {
        slot->written++;
        return true;
    }
    slot->held++;
    slot->level = level;
    repeat->holds = true;
    (void)snprintf(slot->last, sizeof slot->last, "%s", text);
    return false;
}

bool log_repeat_take(struct log_repeat *repeat, int64_t now_ms, uint64_t *held, const char **example, int *level)
{
    bool holds = false;

    for (size_t i = 0; i < LOG_REPEAT_KINDS; i++) {
        struct log_repeat_kind *slot = &repeat->kinds[i];

        if (slot->held > 0 && is_over(slot, now_ms)) {
            *held = slot->held;
            *example = slot->last;
            *level = slot->level;
            slot->held = 0;
            slot->kind = NULL;
            return true;
        }
        holds |= slot->held > 0;
    }
    repeat->holds = holds;
    return false;
}
