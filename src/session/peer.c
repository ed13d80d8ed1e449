/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of a connection in memory and in the log. */
#include "session/peer.h"

#include "base/log_value.h"
#include "mail/idna.h"
#include "policy/whitelist.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    HELO_MAX = 1000,   /* octets of a HELO name that is evaluated; no valid name is nearly as long (RFC 1035 2.3.4) */
    HOST_MAX = 320,    /* octets of a name that the MTA verified */
    LINE_LIMIT = 1900, /* octets of a log line */
};

static bool replace(char **text, const char *value, size_t len)
{
    free(*text);
    *text = strndup(value, len);
    return *text != NULL;
}

struct addr peer_checked_address(const struct config *config, const struct addr *client)
{
    struct addr translated = nat_translate(&config->client_ip_nat, client);

    if (addr_equal(&translated, client) && config->fixed_client_ip.family != ADDR_NONE)
        return config->fixed_client_ip;
    return translated;
}

bool peer_set_host(struct peer *peer, const char *host)
{
    return replace(&peer->host, host, HOST_MAX);
}

bool peer_set_helo(struct peer *peer, const char *helo)
{
    char ascii[IDNA_SIZE];

    free(peer->helo);
    peer->helo = NULL;
    /* A cut name would be another name, so an over-long one is evaluated as none. The evaluation wants A-labels (RFC
     * 7208 4.3). */
    bool kept = strlen(helo) > HELO_MAX || replace(&peer->helo, idna_ascii_form(helo, ascii), HELO_MAX);

    return replace(&peer->helo_shown, helo, HELO_MAX) && kept;
}

void peer_free(struct peer *peer)
{
    free(peer->host);
    free(peer->helo);
    free(peer->helo_shown);
    *peer = (struct peer){.local = false};
}

const char *peer_helo(const struct peer *peer)
{
    return peer->helo != NULL ? peer->helo : "";
}

const char *peer_helo_shown(const struct peer *peer)
{
    return peer->helo_shown != NULL ? peer->helo_shown : "";
}

void peer_add_value(struct strbuf *line, const char *value)
{
    char shown[LOG_VALUE_SIZE];

    strbuf_add(line, log_word(value, shown));
}

static void add_key(struct strbuf *line, const char *key, const char *value)
{
    if (value == NULL)
        return;
    strbuf_addf(line, ", %s=", key);
    peer_add_value(line, value);
}

void peer_log(const struct peer *peer, enum log_level level, const char *event, const char *sender, const char *format,
              ...)
{
    char text[ADDR_TEXT_SIZE];
    struct strbuf line = {.limit = LINE_LIMIT};
    va_list args;

    if (!log_enabled(level))
        return;
    strbuf_addf(&line, "SPF %s: ip=%s", event, addr_format(&peer->checked, text));
    add_key(&line, "fqdn", peer->host);
    add_key(&line, "helo", sender != NULL ? peer_helo_shown(peer) : peer->helo_shown);
    if (sender != NULL) {
        strbuf_add(&line, ", from=<");
        peer_add_value(&line, sender);
        strbuf_add_char(&line, '>');
    }
    if (!addr_equal(&peer->client, &peer->checked))
        strbuf_addf(&line, ", client=%s", addr_format(&peer->client, text));
    va_start(args, format);
    strbuf_vaddf(&line, format, args);
    va_end(args);
    log_write(level, "%s", strbuf_text(&line));
    strbuf_free(&line);
}

void peer_exempt(const struct peer *peer, enum log_level level, enum reason reason, const char *sender)
{
    char event[REASON_EVENT_SIZE];

    reason_count(reason, false);
    peer_log(peer, level, reason_event("skipped", reason, event), sender, "%s", "");
}

void peer_fault(const struct peer *peer, enum reason reason)
{
    char text[ADDR_TEXT_SIZE];

    reason_count(reason, false);
    log_error("%s for the client %s: the message goes on", reason_words(reason), addr_format(&peer->checked, text));
}
