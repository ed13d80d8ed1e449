/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last messages of a log wait here for the lines that say what became of them. */
#include "tools/report/message_join.h"

#include <stdlib.h>
#include <string.h>

enum { WAITING_MAX = 512 }; /* messages that were begun and whose lines may still follow */

struct message_join {
    void (*done)(void *context, const struct log_entry *message);
    void *context;
    size_t next, count;
    uint32_t hashes[WAITING_MAX]; /* of client and sender: a search reads these alone */
    struct log_entry waiting[WAITING_MAX];
};

struct message_join *message_join_create(void (*done)(void *context, const struct log_entry *message), void *context)
{
    struct message_join *join = calloc(1, sizeof *join);

    if (join != NULL) {
        join->done = done;
        join->context = context;
    }
    return join;
}

/* FNV-1a; a chosen collision costs a comparison. */
static uint32_t add_hash(uint32_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619U;
    return hash * 16777619U;
}

static uint32_t hash_of(const struct log_entry *entry)
{
    return add_hash(add_hash(2166136261U, entry->client), entry->sender);
}

/* The newest waiting message of the same client and sender; NULL if there is none. */
static struct log_entry *find(struct message_join *join, const struct log_entry *entry, uint32_t hash)
{
    for (size_t i = 0; i < join->count; i++) {
        const size_t at = (join->next + WAITING_MAX - 1 - i) % WAITING_MAX;

        if (join->hashes[at] == hash && strcmp(join->waiting[at].client, entry->client) == 0 &&
            strcmp(join->waiting[at].sender, entry->sender) == 0)
            return &join->waiting[at];
    }
    return NULL;
}

/* smf-spf 2 named no reason, and refused without a line. */
static void hand_out(const struct message_join *join, struct log_entry *message)
{
    const struct entry_check *check = &message->mail_from;

    if (message->fate == FATE_UNSAID && !(check->is_known && check->result == RESULT_FAIL && check->reason[0] == '\0'))
        message->fate = FATE_ACCEPTED;
    message->kind = ENTRY_MESSAGE;
    join->done(join->context, message);
}

static void begin(struct message_join *join, const struct log_entry *entry, uint32_t hash)
{
    if (join->count == WAITING_MAX)
        hand_out(join, &join->waiting[join->next]);
    else
        join->count++;
    join->waiting[join->next] = *entry;
    join->hashes[join->next] = hash;
    join->next = (join->next + 1) % WAITING_MAX;
}

static bool joins_result(const struct log_entry *waiting, const struct log_entry *entry)
{
    if (waiting->fate != FATE_UNSAID)
        return false;
    return entry->helo_check.is_known ? !waiting->helo_check.is_known : !waiting->mail_from.is_known;
}

/* What outweighs what, where several things became of a message or of its recipients. */
static int weight(enum fate fate)
{
    static const int weights[FATE_COUNT] = {
        [FATE_UNSAID] = 0,      [FATE_ACCEPTED] = 1, [FATE_TAGGED] = 2,   [FATE_HELD] = 3,    [FATE_EXEMPT] = 4,
        [FATE_QUARANTINED] = 5, [FATE_ENDED] = 6,    [FATE_DEFERRED] = 7, [FATE_REFUSED] = 8, [FATE_SHED] = 1,
    };

    return weights[fate];
}

static void join_action(struct log_entry *waiting, const struct log_entry *entry)
{
    if (weight(entry->fate) <= weight(waiting->fate))
        return;
    waiting->fate = entry->fate;
    waiting->is_test = entry->is_test;
    memcpy(waiting->why, entry->why, sizeof waiting->why);
}

void message_join_add(struct message_join *join, const struct log_entry *entry)
{
    uint32_t hash;
    struct log_entry *waiting;

    if (entry->kind == ENTRY_MESSAGE) {
        join->done(join->context, entry);
        return;
    }
    /* A recipient is no message. */
    if (entry->kind == ENTRY_ACTION && strcmp(entry->why, "whitelisted-recipient") == 0)
        return;
    hash = hash_of(entry);
    waiting = find(join, entry, hash);
    if (entry->kind == ENTRY_ACTION && waiting != NULL && entry->fate != FATE_EXEMPT) {
        join_action(waiting, entry);
    } else if (entry->kind == ENTRY_RESULT && waiting != NULL && joins_result(waiting, entry)) {
        if (entry->helo_check.is_known)
            waiting->helo_check = entry->helo_check;
        else
            waiting->mail_from = entry->mail_from;
    } else {
        begin(join, entry, hash);
    }
}

void message_join_finish(struct message_join *join)
{
    if (join == NULL)
        return;
    for (size_t i = 0; i < join->count; i++)
        hand_out(join, &join->waiting[(join->next + WAITING_MAX - join->count + i) % WAITING_MAX]);
    free(join);
}
