/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the transaction of a client by its address and port. */
#include "front/policy/clients.h"

#include <stdlib.h>
#include <string.h>

static struct hash_table table_of(struct clients *clients)
{
    return (struct hash_table){clients->buckets, CLIENTS_BUCKETS};
}

/* The client as one text. */
static bool write_key(const struct request *request, struct strbuf *key)
{
    strbuf_add(key, request->client_address);
    strbuf_add_char(key, '\n');
    strbuf_add(key, request->client_port);
    return !key->failed;
}

static struct client_entry *find(struct clients *clients, const char *key, uint64_t hash)
{
    struct hash_table table = table_of(clients);
    struct hash_link *link = hash_table_first(&table, hash);

    for (; link != NULL; link = hash_table_next(link)) {
        struct client_entry *entry = (struct client_entry *)(void *)link;

        if (!entry->is_busy && strcmp(entry->key, key) == 0)
            return entry;
    }
    return NULL;
}

/* A new entry takes the key. NULL if out of memory. */
static struct client_entry *create(struct clients *clients, struct strbuf *key, uint64_t hash, bool is_shared)
{
    struct client_entry *entry = calloc(1, sizeof *entry);
    struct hash_table table = table_of(clients);

    if (entry == NULL)
        return NULL;
    entry->key = strbuf_take(key);
    entry->link.hash = hash;
    entry->is_in_table = is_shared;
    if (is_shared)
        hash_table_add(&table, &entry->link);
    return entry;
}

struct client_entry *clients_turn(struct clients *clients, struct client_entry *entry, const struct request *request)
{
    /* Without a port, as an old Postfix has it, two clients of one address look alike. */
    const bool is_shared = request->client_port[0] != '\0' && strcmp(request->client_port, "0") != 0;
    struct strbuf key = STRBUF_INIT;
    struct client_entry *other = NULL;

    if (write_key(request, &key)) {
        uint64_t hash;

        if (entry != NULL && !entry->is_busy && strcmp(entry->key, strbuf_text(&key)) == 0) {
            strbuf_free(&key);
            return entry;
        }
        hash = hash_octets(clients->seed, strbuf_text(&key), key.len);
        other = is_shared ? find(clients, strbuf_text(&key), hash) : NULL;
        if (other == NULL)
            other = create(clients, &key, hash, is_shared);
    }
    strbuf_free(&key);
    if (other != NULL)
        other->users++;
    clients_leave(clients, entry);
    return other;
}

void clients_leave(struct clients *clients, struct client_entry *entry)
{
    struct hash_table table = table_of(clients);

    if (entry == NULL || --entry->users > 0)
        return;
    if (entry->is_in_table)
        hash_table_remove(&table, &entry->link);
    transaction_end(&entry->transaction);
    free(entry->key);
    free(entry);
}
