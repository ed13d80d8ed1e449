/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the address and port of a name server out of text. */
#include "dns/dns_server.h"

#include "base/addr.h"

#include <ctype.h>
#include <net/if.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { DNS_PORT = 53 };

/* Reads a decimal port. */
static bool read_port(const char *text, unsigned *port)
{
    unsigned value = 0;

    if (strlen(text) > 5 || strspn(text, "0123456789") != strlen(text))
        return false;
    for (; *text; text++)
        value = 10 * value + (unsigned)(*text - '0');
    if (value == 0 || value > UINT16_MAX)
        return false;
    *port = value;
    return true;
}

/* Reads an address, perhaps with the name of an interface, and writes it in its canonical form. */
static bool read_address(const char *text, size_t len, char out[DNS_SERVER_SIZE])
{
    char canonical[ADDR_TEXT_SIZE];
    const char *percent = memchr(text, '%', len);
    size_t address_len = percent ? (size_t)(percent - text) : len, interface_len = len - address_len;
    struct addr addr;

    if (interface_len == 1 || interface_len > IF_NAMESIZE)
        return false;
    if (!addr_parse_mem(text, address_len, &addr) || (percent && addr.family != ADDR_V6))
        return false;
    for (size_t i = 1; i < interface_len; i++)
        if (!isalnum((unsigned char)percent[i]) && !strchr("-_.", percent[i]))
            return false;
    addr_format(&addr, canonical);
    snprintf(out, DNS_SERVER_SIZE, "%s%.*s", canonical, (int)interface_len, percent ? percent : "");
    return true;
}

bool dns_server_read(const char *text, struct dns_server *out)
{
    const char *colon = strchr(text, ':');
    bool bracketed = text[0] == '[', bare_v6 = !bracketed && colon && strchr(colon + 1, ':');
    size_t len = bare_v6 ? strlen(text) : strcspn(text, bracketed ? "]" : ":");
    const char *rest = text + len + (bracketed && text[len] == ']');
    char address[DNS_SERVER_SIZE];
    unsigned port = DNS_PORT;

    if (bracketed && (text[len] != ']' || !colon || colon > text + len))
        return false;
    if (!read_address(text + bracketed, len - bracketed, address))
        return false;
    if (*rest != '\0' && (*rest != ':' || !read_port(rest + 1, &port)))
        return false;
    len = strlen(address);
    memcpy(out->text, address, len);
    snprintf(out->text + len, DNS_SERVER_SIZE - len, "@%u", port);
    return true;
}

bool dns_server_valid(const char *text)
{
    struct dns_server server;

    return dns_server_read(text, &server);
}

bool dns_server_address(const struct dns_server *server, struct sockaddr_storage *address, socklen_t *len)
{
    const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM};
    const char *at = strrchr(server->text, '@');
    char host[DNS_SERVER_SIZE];
    struct addrinfo *found = NULL;

    snprintf(host, sizeof(host), "%.*s", (int)(at - server->text), server->text);
    if (getaddrinfo(host, at + 1, &numeric, &found) != 0)
        return false;
    memcpy(address, found->ai_addr, found->ai_addrlen);
    *len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}
