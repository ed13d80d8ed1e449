/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Visits as compare-and-set on a Redis server, many in one round trip. */
#include "greylist/store/redis_batch.h"

#include "greylist/store/record_text.h"
#include "greylist/store/redis_error.h"
#include "greylist/store/waiting_window.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For each key three arguments: the guess, what follows from it, and for how many seconds; "": nothing is to be stored.
 * A value that is none of ours, as it is too long or no text, counts as none. */
static const char script[] = "local found = redis.call('MGET', unpack(KEYS))\n"
                             "local same = true\n"
                             "for n = 1, #KEYS do\n"
                             "  if not found[n] or #found[n] > 38 then found[n] = '' end\n"
                             "  same = same and found[n] == ARGV[3 * n - 2]\n"
                             "end\n"
                             "for n = 1, #KEYS do\n"
                             "  if same and ARGV[3 * n] ~= '' then\n"
                             "    redis.call('SET', KEYS[n], ARGV[3 * n - 1], 'EX', ARGV[3 * n])\n"
                             "  end\n"
                             "end\n"
                             "return found\n";
_Static_assert(RECORD_TEXT_SIZE == 39, "the script knows the longest value");

enum { ENTRY, SENDER, PARTS };
enum { SECONDS_SIZE = 24 };

struct value {
    char octets[RECORD_TEXT_SIZE];
    size_t len;
};

/* A key that visits of the batch share, and what its value is believed to be. */
struct held {
    char key[REDIS_KEY_SIZE];
    size_t key_len;
    struct value value;
};

struct asked {
    struct backend_visit *visit;
    struct held *held[PARTS]; /* the second one may be missing */
    size_t part_count;
    struct value guess[PARTS], next[PARTS];
    bool has_found;  /* the guess is what was found */
    bool is_refused; /* there is no place for what follows from the guess */
    bool is_done;
};

struct redis_batch {
    const char *prefix;
    struct asked asked[BACKEND_BATCH_MAX];
    struct held held[BACKEND_BATCH_MAX * PARTS];
    size_t asked_count, held_count;
    bool is_crowded;
    struct strbuf full; /* why the server stores nothing; "": it does */
};

size_t redis_key(const char *prefix, bool is_sender, const char *text, char key[REDIS_KEY_SIZE])
{
    return (size_t)snprintf(key, REDIS_KEY_SIZE, "%s%s:%s", prefix, is_sender ? "sender" : "entry", text);
}

struct redis_batch *redis_batch_create(const char *prefix)
{
    struct redis_batch *batch = calloc(1, sizeof *batch);

    if (batch != NULL)
        batch->prefix = prefix;
    return batch;
}

void redis_batch_destroy(struct redis_batch *batch)
{
    if (batch != NULL)
        strbuf_free(&batch->full);
    free(batch);
}

/* Before the first round --------------------------------------------------------------------------------------- */

static struct held *hold(struct redis_batch *batch, bool is_sender, const char *text)
{
    struct held *next = &batch->held[batch->held_count];

    next->key_len = redis_key(batch->prefix, is_sender, text, next->key);
    next->value.len = 0;
    for (struct held *old = batch->held; old < next; old++)
        if (old->key_len == next->key_len && memcmp(old->key, next->key, next->key_len) == 0)
            return old;
    batch->held_count++;
    return next;
}

static void fill(struct redis_batch *batch, struct backend_visit *const *visits, size_t count)
{
    strbuf_truncate(&batch->full, 0);
    batch->held_count = 0;
    batch->asked_count = count;
    for (size_t n = 0; n < count; n++) {
        const struct greylist_subject *subject = &visits[n]->subject;
        struct asked *asked = &batch->asked[n];

        *asked = (struct asked){.visit = visits[n], .part_count = subject->sender[0] == '\0' ? 1 : PARTS};
        asked->held[ENTRY] = hold(batch, false, subject->entry);
        if (asked->part_count == PARTS)
            asked->held[SENDER] = hold(batch, true, subject->sender);
    }
}

/* A round: guess, decide, ask --------------------------------------------------------------------------------- */

