/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client that an MTA names in the Received field it writes (RFC 5321 4.4), for fields that a host of ours has
 * written. Pure. */
#ifndef SMF_MAIL_RECEIVED_H
#define SMF_MAIL_RECEIVED_H

#include "base/addr.h"

#include <stdbool.h>

enum { RECEIVED_HELO_SIZE = 256 }; /* room for any HELO name that can have a policy (RFC 1035 2.3.4) */

enum received_kind {
    RECEIVED_CLIENT, /* it names the client */
    RECEIVED_INSIDE, /* a step inside the MTA: the field below it was written by the same one, and says more */
    RECEIVED_UNREAD, /* it names no client, or is in no form that is known */
};

struct received {
    struct addr client;
    char helo[RECEIVED_HELO_SIZE]; /* "" where there is none, or one that is longer */
    bool authenticated;            /* the client logged in (RFC 3848) */
};

/* Reads the value of a Received field. What is not from its first to its last octet in the form of one of these MTAs is
 * not read, as its parts may be the client's own words. The true address is in upper case, what a client may write in
 * angle brackets:
 *
 *   Postfix, Sendmail, Proofpoint, Gmail, Courier, OpenSMTPD, Haraka, amavis and many others:
 *     from <helo> (<ident>@name [ADDRESS]) by ...      from <helo> ([ADDRESS]) by ...
 *   Sendmail without HELO: (from <ident>@name [ADDRESS]) by ...
 *   Exim: from name ([ADDRESS] helo=<helo> ident=<ident>) by ...    from [ADDRESS] (helo=<helo>) by ... (Exim ...)
 *   CommuniGate: from [ADDRESS] (HELO <helo>) by ... (CommuniGate Pro SMTP ...)
 *   Exchange: from <helo> (ADDRESS) by ...
 *   qmail and its kin: from <name> (HELO <helo>) (<ident>@ADDRESS) by ...
 *
 * A step inside the MTA is qmail's `(qmail 1 invoked from network)` and Gmail's `by name with SMTP id ...`.
 *
 * For RECEIVED_UNREAD, *problem says what the field does ("names no client"), and lives as long as the program. *out
 * changes for RECEIVED_CLIENT alone. */
enum received_kind received_parse(const char *value, struct received *out, const char **problem);

#endif
