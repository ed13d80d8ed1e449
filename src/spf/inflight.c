/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of evaluations under way, and of those who follow them. */
#include "spf/inflight.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 256 };

struct inflight_leader {
    struct inflight_leader *next, **bucket;
    struct inflight_follower *followers;
    size_t key_len;
    uint8_t key[];
};

struct inflight {
    uint8_t seed[16];
    pthread_mutex_t lock; /* covers all below, and each follower's next and leader; a leaf */
    struct inflight_leader *buckets[BUCKETS];
};

struct inflight *inflight_create(const uint8_t seed[16])
{
    struct inflight *inflight = calloc(1, sizeof(*inflight));

    if (!inflight)
        return NULL;
    memcpy(inflight->seed, seed, sizeof(inflight->seed));
    pthread_mutex_init(&inflight->lock, NULL);
    return inflight;
}

void inflight_destroy(struct inflight *inflight)
{
    if (!inflight)
        return;
    pthread_mutex_destroy(&inflight->lock);
    free(inflight);
}

static struct inflight_leader **bucket_of(struct inflight *inflight, const struct result_key *key)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t number;

    crypto_shorthash(hash, key->octets, key->len, inflight->seed);
    memcpy(&number, hash, sizeof(number));
    return &inflight->buckets[number % BUCKETS];
}

static struct inflight_leader *find(struct inflight_leader *leader, const struct result_key *key)
{
    while (leader && (leader->key_len != key->len || memcmp(leader->key, key->octets, key->len) != 0))
        leader = leader->next;
    return leader;
}

/* NULL if out of memory. */
static struct inflight_leader *begin(struct inflight_leader **bucket, const struct result_key *key)
{
    struct inflight_leader *leader = malloc(sizeof(*leader) + key->len);

    if (!leader)
        return NULL;
    *leader = (struct inflight_leader){.next = *bucket, .bucket = bucket, .key_len = key->len};
    memcpy(leader->key, key->octets, key->len);
    *bucket = leader;
    return leader;
}

enum inflight_turn inflight_join(struct inflight *inflight, const struct result_key *key,
                                 struct inflight_follower *follower, struct inflight_leader **leader)
{
    enum inflight_turn turn = INFLIGHT_FOLLOWS;
    struct inflight_leader **bucket, *found;

    if (key->too_long)
        return INFLIGHT_ALONE;
    bucket = bucket_of(inflight, key);
    pthread_mutex_lock(&inflight->lock);
    found = find(*bucket, key);
    if (!found) {
        found = begin(bucket, key);
        turn = found ? INFLIGHT_LEADS : INFLIGHT_ALONE;
        if (found)
            *leader = found;
    } else if (follower) {
        follower->next = found->followers;
        follower->leader = found;
        found->followers = follower;
    }
    pthread_mutex_unlock(&inflight->lock);
    return turn;
}

bool inflight_leave(struct inflight *inflight, struct inflight_follower *follower)
{
    struct inflight_follower **link;
    bool is_there;

    pthread_mutex_lock(&inflight->lock);
    is_there = follower->leader != NULL;
    if (is_there) {
        for (link = &follower->leader->followers; *link != follower; link = &(*link)->next)
            ;
        *link = follower->next;
        follower->leader = NULL;
    }
    pthread_mutex_unlock(&inflight->lock);
    return is_there;
}

/* Takes an evaluation out of the table, with those who follow it. */
static struct inflight_follower *end(struct inflight *inflight, struct inflight_leader *leader)
{
    struct inflight_leader **link = leader->bucket;

    pthread_mutex_lock(&inflight->lock);
    while (*link != leader)
        link = &(*link)->next;
    *link = leader->next;
    for (struct inflight_follower *follower = leader->followers; follower; follower = follower->next)
        follower->leader = NULL;
    pthread_mutex_unlock(&inflight->lock);
    return leader->followers;
}

void inflight_publish(struct inflight *inflight, struct inflight_leader *leader, const struct published *published)
{
    struct inflight_follower *next;

    for (struct inflight_follower *follower = end(inflight, leader); follower; follower = next) {
        next = follower->next; /* it may be gone after the call */
        follower->published(follower->context, published);
    }
    free(leader);
}
