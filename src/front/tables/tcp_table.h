/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Postfix's tcp_table(5): lines "get KEY", answered by "200 DATA", "500 TEXT" (not found) or "400 TEXT" (try later).
 * Keys and data have a `%` before two hexadecimal digits for what is no visible US-ASCII. There are no names: a socket
 * is one table. Pure. */
#ifndef SMF_FRONT_TABLES_TCP_TABLE_H
#define SMF_FRONT_TABLES_TCP_TABLE_H

#include "front/tables/table.h"

enum {
    TCP_TABLE_REQUEST_MAX =
        10000,            /* octets of a line with its end: more than Postfix makes of a line of SMTP (2,048) */
    TCP_TABLE_MAX = 4096, /* the same of an answer, as Postfix reads it */
};

extern const struct table_syntax tcp_forward_syntax, tcp_reverse_syntax;

#endif
