/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SMTP clients that are asked about (address, port, name): one transaction each, whatever connections of Postfix's
 * ask. Lists of restrictions that name the service in different ways have connections of their own, and the message
 * they ask about is the same. One thread. */
#ifndef SMF_FRONT_POLICY_CLIENTS_H
#define SMF_FRONT_POLICY_CLIENTS_H

#include "base/hash_table.h"
#include "front/policy/request.h"
#include "front/policy/transaction.h"

#include <stdbool.h>
#include <stdint.h>

/* A client, counted by the connections that have asked about it last. */
struct client_entry {
    struct hash_link link; /* the first member */
    struct transaction transaction;
    unsigned users;
    bool is_busy;      /* one of them waits for an answer */
    bool is_in_table;  /* else it is the only user's own */
    unsigned asked_in; /* the rest (policy_front.c) before which it was asked about last */
    struct strbuf key;
};

enum { CLIENTS_BUCKETS = 1024 };

/* Zeroed, but for the seed: empty. */
struct clients {
    uint8_t seed[HASH_SEED_SIZE]; /* random */
    struct hash_link *buckets[CLIENTS_BUCKETS];
    struct client_entry *spare; /* one that was left, with its memory; NULL: none */
    struct strbuf wanted;       /* the key of the client that a request is about */
};

/* Turns a connection, which has `entry` (NULL: none yet), to the client of a request. NULL if out of memory, and the
 * entry is given back even so. */
struct client_entry *clients_turn(struct clients *clients, struct client_entry *entry, const struct request *request);

/* Gives an entry back; the last user ends its transaction. NULL is fine. */
void clients_leave(struct clients *clients, struct client_entry *entry);

#endif
