/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deletes of too many keys those that are over first. */
#include "greylist/store/redis_trim.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKED_AT = 2 * BACKEND_EXPIRY_STEP }; /* keys in a step, as half of them may go */

struct candidate {
    struct redis_word key;
    long long left_s; /* -1: it has no end */
};

struct candidates {
    struct candidate list[LOOKED_AT];
    size_t count;
};

static bool find_lives(struct candidates *ours, struct redis_link *link, struct strbuf *problem)
{
    for (size_t n = 0; n < ours->count; n++)
        redis_link_send(link, (struct redis_word[]){redis_word_of("TTL"), ours->list[n].key}, 2);
    for (size_t n = 0; n < ours->count; n++)
        if (!redis_scan_number(link, &ours->list[n].left_s, problem))
            return false;
    return true;
}

static int by_life(const void *a, const void *b)
{
    const long long x = ((const struct candidate *)a)->left_s, y = ((const struct candidate *)b)->left_s;

    return x < y ? -1 : x > y;
}

static bool delete_first(const struct candidates *ours, size_t count, struct redis_link *link, size_t *deleted,
                         struct strbuf *problem)
{
    for (size_t n = 0; n < count; n++)
        redis_link_send(link, (struct redis_word[]){redis_word_of("DEL"), ours->list[n].key}, 2);
    for (size_t n = 0; n < count; n++) {
        long long number;

        if (!redis_scan_number(link, &number, problem))
            return false;
        *deleted += number == 1;
    }
    return true;
}

static size_t smaller(size_t a, uint64_t b)
{
    return a < b ? a : (size_t)b;
}

/* Which of the keys of a step are ours. Returns about how many of all are. */
static uint64_t choose(struct candidates *ours, const struct redis_scan *scan, const char *prefix, uint64_t all)
{
    const size_t seen = smaller(scan->count, LOOKED_AT);
    bool is_sender;

    ours->count = 0;
    for (size_t n = 0; n < seen; n++) {
        const struct redis_word key = redis_scan_key(scan, n);

        if (redis_scan_text(&key, prefix, &is_sender) != NULL)
            ours->list[ours->count++].key = key;
    }
    return seen == 0 ? 0 : all / seen * ours->count + all % seen * ours->count / seen;
}

static bool trim_step(const struct redis_scan *scan, struct redis_link *link, const char *prefix, uint64_t max,
                      struct backend_expiry *expiry, struct strbuf *problem)
{
    struct candidates ours;
    const uint64_t about = choose(&ours, scan, prefix, expiry->entries);

    if (about <= max)
        return true;
    if (!find_lives(&ours, link, problem))
        return false;
    qsort(ours.list, ours.count, sizeof *ours.list, by_life);
    if (!delete_first(&ours, smaller((ours.count + 1) / 2, about - max), link, &expiry->deleted, problem))
        return false;
    expiry->has_more = expiry->deleted > 0 && about - max > expiry->deleted;
    return true;
}

static bool count_all(struct redis_link *link, uint64_t *entries, struct strbuf *problem)
{
    long long number;

    redis_link_send(link, (struct redis_word[]){redis_word_of("DBSIZE")}, 1);
    if (!redis_scan_number(link, &number, problem))
        return false;
    *entries = number < 0 ? 0 : (uint64_t)number;
    return true;
}

bool redis_trim(struct redis_scan *scan, struct redis_link *link, const char *prefix, uint64_t max,
                struct backend_expiry *expiry, struct strbuf *problem)
{
    bool is_fine;

    *expiry = (struct backend_expiry){.deleted = 0};
    if (!count_all(link, &expiry->entries, problem))
        return false;
    if (expiry->entries <= max)
        return true;
    is_fine =
        redis_scan_next(scan, link, "", LOOKED_AT, problem) && trim_step(scan, link, prefix, max, expiry, problem);
    redis_scan_end(scan);
    return is_fine;
}
