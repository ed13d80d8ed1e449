/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where greylisting stores what it knows: the value of GreylistStore, in one of these forms. Pure.
 *
 * - sqlite:/var/lib/smf-spf/greylist.db
 * - redis://host:port/db?prefix=text (the host may be [address]; port 6379, db 0 and prefix "smf-spf:" unless said)
 * - redis+unix:/path?db=N&prefix=text */
#ifndef SMF_GREYLIST_STORE_ADDRESS_H
#define SMF_GREYLIST_STORE_ADDRESS_H

#include "base/strbuf.h"

#include <stdbool.h>

enum { STORE_ADDRESS_HOST_SIZE = 256, STORE_ADDRESS_PREFIX_SIZE = 64, STORE_ADDRESS_PATH_SIZE = 1024 };

enum store_kind { STORE_SQLITE, STORE_REDIS, STORE_REDIS_UNIX };

struct store_address {
    enum store_kind kind;
    char path[STORE_ADDRESS_PATH_SIZE]; /* SQLITE: the file; REDIS_UNIX: the socket; absolute */
    char host[STORE_ADDRESS_HOST_SIZE]; /* REDIS */
    unsigned port, database;
    char prefix[STORE_ADDRESS_PREFIX_SIZE]; /* of each key, of the characters A-Z a-z 0-9 . _ : - */
};

/* False, with *out untouched, for any other text, one with a password too. */
bool store_address_parse(const char *text, struct store_address *out);

/* Appends an address as people know it: where it is and which database, but no prefix. */
void store_address_write(const struct store_address *address, struct strbuf *out);

#endif
