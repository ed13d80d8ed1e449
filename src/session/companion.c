/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of clients that the milter has. */
#include "session/companion.h"

#include "base/hash_table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/types.h>

enum { BUCKETS = 1024, ANSWERS = 8 };

/* What greylisting said of a recipient. */
struct recipient_answer {
    char *recipient; /* NULL: there is none */
    struct greylist_answer answer;
};

struct companion {
    struct hash_link link; /* the first member */
    struct companion_key key;
    char *sender;                  /* of the milter's message; NULL: it has none */
    struct message_record refused; /* recipients, noted by the other */
    enum spf_identity identities[MESSAGE_CHECKS_MAX];
    struct spf_outcome outcomes[MESSAGE_CHECKS_MAX];
    size_t outcome_count; /* 0: they are not known */
    struct recipient_answer answers[ANSWERS];
    size_t answer_count; /* also of those that newer ones replaced */
};

static struct {
    pthread_mutex_t lock;
    bool is_seeded;
    uint8_t seed[HASH_SEED_SIZE];
    struct hash_link *buckets[BUCKETS];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Of the milter's clients in the table, changed with the lock held, and read without it: a policy service beside an
 * idle milter takes no lock. Postfix shows a client to the milter before it asks about it, so that its entry is seen.
 */
static atomic_size_t client_count;

static bool has_none(void)
{
    return atomic_load_explicit(&client_count, memory_order_acquire) == 0;
}

static struct hash_table clients(void)
{
    return (struct hash_table){table.buckets, BUCKETS};
}

static uint64_t hash_of(const struct companion_key *key)
{
    uint8_t octets[sizeof key->address.bytes + 1 + sizeof key->port];

    octets[0] = key->address.family;
    memcpy(octets + 1, key->address.bytes, sizeof key->address.bytes);
    memcpy(octets + 1 + sizeof key->address.bytes, &key->port, sizeof key->port);
    return hash_octets(table.seed, octets, sizeof octets);
}

/* The client, NULL if the milter does not have it. Of several the last one that was opened. The lock is held. */
static struct companion *find(const struct companion_key *key)
{
    const struct hash_table all = clients();
    struct hash_link *link;

    if (key->port == 0 || !table.is_seeded)
        return NULL;
    for (link = hash_table_first(&all, hash_of(key)); link != NULL; link = hash_table_next(link)) {
        struct companion *companion = (struct companion *)(void *)link;

        if (companion->key.port == key->port && addr_equal(&companion->key.address, &key->address))
            return companion;
    }
    return NULL;
}

static bool has_message(const struct companion *companion, const struct message *message)
{
    return companion->sender != NULL && strcmp(companion->sender, message_sender(message)) == 0;
}

/* As enter, where the milter has clients. */
static struct companion *enter_among(const struct companion_key *key, const struct message *message)
{
    struct companion *companion;

    pthread_mutex_lock(&table.lock);
    companion = find(key);
    if (companion != NULL && (message == NULL || has_message(companion, message)))
        return companion;
    pthread_mutex_unlock(&table.lock);
    return NULL;
}

/* The client, with the lock held until `leave`. NULL, without the lock: the milter does not have it, or not with this
 * message. `message` NULL: with any, or none. */
static inline struct companion *enter(const struct companion_key *key, const struct message *message)
{
    return has_none() ? NULL : enter_among(key, message);
}

static void leave(void)
{
    pthread_mutex_unlock(&table.lock);
}

struct companion *companion_open(const struct companion_key *key)
{
    struct companion *companion = key->port > 0 ? calloc(1, sizeof *companion) : NULL;
    const struct hash_table all = clients();