static bool is_same(const struct value *a, const char *octets, size_t len)
{
    return a->len == len && memcmp(a->octets, octets, len) == 0;
}

static struct greylist_record record_of(const struct value *value)
{
    struct greylist_record record = {0};

    (void)record_text_read(value->octets, value->len, &record); /* what is none of ours is nothing */
    return record;
}

/* Takes over what is believed. True if it is just what this visit has found. */
static bool guess(struct asked *asked)
{
    bool is_found = asked->has_found;

    for (size_t part = 0; part < asked->part_count; part++) {
        const struct value *believed = &asked->held[part]->value;

        is_found = is_found && is_same(&asked->guess[part], believed->octets, believed->len);
        asked->guess[part] = asked->next[part] = *believed;
    }
    return is_found;
}

/* True if something is to be stored. With as many entries as there may be, no first contact is. */
static bool decide(struct asked *asked, bool is_crowded)
{
    const struct greylist_stored stored = {.entry = record_of(&asked->guess[ENTRY]),
                                           .sender = record_of(&asked->guess[SENDER])};
    struct greylist_decision *decision = &asked->visit->decision;

    *decision = greylist_decide(&asked->visit->terms, &stored, asked->visit->now_s);
    if (asked->part_count < PARTS)
        decision->changes_sender = false;
    asked->is_refused = is_crowded && decision->defers && asked->guess[ENTRY].len == 0;
    if (asked->is_refused)
        decision->changes_entry = decision->changes_sender = false;
    return decision->changes_entry || decision->changes_sender;
}

/* What the key's value is to be, and for how long: "" for a key that does not change. */
static void follow(struct asked *asked, size_t part, bool changes, const struct greylist_record *record,
                   int64_t until_s, char seconds[SECONDS_SIZE])
{
    struct value *next = &asked->next[part];
    const int64_t left_s = until_s - asked->visit->now_s;

    seconds[0] = '\0';
    if (!changes)
        return;
    next->len = record_text_write(record, next->octets);
    asked->held[part]->value = *next;
    (void)snprintf(seconds, SECONDS_SIZE, "%" PRId64, left_s < 1 ? 1 : left_s);
}

static void ask(struct asked *asked, struct redis_link *link)
{
    const struct greylist_decision *decision = &asked->visit->decision;
    char seconds[PARTS][SECONDS_SIZE], key_count[] = {(char)('0' + asked->part_count), '\0'};
    struct redis_word words[REDIS_LINK_WORDS_MAX] = {redis_word_of("EVAL"), redis_word_of(script),
                                                     redis_word_of(key_count)};
    size_t count = 3;

    follow(asked, ENTRY, decision->changes_entry, &decision->next.entry, decision->entry_until_s, seconds[ENTRY]);
    follow(asked, SENDER, decision->changes_sender, &decision->next.sender, decision->sender_until_s, seconds[SENDER]);
    for (size_t part = 0; part < asked->part_count; part++)
        words[count++] = (struct redis_word){asked->held[part]->key, asked->held[part]->key_len};
    for (size_t part = 0; part < asked->part_count; part++) {
        words[count++] = (struct redis_word){asked->guess[part].octets, asked->guess[part].len};
        words[count++] = (struct redis_word){asked->next[part].octets, asked->next[part].len};
        words[count++] = redis_word_of(seconds[part]);
    }
    redis_link_send(link, words, count);
}

/* What was decided is so. */
static void settle(struct asked *asked, struct strbuf *full)
{
    asked->is_done = true;
    asked->visit->answer = asked->is_refused ? STORE_FULL : STORE_ANSWERED;
    if (!asked->is_refused)
        return;
    strbuf_truncate(full, 0);
    strbuf_add(full, WAITING_WINDOW_CROWDED);
}

/* Returns how many replies will come. */
static size_t ask_all(struct redis_batch *batch, struct redis_link *link)
{
    size_t count = 0;

    for (struct asked *asked = batch->asked; asked < batch->asked + batch->asked_count; asked++) {
        bool is_found;

        if (asked->is_done)
            continue;
        is_found = guess(asked);
        if (!decide(asked, batch->is_crowded) && is_found) {
            settle(asked, &batch->full);
            continue;
        }
        ask(asked, link);
        count++;
    }
    return count;
}

