/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forwarders, and the line that exempts each. */
#include "tools/report/forwarders.h"

#include "base/addr.h"
#include "base/domain_text.h"
#include "spf/domain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Addresses that no client in the Internet has: a relay or gateway of ours (RFC 1918, 4193, 3927, 6598). */
static bool is_private(const char *client)
{
    static const char *const networks[] = {"10.0.0.0/8",    "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                                           "100.64.0.0/10", "fc00::/7",      "fe80::/10"};
    struct addr_prefix prefix;
    struct addr addr;

    if (!addr_parse(client, &addr))
        return false;
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if (addr_prefix_parse(networks[i], &prefix) && addr_prefix_contains(&prefix, &addr))
            return true;
    return false;
}

static bool is_own(const struct summary *summary, const char *name)
{
    for (size_t i = 0; i < summary->options.own->count; i++)
        if (domain_is_within(name, summary->options.own->items[i]))
            return true;
    return false;
}

/* True for names such as 192-0-2-7.pool.example.net, which hold numbers of the address: lines of customers. */
static bool looks_numbered(const char *name)
{
    static const char *const words[] = {"dyn", "pool", "dhcp", "dsl", "cable", "ppp", "broadband", "customer"};
    unsigned numbers = 0;

    for (const char *c = name; *c != '\0'; c++)
        if (isdigit((unsigned char)*c) && !isdigit((unsigned char)c[1]) && (c[1] == '-' || c[1] == '.'))
            numbers++;
    if (numbers >= 3)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(name, words[i]) != NULL)
            return true;
    return false;
}

static struct forwarder *find(struct forwarder *all, size_t count, const char *owner)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].owner, owner) == 0)
            return &all[i];
    return NULL;
}

/* Shortens `name` to the labels that it has in common with `other`. */
static void keep_common(char *name, const char *other)
{
    size_t a = strlen(name), b = strlen(other), begin;

    while (a > 0 && b > 0 && name[a - 1] == other[b - 1]) {
        a--;
        b--;
    }
    begin = a;
    if (!((a == 0 || name[a - 1] == '.') && (b == 0 || other[b - 1] == '.'))) {
        while (name[begin] != '\0' && name[begin] != '.')
            begin++;
        begin += name[begin] == '.';
    }
    memmove(name, name + begin, strlen(name + begin) + 1);
}

static void add_client(struct forwarder *forwarder, const struct counted *client)
{
    const struct client_figures *figures = client->data;

    if (forwarder->clients++ == 0) {
        (void)snprintf(forwarder->name, sizeof forwarder->name, "%s", figures->name);
        (void)snprintf(forwarder->client, sizeof forwarder->client, "%s", client->key);
    } else {
        keep_common(forwarder->name, figures->name);
    }
    if (forwarder->own_domain[0] == '\0')
        memcpy(forwarder->own_domain, figures->own_domain, sizeof forwarder->own_domain);
    forwarder->failed += figures->failed;
    forwarder->refused += figures->refused;
    for (uint32_t i = 0; i < figures->unrelated_count; i++) {
        uint32_t at = 0;

        while (at < forwarder->senders && forwarder->sender_hashes[at] != figures->unrelated[i])
            at++;
        if (at == forwarder->senders && at < SUMMARY_UNRELATED_MAX)
            forwarder->sender_hashes[forwarder->senders++] = figures->unrelated[i];
    }
}

static void write_line(struct forwarder *forwarder, bool is_relay)
{
    if (is_relay)
        (void)snprintf(forwarder->line, sizeof forwarder->line, "TrustedRelay %s", forwarder->client);
    else if (forwarder->own_domain[0] != '\0' && domain_can_have_policy(forwarder->own_domain))
        (void)snprintf(forwarder->line, sizeof forwarder->line, "WhitelistSPF %s", forwarder->own_domain);
    else if (domain_text_is_host(forwarder->name) && domain_can_have_policy(forwarder->name))
        (void)snprintf(forwarder->line, sizeof forwarder->line, "WhitelistPTR %s", forwarder->name);
}

static int compare(const void *left, const void *right)
{
    const struct forwarder *a = left, *b = right;

    if (a->failed != b->failed)
        return a->failed > b->failed ? -1 : 1;
    return strcmp(a->owner, b->owner);
}

/* Whom a client belongs to: a relay of ours to itself, the hosts of a pool to the owner of their names. */
struct belonging {
    const char *owner;
    bool is_relay;
};

