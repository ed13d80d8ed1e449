/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of a connection in memory and in the log. */
#include "session/client.h"

#include "base/log.h"
#include "base/log_value.h"
#include "mail/idna.h"
#include "policy/whitelist.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    HELO_MAX = 1000, /* octets of a HELO name that is evaluated; no valid name is nearly as long (RFC 1035 2.3.4) */
    HOST_MAX = 320,  /* octets of a name that the MTA verified */
};

struct addr client_effective_address(const struct config *config, const struct addr *address)
{
    struct addr translated = nat_translate(&config->client_ip_nat, address);

    if (addr_equal(&translated, address) && config->fixed_client_ip.family != ADDR_NONE)
        return config->fixed_client_ip;
    return translated;
}

void client_init(struct client *client)
{
    memset(client, 0, offsetof(struct client, host_room));
}

/* A copy of a name, at most `max` octets, in the room if it fits; NULL if out of memory. */
static char *keep_name(const char *name, size_t max, char room[CLIENT_NAME_ROOM])
{
    const size_t len = strlen(name);

    return len < CLIENT_NAME_ROOM ? memcpy(room, name, len + 1) : strndup(name, max);
}

static void free_name(char *name, const char room[CLIENT_NAME_ROOM])
{
    if (name != room)
        free(name);
}

bool client_set_host(struct client *client, const char *host)
{
    free_name(client->host, client->host_room);
    client->host = keep_name(host, HOST_MAX, client->host_room);
    return client->host != NULL;
}

static void free_helo(struct client *client)
{
    if (client->helo != client->helo_shown)
        free(client->helo);
    free_name(client->helo_shown, client->helo_room);
    client->helo = client->helo_shown = NULL;
}

bool client_set_helo(struct client *client, const char *helo)
{
    char ascii[IDNA_SIZE];
    const char *form = idna_ascii_form(helo, ascii); /* the evaluation wants A-labels (RFC 7208 4.3) */

    free_helo(client);
    client->helo_shown = keep_name(helo, HELO_MAX, client->helo_room);
    if (strlen(helo) > HELO_MAX) /* a cut name would be another name: it is evaluated as none */
        return client->helo_shown != NULL;
    client->helo = form == helo ? client->helo_shown : strdup(form);
    return client->helo != NULL && client->helo_shown != NULL;
}

void client_set_begun(struct client *client, struct speculation *speculation)
{
    speculation_end(client->begun);
    client->begun = speculation;
}

void client_free(struct client *client)
{
    speculation_end(client->begun);
    free_name(client->host, client->host_room);
    free_helo(client);
    client_init(client);
}

const char *client_helo(const struct client *client)
{
    return client->helo != NULL ? client->helo : "";
}

const char *client_helo_shown(const struct client *client)
{
    return client->helo_shown != NULL ? client->helo_shown : "";
}

void client_add_value(struct strbuf *line, const char *value)
{
    log_add_word(line, value);
}

/* `key` is with all that belongs to it. */
static void add_key(struct strbuf *line, const char *key, const char *value)
{
    if (value == NULL)
        return;
    strbuf_add(line, key);
    client_add_value(line, value);
}

void client_add(const struct client *client, const char *sender, struct strbuf *line)
{
    char text[ADDR_TEXT_SIZE];

    strbuf_add(line, ": ip=");
    strbuf_add(line, addr_format(&client->effective, text));
    add_key(line, ", fqdn=", client->host);
    add_key(line, ", helo=", sender != NULL ? client_helo_shown(client) : client->helo_shown);
    if (sender != NULL) {
        strbuf_add(line, ", from=<");
        client_add_value(line, sender);
        strbuf_add_char(line, '>');
    }
    if (!addr_equal(&client->address, &client->effective))
        strbuf_addf(line, ", client=%s", addr_format(&client->address, text));
}

void client_log_fault(const struct client *client, enum reason reason)
{
    char text[ADDR_TEXT_SIZE];

    reason_count(reason, false);
    log_error("%s for the client %s: the message goes on", reason_words(reason), addr_format(&client->effective, text));
}
