/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of TableSocket: a protocol and a socket, `socketmap:unix:/path`, `tcp-forward:inet:10001@127.0.0.1`. */
#ifndef SMF_CONFIG_TABLE_SOCKET_H
#define SMF_CONFIG_TABLE_SOCKET_H

#include "base/strbuf.h"

enum { TABLE_SOCKETS_MAX = 16 }; /* in one file */

/* The protocols. Those of tcp_table(5) have no names of tables, so there is one for each direction. */
#define TABLE_SOCKET_MAP     "socketmap"
#define TABLE_SOCKET_FORWARD "tcp-forward"
#define TABLE_SOCKET_REVERSE "tcp-reverse"

/* What stands after the protocol, within the text; *protocol is one of the words above. NULL: there is none. */
const char *table_socket_spec(const char *text, const char **protocol);

#endif
