/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Goes through the keys of a Redis database in steps (SCAN), and knows ours among them. */
#ifndef SMF_GREYLIST_STORE_REDIS_SCAN_H
#define SMF_GREYLIST_STORE_REDIS_SCAN_H

#include "base/strbuf.h"
#include "greylist/store/redis_link.h"

#include <stdbool.h>
#include <stddef.h>

enum { REDIS_CURSOR_SIZE = 24 };

struct redis_scan {
    char cursor[REDIS_CURSOR_SIZE]; /* "": begin; "0": that was all */
    size_t count;                   /* of the keys of the last step */
    struct redisReply *reply;       /* that they came in; NULL: none. Freed by the next step, and by redis_scan_end */
    const struct redisReply *keys;  /* within it */
};

/* The next step, with about `step` keys, of those that begin with `prefix`; a key may come twice. False, with what is
 * wrong appended to `problem`. */
bool redis_scan_next(struct redis_scan *scan, struct redis_link *link, const char *prefix, size_t step,
                     struct strbuf *problem);
void redis_scan_end(struct redis_scan *scan);

/* The n-th key (n < count), within the scan. */
struct redis_word redis_scan_key(const struct redis_scan *scan, size_t n);

/* What a key of ours is about, within the key, which has a NUL after it; NULL if it is none that redis_key can have
 * written: they come from outside. */
const char *redis_scan_text(const struct redis_word *key, const char *prefix, bool *is_sender);

/* The number that the server answers next. False, with what is wrong appended to `problem`. */
bool redis_scan_number(struct redis_link *link, long long *number, struct strbuf *problem);

#endif
