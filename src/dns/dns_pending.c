/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of questions on their way: a hash table, and a list from old to new. */
#include "dns/dns_pending.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static size_t bucket_number(const struct dns_pending *pending, const struct dns_key *key)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t number;

    crypto_shorthash(hash, key->octets, key->len, pending->seed);
    memcpy(&number, hash, sizeof(number));
    return (size_t)(number % DNS_PENDING_BUCKETS);
}

struct dns_question *dns_pending_find(const struct dns_pending *pending, const struct dns_key *key)
{
    struct dns_question *question = pending->buckets[bucket_number(pending, key)];

    while (question && (question->key.len != key->len || memcmp(question->key.octets, key->octets, key->len) != 0))
        question = question->next_in_bucket;
    return question;
}

struct dns_question *dns_pending_add(struct dns_pending *pending, const struct dns_key *key, const char *name)
{
    size_t name_size = strlen(name) + 1;
    struct dns_question *question = malloc(sizeof(*question) + name_size);

    if (!question)
        return NULL;
    *question = (struct dns_question){.type = (enum dns_type)key->octets[0], .is_in_table = true};
    question->key.len = key->len;
    memcpy(question->key.octets, key->octets, key->len);
    memcpy(question->name, name, name_size);

    question->bucket = &pending->buckets[bucket_number(pending, key)];
    question->next_in_bucket = *question->bucket;
    *question->bucket = question;
    question->older = pending->newest;
    if (pending->newest)
        pending->newest->newer = question;
    else
        pending->oldest = question;
    pending->newest = question;
    return question;
}

static void free_unused(struct dns_question *question)
{
    if (question->is_in_table || question->under_way > 0)
        return;
    dns_answer_release(question->stale);
    free(question);
}

void dns_pending_remove(struct dns_pending *pending, struct dns_question *question)
{
    struct dns_question **link = question->bucket;

    while (*link != question)
        link = &(*link)->next_in_bucket;
    *link = question->next_in_bucket;
    if (question->older)
        question->older->newer = question->newer;
    else
        pending->oldest = question->newer;
    if (question->newer)
        question->newer->older = question->older;
    else
        pending->newest = question->older;
    question->is_in_table = false;
    free_unused(question);
}

bool dns_question_reply(struct dns_question *question)
{
    bool lives = --question->under_way > 0 || question->is_in_table;

    free_unused(question);
    return lives;
}

size_t dns_question_answer(struct dns_question *question, int64_t now_ms, const struct dns_answer *answer,
                           struct dns_asker **out)
{
    bool is_failure = answer->status == DNS_TIMEOUT || answer->status == DNS_FAILURE;
    const struct dns_answer *given = is_failure && question->stale ? question->stale : answer;
    struct dns_asker **link = &question->askers;
    size_t count = 0;

    while (*link) {
        struct dns_asker *asker = *link;

        if (asker->limit_ms > now_ms) {
            link = &asker->next;
            continue;
        }
        *link = asker->next;
        asker->answer = dns_answer_acquire(given);
        asker->next = *out;
        *out = asker;
        count++;
    }
    return count;
}
