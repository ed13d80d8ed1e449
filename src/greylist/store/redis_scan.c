/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SCAN, step by step. */
#include "greylist/store/redis_scan.h"

#include "base/printable.h"
#include "greylist/greylist_subject.h"
#include "greylist/store/redis_batch.h"
#include "greylist/store/redis_reply.h"

#include <hiredis.h>
#include <stdio.h>
#include <string.h>

void redis_scan_end(struct redis_scan *scan)
{
    freeReplyObject(scan->reply);
    scan->reply = NULL;
    scan->keys = NULL;
    scan->count = 0;
}

/* A cursor, and a list of keys. */
static bool is_step(const redisReply *reply)
{
    const redisReply *keys;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[0]->len == 0 || reply->element[0]->len >= REDIS_CURSOR_SIZE)
        return false;
    keys = reply->element[1];
    if (keys->type != REDIS_REPLY_ARRAY)
        return false;
    for (size_t n = 0; n < keys->elements; n++)
        if (keys->element[n]->type != REDIS_REPLY_STRING)
            return false;
    return true;
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
    if (!is_step(scan->reply)) {
        (void)redis_reply_add_problem(scan->reply, problem);
        redis_scan_end(scan);
        return false;
    }
    memcpy(scan->cursor, scan->reply->element[0]->str, scan->reply->element[0]->len + 1);
    scan->keys = scan->reply->element[1]->element;
    scan->count = scan->reply->element[1]->elements;
    return true;
}

const char *redis_scan_text(const struct redisReply *key, const char *prefix, bool *is_sender)
{
    char expected[REDIS_KEY_SIZE];

    for (int sender = 0; sender <= 1; sender++) {
        const size_t len = redis_key(prefix, sender != 0, "", expected);

        if (key->len > len && key->len - len < GREYLIST_KEY_SIZE && memcmp(key->str, expected, len) == 0 &&
            printable_is(key->str + len, key->len - len)) {
            *is_sender = sender != 0;
            return key->str + len;
        }
    }
    return NULL;
}

bool redis_scan_number(struct redis_link *link, long long *number, struct strbuf *problem)
{
    redisReply *reply = redis_link_reply(link, problem);
    bool is_number;

    if (reply == NULL)
        return false;
    is_number = reply->type == REDIS_REPLY_INTEGER || redis_reply_add_problem(reply, problem);
    if (is_number)
        *number = reply->integer;
    freeReplyObject(reply);
    return is_number;
}
