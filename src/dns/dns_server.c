/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the address and port of a name server out of text. */
#include "dns/dns_server.h"

#include "base/addr.h"

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

bool dns_server_read(const char *text, char out[DNS_SERVER_SIZE])
{
    char address[ADDR_TEXT_SIZE], canonical[ADDR_TEXT_SIZE];
    const char *colon = strchr(text, ':');
    bool bracketed = text[0] == '[', bare_v6 = !bracketed && colon && strchr(colon + 1, ':');
    size_t len = bare_v6 ? strlen(text) : strcspn(text, bracketed ? "]" : ":");
    const char *rest = text + len + (bracketed && text[len] == ']');
    unsigned port = DNS_PORT;
    struct addr addr;

    if (bracketed && (text[len] != ']' || !colon || colon > text + len))
        return false;
    len -= bracketed;
    if (len >= sizeof(address))
        return false;
    snprintf(address, sizeof(address), "%.*s", (int)len, text + bracketed);
    if (!addr_parse(address, &addr))
        return false;
    if (*rest != '\0' && (*rest != ':' || !read_port(rest + 1, &port)))
        return false;
    addr_format(&addr, canonical);
    snprintf(out, DNS_SERVER_SIZE, addr.family == ADDR_V6 ? "[%s]:%u" : "%s:%u", canonical, port);
    return true;
}
