/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address of a name server as text, inside the dns room. */
#ifndef SMF_DNS_DNS_SERVER_H
#define SMF_DNS_DNS_SERVER_H

#include <stdbool.h>

enum { DNS_SERVER_SIZE = 64 }; /* enough for "[", any address, "]:65535" and the NUL */

/* Reads "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:53" and writes it with its port
 * (53 if none is given) and IPv6 in brackets. False, with `out` untouched, if `text` is anything else. */
bool dns_server_read(const char *text, char out[DNS_SERVER_SIZE]);

#endif
