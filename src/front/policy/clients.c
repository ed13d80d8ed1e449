/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the transaction of a client by its address, port and name. */
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
    if (key->failed)
        strbuf_free(key);
    strbuf_truncate(key, 0);
    strbuf_add(key, request->client_address);
    strbuf_add_char(key, '\n');
    strbuf_add(key, request->client_port);
    strbuf_add_char(key, '\n');
    strbuf_add(key, request->client_name);
    return !key->failed;
}

static bool has_key(const struct client_entry *entry, const struct strbuf *key)
{
    return !entry->is_busy && entry->key.len == key->len && memcmp(entry->key.text, key->text, key->len) == 0;
}

static struct client_entry *find(struct clients *clients, uint64_t hash)
{
    struct hash_table table = table_of(clients);
    struct hash_link *link = hash_table_first(&table, hash);

    for (; link != NULL; link = hash_table_next(link)) {
        struct client_entry *entry = (struct client_entry *)(void *)link;

        if (has_key(entry, &clients->wanted))
            return entry;
    }
    return NULL;
}

static void free_entry(struct client_entry *entry)
{
    transaction_end(&entry->transaction);
    strbuf_free(&entry->key);
    free(entry);
}

/* A new entry, of which nothing was asked yet. NULL if out of memory. */
static struct client_entry *create(struct clients *clients, uint64_t hash, bool is_shared)
{
    struct client_entry *entry = clients->spare != NULL ? clients->spare : calloc(1, sizeof *entry);
    struct hash_table table = table_of(clients);

    if (entry == NULL)
        return NULL;
    clients->spare = NULL;
    strbuf_truncate(&entry->key, 0);
    strbuf_begin_short(&entry->key, clients->wanted.len);
    strbuf_add_mem(&entry->key, clients->wanted.text, clients->wanted.len);
    if (entry->key.failed) {
        free_entry(entry);
        return NULL;
    }
    entry->link.hash = hash;
    entry->is_in_table = is_shared;
    if (is_shared)
        hash_table_add(&table, &entry->link);
    return entry;
}

/* The entry of the client that is wanted: the present one, another, or a new one. NULL if out of memory. */
static struct client_entry *turn_to_wanted(struct clients *clients, struct client_entry *present, bool is_shared)
{
    struct client_entry *other;
    uint64_t hash;

    if (present != NULL && has_key(present, &clients->wanted))
        return present;
    hash = hash_octets(clients->seed, clients->wanted.text, clients->wanted.len);
    other = is_shared ? find(clients, hash) : NULL;
    return other != NULL ? other : create(clients, hash, is_shared);
}

struct client_entry *clients_turn(struct clients *clients, struct client_entry *entry, const struct request *request)
{
    /* Without a port, as for the client of a proxy that does not tell it ("unknown"), two of one address look alike. */
    const bool is_shared = request->client_port[0] >= '1' && request->client_port[0] <= '9';
    struct client_entry *wanted =
        write_key(request, &clients->wanted) ? turn_to_wanted(clients, entry, is_shared) : NULL;

    if (wanted == entry && entry != NULL)
        return entry;
    if (wanted != NULL)
        wanted->users++;
    clients_leave(clients, entry);
    return wanted;
}

void clients_leave(struct clients *clients, struct client_entry *entry)
{
    struct hash_table table = table_of(clients);

    if (entry == NULL || --entry->users > 0)
        return;
    if (entry->is_in_table)
        hash_table_remove(&table, &entry->link);
    if (clients->spare != NULL) {
        free_entry(entry);
        return;
    }
    transaction_reset(&entry->transaction);
    entry->is_busy = false;
    clients->spare = entry;
}
