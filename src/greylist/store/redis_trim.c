/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deletes of too many keys those that nobody needs any more, or least. */
#include "greylist/store/redis_trim.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKED_AT = 2 * BACKEND_EXPIRY_STEP }; /* keys in a step, as half of them may go */

/* In the order in which they go. */
enum rank { RANK_LATE, RANK_KNOWN, RANK_WAITING };

struct candidate {
    struct redis_word key;
    long long left_s; /* -1: it has no end */
    enum rank rank;
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

static enum rank rank_of(const struct waiting_window *window, long long left_s)
{
    if (left_s <= waiting_window_begin_s(window, 0))
        return RANK_LATE;
    return left_s > waiting_window_end_s(window, 0) ? RANK_KNOWN : RANK_WAITING;
}

/* Returns how many have each rank. */
static void set_ranks(struct candidates *ours, const struct waiting_window *window, size_t counts[RANK_WAITING + 1])
{
    for (size_t n = 0; n < ours->count; n++) {
        ours->list[n].rank = rank_of(window, ours->list[n].left_s);
        counts[ours->list[n].rank]++;
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->left_s < y->left_s ? -1 : x->left_s > y->left_s;
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

/* How many of them go: all that are too late, to make place, and of the surplus no more than the half of what was
 * looked at, as there are others; but nobody who waits. */
static size_t how_many(const struct candidates *ours, const size_t counts[RANK_WAITING + 1], uint64_t surplus)
{
    const size_t most = smaller((ours->count + 1) / 2, counts[RANK_LATE] + counts[RANK_KNOWN]);

    return smaller(most, surplus > counts[RANK_LATE] ? surplus : counts[RANK_LATE]);
}

static bool trim_step(const struct redis_scan *scan, struct redis_link *link, const struct redis_bound *bound,
                      struct backend_expiry *expiry, bool *is_crowded, struct strbuf *problem)
{
    struct candidates ours;
    const uint64_t about = choose(&ours, scan, bound->prefix, expiry->entries);
    const uint64_t surplus = about > bound->max ? about - bound->max : 0;
    size_t counts[RANK_WAITING + 1] = {0};

    *is_crowded = about >= bound->max;
    if (!*is_crowded)
        return true;
    if (!find_lives(&ours, link, problem))
        return false;
    set_ranks(&ours, &bound->window, counts);
    qsort(ours.list, ours.count, sizeof *ours.list, by_rank);
    if (!delete_first(&ours, how_many(&ours, counts, surplus), link, &expiry->deleted, problem))
        return false;
    expiry->has_more = expiry->deleted > 0 && surplus > expiry->deleted;
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

bool redis_trim(struct redis_scan *scan, struct redis_link *link, const struct redis_bound *bound,
                struct backend_expiry *expiry, bool *is_crowded, struct strbuf *problem)
{
    bool is_fine;

    *expiry = (struct backend_expiry){.deleted = 0};
    *is_crowded = false;
    if (!count_all(link, &expiry->entries, problem))
        return false;
    if (expiry->entries < bound->max)
        return true;
    is_fine = redis_scan_next(scan, link, "", LOOKED_AT, problem) &&
              trim_step(scan, link, bound, expiry, is_crowded, problem);
    redis_scan_end(scan);
    return is_fine;
}
