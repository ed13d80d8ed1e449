/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client that an MTA names in the Received field it writes, for fields that a host of our own has written. Pure. */
#ifndef SMF_POLICY_RECEIVED_H
#define SMF_POLICY_RECEIVED_H

#include "base/addr.h"

#include <stdbool.h>

enum { RECEIVED_HELO_SIZE = 256 }; /* room for any HELO name that can have a policy (RFC 1035 2.3.4) */

struct received {
    struct addr client;
    char helo[RECEIVED_HELO_SIZE]; /* "" where there is none, or one that is longer */
    bool authenticated;            /* the protocol says that the client logged in (RFC 3848) */
};

/* Reads the value of a Received field as Postfix, Sendmail, Exim and Exchange write it. False, with *out untouched, if
 * it names no client in one of their forms: a message that the MTA made itself, or text that could be read in two ways,
 * as parts of the field are the client's own words. */
bool received_parse(const char *value, struct received *out);

#endif
