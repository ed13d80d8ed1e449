/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SCAN, step by step. */
#include "greylist/store/redis_scan.h"

#include "base/printable.h"
#include "greylist/greylist_subject.h"
#include "greylist/store/redis_batch.h"
#include "greylist/store/redis_error.h"

#include <stdio.h>
#include <string.h>

void redis_scan_end(struct redis_scan *scan)
{
    redis_link_free(scan->reply);
    scan->reply = NULL;
    scan->keys = NULL;
    scan->count = 0;
}

/* A cursor, and a list of keys. */
static bool take_step(struct redis_scan *scan)
{
    const struct redisReply *keys;
    struct redis_word text;
    size_t count;

    if (!redis_reply_list(scan->reply, &count) || count != 2 ||
        !redis_reply_text(redis_reply_member(scan->reply, 0), &text) || text.len == 0 || text.len >= REDIS_CURSOR_SIZE)
        return false;
    memcpy(scan->cursor, text.octets, text.len + 1);
    keys = redis_reply_member(scan->reply, 1);
    if (!redis_reply_list(keys, &count))
        return false;
    for (size_t n = 0; n < count; n++)
        if (!redis_reply_text(redis_reply_member(keys, n), &text))
            return false;
    scan->keys = keys;
    scan->count = count;
    return true;
}

struct redis_word redis_scan_key(const struct redis_scan *scan, size_t n)
{
    struct redis_word key = {0};

    (void)redis_reply_text(redis_reply_member(scan->keys, n), &key); /* they all are texts */
    return key;
}

static void ask(const struct redis_scan *scan, struct redis_link *link, const char *prefix, size_t step)
{
    char count[24], pattern[STORE_ADDRESS_PREFIX_SIZE + 1];

    (void)snprintf(count, sizeof count, "%zu", step);
    (void)snprintf(pattern, sizeof pattern, "%s*", prefix); /* nothing in a prefix has a meaning there */
    redis_link_send(link,
                    (struct redis_word[]){
                        redis_word_of("SCAN"), redis_word_of(scan->cursor[0] == '\0' ? "0" : scan->cursor),
                        redis_word_of("MATCH"), redis_word_of(pattern), redis_word_of("COUNT"), redis_word_of(count)},
                    6);
}

bool redis_scan_next(struct redis_scan *scan, struct redis_link *link, const char *prefix, size_t step,
                     struct strbuf *problem)
{
    redis_scan_end(scan);
    ask(scan, link, prefix, step);
    scan->reply = redis_link_reply(link, problem);
    if (scan->reply == NULL)
        return false;
    if (take_step(scan))
        return true;
    (void)redis_error_add(scan->reply, problem);
    redis_scan_end(scan);
    return false;
}

const char *redis_scan_text(const struct redis_word *key, const char *prefix, bool *is_sender)
{
    char expected[REDIS_KEY_SIZE];

    for (int sender = 0; sender <= 1; sender++) {
        const size_t len = redis_key(prefix, sender != 0, "", expected);
        const char *text = (const char *)key->octets + len;

        if (key->len > len && key->len - len < GREYLIST_KEY_SIZE && memcmp(key->octets, expected, len) == 0 &&
            printable_is(text, key->len - len)) {
            *is_sender = sender != 0;
            return text;
        }
    }
    return NULL;
}

bool redis_scan_number(struct redis_link *link, long long *number, struct strbuf *problem)
{
    struct redisReply *reply = redis_link_reply(link, problem);
    bool is_number;

    if (reply == NULL)
        return false;
    is_number = redis_reply_number(reply, number) || redis_error_add(reply, problem);
    redis_link_free(reply);
    return is_number;
}