/* The replies of a round --------------------------------------------------------------------------------------- */

/* The values that a reply lists, if it does. */
static bool read_values(const struct redisReply *reply, struct redis_word *values, size_t expected)
{
    size_t count;

    if (!redis_reply_list(reply, &count) || count != expected)
        return false;
    for (size_t n = 0; n < count; n++)
        if (!redis_reply_text(redis_reply_member(reply, n), &values[n]) || values[n].len >= RECORD_TEXT_SIZE)
            return false;
    return true;
}

/* True if what was found is what was guessed. */
static bool learn(struct asked *asked, const struct redis_word *found)
{
    bool is_right = true;

    for (size_t part = 0; part < asked->part_count; part++)
        is_right = is_right && is_same(&asked->guess[part], found[part].octets, found[part].len);
    for (size_t part = 0; part < asked->part_count; part++) {
        if (!is_right) {
            asked->guess[part].len = found[part].len;
            memcpy(asked->guess[part].octets, found[part].octets, found[part].len);
        }
        asked->held[part]->value = is_right ? asked->next[part] : asked->guess[part];
    }
    return is_right;
}

/* Nothing was stored: what is there is what was guessed. */
static void give_up(struct asked *asked, const struct redisReply *reply, struct strbuf *full)
{
    strbuf_truncate(full, 0); /* of several the last one's is told */
    (void)redis_error_add(reply, full);
    for (size_t part = 0; part < asked->part_count; part++)
        asked->held[part]->value = asked->guess[part];
    asked->is_done = true;
    asked->visit->answer = STORE_FULL;
}

static bool take(struct asked *asked, const struct redisReply *reply, struct strbuf *full, struct strbuf *problem)
{
    struct redis_word found[PARTS];

    if (redis_error_is_full(reply)) {
        give_up(asked, reply, full);
        return true;
    }
    if (!read_values(reply, found, asked->part_count))
        return redis_error_add(reply, problem);
    asked->has_found = true;
    if (learn(asked, found))
        settle(asked, full);
    return true;
}

static bool take_all(struct redis_batch *batch, struct redis_link *link, struct strbuf *problem)
{
    bool is_fine = true;

    for (struct asked *asked = batch->asked; is_fine && asked < batch->asked + batch->asked_count; asked++) {
        struct redisReply *reply;

        if (asked->is_done)
            continue;
        reply = redis_link_reply(link, problem);
        is_fine = reply != NULL && take(asked, reply, &batch->full, problem);
        redis_link_free(reply);
    }
    return is_fine;
}

bool redis_batch_visit(struct redis_batch *batch, struct redis_link *link, struct backend_visit *const *visits,
                       size_t count, bool is_crowded, struct strbuf *problem)
{
    fill(batch, visits, count);
    batch->is_crowded = is_crowded;
    while (ask_all(batch, link) > 0)
        if (!take_all(batch, link, problem))
            return false;
    if (batch->full.len > 0)
        strbuf_add(problem, strbuf_text(&batch->full));
    return true;
}

/* Deletes what is not there: even that is refused where nothing can be written, or in a cluster, where two such keys
 * are on two servers. */
bool redis_batch_probe(struct redis_link *link, const char *prefix, struct strbuf *problem)
{
    char keys[2][REDIS_KEY_SIZE];
    struct redisReply *reply;
    long long number;
    bool is_fine;

    (void)snprintf(keys[0], sizeof keys[0], "%sprobe:1", prefix);
    (void)snprintf(keys[1], sizeof keys[1], "%sprobe:2", prefix);
    redis_link_send(link,
                    (struct redis_word[]){redis_word_of("EVAL"),
                                          redis_word_of("return redis.call('DEL', unpack(KEYS))"), redis_word_of("2"),
                                          redis_word_of(keys[0]), redis_word_of(keys[1])},
                    5);
    reply = redis_link_reply(link, problem);
    if (reply == NULL)
        return false;
    is_fine = redis_reply_number(reply, &number) || redis_error_is_full(reply) || redis_error_add(reply, problem);
    redis_link_free(reply);
    return is_fine;
}
