/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SMTP clients that both a milter and the policy service are asked about, by their address and port. The milter sees
 * all of a message, so that its session logs it and adds the fields. That of the policy service leaves this to it, and
 * hands over what only it knows: recipients that are refused before the milter hears of them. Results are found out
 * once. Any thread. */
#ifndef SMF_SESSION_COMPANION_H
#define SMF_SESSION_COMPANION_H

#include "base/addr.h"
#include "session/message.h"
#include "session/message_record.h"

#include <stdbool.h>

/* The client. */
struct companion_key {
    struct addr address;
    unsigned port; /* 0: it is not known, and nothing is shared */
};

/* A client of the milter. */
struct companion;

/* Lists a client, until it is closed. NULL if it has no port, or out of memory: nothing is shared then. */
struct companion *companion_open(const struct companion_key *key);
void companion_close(struct companion *companion); /* NULL is fine, here and below */

/* The milter's message begins, with its sender. */
void companion_begin_message(struct companion *companion, const struct message *message);

/* It ends, before its line is logged: it gets the recipients that were refused without it, and if these were all that
 * was asked about, its results, and stays PENDING all the same. */
void companion_end_message(struct companion *companion, struct message *message);

/* True if the milter has this client; or this message of it. */
bool companion_has_client(const struct companion_key *key);
bool companion_has_message(const struct companion_key *key, const struct message *message);

/* Hands a refused recipient (NULL: it cannot be read) over to the milter's message of this client. */
void companion_refuse_recipient(const struct companion_key *key, const char *recipient,
                                const struct record_reply *reply);

/* The same where the whole message is refused. */
void companion_refuse(const struct companion_key *key, const struct record_reply *reply);

/* Hands over what is known of the results of a message, or takes it, if both are about the same identities. */
void companion_put_outcomes(const struct companion_key *key, const struct message *message);
void companion_take_outcomes(const struct companion_key *key, struct message *message);

/* Hands over what greylisting said of a recipient of the message, or takes it, so that its store is asked once: of the
 * few recipients that were asked about last. False: there is nothing to take. */
void companion_put_greylist(const struct companion_key *key, const struct message *message, const char *recipient,
                            const struct greylist_answer *answer);
bool companion_take_greylist(const struct companion_key *key, const struct message *message, const char *recipient,
                             struct greylist_answer *answer);

#endif