    if (companion == NULL)
        return NULL;
    companion->key = *key;
    pthread_mutex_lock(&table.lock);
    if (!table.is_seeded)
        table.is_seeded = getrandom(table.seed, sizeof table.seed, 0) == (ssize_t)sizeof table.seed;
    if (table.is_seeded) {
        companion->link.hash = hash_of(key);
        hash_table_add(&all, &companion->link);
        atomic_fetch_add_explicit(&client_count, 1, memory_order_release);
    } else {
        free(companion);
        companion = NULL;
    }
    pthread_mutex_unlock(&table.lock);
    return companion;
}

/* The lock is held. */
static void forget_message(struct companion *companion)
{
    free(companion->sender);
    companion->sender = NULL;
    message_record_free(&companion->refused);
    companion->outcome_count = 0;
    for (size_t i = 0; i < ANSWERS; i++) {
        free(companion->answers[i].recipient);
        companion->answers[i].recipient = NULL;
    }
    companion->answer_count = 0;
}

void companion_close(struct companion *companion)
{
    const struct hash_table all = clients();

    if (companion == NULL)
        return;
    pthread_mutex_lock(&table.lock);
    hash_table_remove(&all, &companion->link);
    atomic_fetch_sub_explicit(&client_count, 1, memory_order_release);
    forget_message(companion);
    pthread_mutex_unlock(&table.lock);
    free(companion);
}

void companion_begin_message(struct companion *companion, const struct message *message)
{
    if (companion == NULL)
        return;
    pthread_mutex_lock(&table.lock);
    forget_message(companion);
    companion->sender = strdup(message_sender(message)); /* out of memory: nothing is shared */
    pthread_mutex_unlock(&table.lock);
}

/* The lock is held. */
static void take(const struct companion *companion, struct message *message)
{
    if (companion->outcome_count != message->check_count)
        return;
    for (size_t i = 0; i < message->check_count; i++)
        if (companion->identities[i] != message->checks[i].identity)
            return;
    for (size_t i = 0; i < message->check_count; i++) {
        spf_outcome_copy(&message->checks[i].outcome, &companion->outcomes[i]);
        message->checks[i].has_outcome = true;
    }
}

void companion_end_message(struct companion *companion, struct message *message)
{
    if (companion == NULL)
        return;
    pthread_mutex_lock(&table.lock);
    message_record_take_refused(&message->record, &companion->refused);
    if (message->stage == MESSAGE_PENDING &&
        (message->record.refused_count > 0 || message->record.whole.code != NULL)) {
        take(companion, message);
        message->record.check_count = message->checks[0].has_outcome ? message->check_count : 0;
    }
    forget_message(companion);
    pthread_mutex_unlock(&table.lock);
}

bool companion_has_client(const struct companion_key *key)
{
    if (enter(key, NULL) == NULL)
        return false;
    leave();
    return true;
}

bool companion_has_message(const struct companion_key *key, const struct message *message)
{
    if (enter(key, message) == NULL)
        return false;
    leave();
    return true;
}

void companion_refuse_recipient(const struct companion_key *key, const char *recipient,
                                const struct record_reply *reply)
{
    struct companion *companion = enter(key, NULL);

    if (companion == NULL)
        return;
    message_record_refuse_recipient(&companion->refused, recipient, reply);
    leave();
}

void companion_refuse(const struct companion_key *key, const struct record_reply *reply)
{
    struct companion *companion = enter(key, NULL);

    if (companion == NULL)
        return;
    message_record_refuse(&companion->refused, reply);
    leave();
}

void companion_put_outcomes(const struct companion_key *key, const struct message *message)
{
    struct companion *companion = enter(key, message);

    if (companion == NULL)
        return;
    if (companion->outcome_count == 0) {
        for (size_t i = 0; i < message->check_count; i++) {
            companion->identities[i] = message->checks[i].identity;
            spf_outcome_copy(&companion->outcomes[i], &message->checks[i].outcome);
        }
        companion->outcome_count = message->check_count;
    }
    leave();
}

void companion_take_outcomes(const struct companion_key *key, struct message *message)
{
    const struct companion *companion = enter(key, message);

    if (companion == NULL)
        return;
    take(companion, message);
    leave();
}

void companion_put_greylist(const struct companion_key *key, const struct message *message, const char *recipient,
                            const struct greylist_answer *answer)
{
    struct companion *companion = enter(key, message);
    struct recipient_answer *oldest;

    if (companion == NULL)
        return;
    oldest = &companion->answers[companion->answer_count++ % ANSWERS];
    free(oldest->recipient);
    oldest->recipient = strdup(recipient); /* out of memory: it is not shared */
    oldest->answer = *answer;
    leave();
}

bool companion_take_greylist(const struct companion_key *key, const struct message *message, const char *recipient,
                             struct greylist_answer *answer)
{
    const struct companion *companion = enter(key, message);
    bool found = false;

    if (companion == NULL)
        return false;
    for (size_t i = 0; i < ANSWERS && !found; i++) {
        const struct recipient_answer *known = &companion->answers[i];

        found = known->recipient != NULL && strcmp(known->recipient, recipient) == 0;
        if (found)
            *answer = known->answer;
    }
    leave();
    return found;
}
