/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often lines of one kind are written: a fault that repeats with every message must not fill the disk, nor hide
 * what else there is to say. Time is handed in. The caller locks. */
#ifndef SMF_BASE_LOG_REPEAT_H
#define SMF_BASE_LOG_REPEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOG_REPEAT_KINDS = 32,
    LOG_REPEAT_LINES = 5,             /* of a kind that are written */
    LOG_REPEAT_WINDOW_MS = 60 * 1000, /* within this time */
    LOG_REPEAT_SHOWN = 200,           /* octets of the last one held back that are kept */
};

struct log_repeat_kind {
    const void *kind; /* NULL: the slot is free */
    int64_t began_ms;
    unsigned written;
    uint64_t held;
    int level;
    char last[LOG_REPEAT_SHOWN];
};

/* Zeroed: nothing has been written. */
struct log_repeat {
    struct log_repeat_kind kinds[LOG_REPEAT_KINDS];
    bool holds; /* some line is held back, and not told of yet */
};

/* True if a line of this kind may be written now; else it is counted, and `text` kept as an example. A kind is the
 * address of its format. Where there are too many kinds, lines are written. */
bool log_repeat_allows(struct log_repeat *repeat, const void *kind, int level, const char *text, int64_t now_ms);

/* Takes the next kind whose time is over and of which lines were held back: sets how many, an example and its level.
 * False if there is none. The example lives until the next call. */
bool log_repeat_take(struct log_repeat *repeat, int64_t now_ms, uint64_t *held, const char **example, int *level);

#endif