/* False if the client is nobody's: it did not fail for others, or no name of it verified. */
static bool belongs(const struct summary *summary, const struct counted *client, struct belonging *belonging)
{
    const struct client_figures *figures = client->data;

    belonging->is_relay = is_private(client->key) || (figures->name[0] != '\0' && is_own(summary, figures->name));
    belonging->owner = belonging->is_relay ? client->key : figures->owner;
    return figures->unrelated_count > 0 && (belonging->is_relay || figures->name[0] != '\0');
}

static bool is_line(const struct counted *client, const struct belonging *belonging)
{
    const struct client_figures *figures = client->data;

    return !belonging->is_relay && figures->own_domain[0] == '\0' && looks_numbered(figures->name);
}

/* The owners of senders that all clients of one owner fail for, as far as they matter. */
struct owner_figures {
    uint32_t senders;
    uint32_t hashes[FORWARDER_SENDERS_MIN];
};

/* A pool may send but one message from each of its hosts: all of them are looked at before any is left out. */
static bool count_owner(const struct summary *summary, const struct counted *client, struct counted_table *owners)
{
    const struct client_figures *figures = client->data;
    struct belonging belonging;
    struct counted *counted;
    struct owner_figures *owner;

    if (!belongs(summary, client, &belonging) || is_line(client, &belonging))
        return true;
    counted = counted_table_count(owners, belonging.owner);
    if (counted == NULL)
        return false;
    owner = counted->data;
    for (uint32_t i = 0; i < figures->unrelated_count; i++) {
        uint32_t at = 0;

        while (at < owner->senders && owner->hashes[at] != figures->unrelated[i])
            at++;
        if (at == owner->senders && at < FORWARDER_SENDERS_MIN)
            owner->hashes[owner->senders++] = figures->unrelated[i];
    }
    return true;
}

static bool forwards(const struct counted_table *owners, const char *name)
{
    const struct counted *counted = counted_table_find(owners, name);

    return counted != NULL && ((const struct owner_figures *)counted->data)->senders >= FORWARDER_SENDERS_MIN;
}

/* Adds a client to the forwarder that it belongs to, if it is one. */
static void consider(const struct summary *summary, const struct counted *client, const struct counted_table *owners,
                     struct forwarder *all, size_t *count, size_t *left_out)
{
    const struct client_figures *figures = client->data;
    struct belonging belonging;
    struct forwarder *forwarder;

    if (!belongs(summary, client, &belonging))
        return;
    if (is_line(client, &belonging)) {
        *left_out += figures->unrelated_count >= FORWARDER_SENDERS_MIN;
        return;
    }
    if (!forwards(owners, belonging.owner))
        return;
    forwarder = find(all, *count, belonging.owner);
    if (forwarder == NULL) {
        forwarder = &all[(*count)++];
        memset(forwarder, 0, sizeof *forwarder);
        (void)snprintf(forwarder->owner, sizeof forwarder->owner, "%s", belonging.owner);
    }
    add_client(forwarder, client);
    write_line(forwarder, belonging.is_relay);
}

/* Adds all clients, which are in the order of their messages. False if out of memory. */
static bool find_all(const struct summary *summary, struct forwarder *all, size_t most, size_t *count, size_t *left_out)
{
    const size_t client_count = counted_table_size(summary->clients);
    struct counted **clients = counted_table_sorted(summary->clients);
    struct counted_table *owners =
        counted_table_create(sizeof(struct owner_figures), client_count > 16 ? client_count : 16, NULL);
    bool is_fine = owners != NULL && (clients != NULL || client_count == 0);

    for (size_t i = 0; is_fine && i < client_count; i++)
        is_fine = count_owner(summary, clients[i], owners);
    for (size_t i = 0; is_fine && i < client_count && *count < most; i++)
        consider(summary, clients[i], owners, all, count, left_out);
    counted_table_destroy(owners);
    free(clients);
    return is_fine;
}

struct forwarder *forwarders_find(const struct summary *summary, size_t *count, size_t *left_out, bool *failed)
{
    enum { MOST = 1000 };
    struct forwarder *all = malloc(MOST * sizeof *all);

    *count = *left_out = 0;
    *failed = all == NULL || !find_all(summary, all, MOST, count, left_out);
    if (*count == 0) {
        free(all);
        return NULL;
    }
    qsort(all, *count, sizeof *all, compare);
    return all;
}
