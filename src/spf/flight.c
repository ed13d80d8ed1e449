/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of keys that are being evaluated, and of those who wait. */
#include "spf/flight.h"

#include "base/wait.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 256,
    LATE_MS = 200, /* how long is waited past the deadline, so that the evaluation, which has one too, can say why */
};

/* Shared by the one who evaluates and those who wait: whoever comes last frees it. */
struct flight {
    struct flight *next, **bucket; /* while it is in the table */
    pthread_cond_t landed;
    unsigned users;
    bool has_landed;
    struct landing landing; /* once it has */
    size_t key_len;
    uint8_t key[];
};

struct flights {
    const struct clock *clock;
    uint8_t seed[16];
    pthread_mutex_t lock; /* covers all below; a leaf */
    struct flight *buckets[BUCKETS];
};

struct flights *flights_create(const uint8_t seed[16], const struct clock *clock)
{
    struct flights *flights = calloc(1, sizeof(*flights));

    if (!flights)
        return NULL;
    flights->clock = clock;
    memcpy(flights->seed, seed, sizeof(flights->seed));
    pthread_mutex_init(&flights->lock, NULL);
    return flights;
}

void flights_destroy(struct flights *flights)
{
    if (!flights)
        return;
    pthread_mutex_destroy(&flights->lock);
    free(flights);
}

static struct flight **bucket_of(struct flights *flights, const struct result_key *key)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t number;

    crypto_shorthash(hash, key->octets, key->len, flights->seed);
    memcpy(&number, hash, sizeof(number));
    return &flights->buckets[number % BUCKETS];
}

static struct flight *find(struct flight *flight, const struct result_key *key)
{
    while (flight && (flight->key_len != key->len || memcmp(flight->key, key->octets, key->len) != 0))
        flight = flight->next;
    return flight;
}

/* NULL if out of memory. */
static struct flight *begin(struct flight **bucket, const struct result_key *key)
{
    struct flight *flight = malloc(sizeof(*flight) + key->len);

    if (!flight)
        return NULL;
    wait_cond_init(&flight->landed);
    flight->users = 1;
    flight->has_landed = false;
    flight->key_len = key->len;
    memcpy(flight->key, key->octets, key->len);
    flight->bucket = bucket;
    flight->next = *bucket;
    *bucket = flight;
    return flight;
}

/* Under the lock. */
static void leave(struct flight *flight)
{
    if (--flight->users > 0)
        return;
    pthread_cond_destroy(&flight->landed);
    free(flight);
}

/* Under the lock, which is given back while waiting. */
static enum flight_turn wait_for(struct flights *flights, struct flight *flight, int64_t deadline_ms,
                                 struct landing *landing)
{
    int64_t left_ms = deadline_ms - clock_monotonic_ms(flights->clock);
    struct timespec moment = clock_moment_after((left_ms > 0 ? left_ms : 0) + LATE_MS);
    enum flight_turn turn = FLIGHT_LATE;

    flight->users++;
    while (!flight->has_landed && wait_cond_until(&flight->landed, &flights->lock, &moment))
        ;
    if (flight->has_landed) {
        *landing = flight->landing;
        turn = FLIGHT_ENDED;
    }
    leave(flight);
    return turn;
}

enum flight_turn flight_join(struct flights *flights, const struct result_key *key, int64_t deadline_ms,
                             struct flight **flight, struct landing *landing)
{
    enum flight_turn turn;
    struct flight **bucket, *found;

    if (key->too_long)
        return FLIGHT_ALONE;
    bucket = bucket_of(flights, key);
    pthread_mutex_lock(&flights->lock);
    found = find(*bucket, key);
    if (found) {
        turn = wait_for(flights, found, deadline_ms, landing);
    } else {
        found = begin(bucket, key);
        turn = found ? FLIGHT_LEADS : FLIGHT_ALONE;
        if (found)
            *flight = found;
    }
    pthread_mutex_unlock(&flights->lock);
    return turn;
}

void flight_land(struct flights *flights, struct flight *flight, const struct landing *landing)
{
    struct flight **link = flight->bucket;

    pthread_mutex_lock(&flights->lock);
    while (*link != flight)
        link = &(*link)->next;
    *link = flight->next;
    flight->landing = *landing;
    flight->has_landed = true;
    pthread_cond_broadcast(&flight->landed);
    leave(flight);
    pthread_mutex_unlock(&flights->lock);
}
