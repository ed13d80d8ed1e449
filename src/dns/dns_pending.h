/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions on their way, each with all who wait for its answer. Plain data: whoever owns the table holds a lock around
 * each call. */
#ifndef SMF_DNS_DNS_PENDING_H
#define SMF_DNS_DNS_PENDING_H

#include "dns/dns.h"
#include "dns/dns_memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_exchange;

/* Someone who waits. */
struct dns_asker {
    struct dns_asker *next;
    dns_callback done;
    void *context;
    int64_t deadline_ms;             /* that was asked for */
    int64_t limit_ms;                /* when there is no more waiting: the deadline, or earlier */
    const struct dns_answer *answer; /* what came; a reference */
};

/* A question. It lives until it is out of the table and the backend has called back as often as it was asked. */
struct dns_question {
    struct dns_question *next_in_bucket, **bucket;
    struct dns_question *older, *newer;
    struct dns_exchange *owner;
    enum dns_type type;
    unsigned under_way; /* how often it was asked at the backend, without a reply so far */
    bool is_in_table;
    bool is_waiting;                   /* to be asked at the backend */
    bool is_doubtful;                  /* it was not answered in time before: nobody waits long for it */
    bool was_blamed;                   /* that it has no answer is remembered */
    int64_t asked_ms;                  /* when it was asked at the backend, or came */
    int64_t until_ms;                  /* the latest deadline that the backend was given */
    struct dns_question *next_to_send; /* in a list that one thread at a time makes and works off */
    int64_t send_until_ms;
    struct dns_asker *askers;
    const struct dns_answer *stale; /* what is given where no answer comes; NULL: nothing; a reference */
    struct dns_key key;
    char name[]; /* as it was asked first */
};

enum { DNS_PENDING_BUCKETS = 1024 };

struct dns_pending {
    uint8_t seed[16];
    struct dns_question *newest, *oldest;
    struct dns_question *buckets[DNS_PENDING_BUCKETS];
};

/* NULL: this is not on its way. */
struct dns_question *dns_pending_find(const struct dns_pending *pending, const struct dns_key *key);

/* Puts a new question without askers into the table. NULL if out of memory. */
struct dns_question *dns_pending_add(struct dns_pending *pending, const struct dns_key *key, const char *name);

/* Takes a question out of the table, with its askers left in it; frees it unless the backend still has to call back. */
void dns_pending_remove(struct dns_pending *pending, struct dns_question *question);

/* The backend has called back. Frees the question, and returns false, if that was the last that it lived for. */
bool dns_question_reply(struct dns_question *question);

/* Moves the askers of `question` whose limit is `now_ms` or earlier to `out`, each with what there is for it: `answer`,
 * or for a timeout or failure the stale one. Returns how many. */
size_t dns_question_answer(struct dns_question *question, int64_t now_ms, const struct dns_answer *answer,
                           struct dns_asker **out);

#endif
