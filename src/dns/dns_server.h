/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address of a name server as text. */
#ifndef SMF_DNS_DNS_SERVER_H
#define SMF_DNS_DNS_SERVER_H

#include <stdbool.h>
#include <sys/socket.h>

enum { DNS_SERVER_SIZE = 96 }; /* enough for any address, "%" with an interface, "@65535" and the NUL */

struct dns_server {
    char text[DNS_SERVER_SIZE];
};

/* Reads "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:53", an IPv6 address perhaps
 * with its interface ("fe80::1%eth0", RFC 4007 11), and writes it with its port (53 if none is given) as
 * "192.0.2.1@53". False, with `out` untouched, if `text` is anything else. */
bool dns_server_read(const char *text, struct dns_server *out);

/* The address of a server that was read, for sockets. False if its interface is not there. */
bool dns_server_address(const struct dns_server *server, struct sockaddr_storage *address, socklen_t *len);

/* True if dns_server_read can read it. */
bool dns_server_valid(const char *text);

#endif
