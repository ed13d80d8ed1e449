/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One message under way: its sender, what was found out about it, and what was noted for its end. */
#ifndef SMF_MILTER_MESSAGE_H
#define SMF_MILTER_MESSAGE_H

#include "milter/actions.h"
#include "policy/address.h"
#include "policy/config.h"
#include "policy/header.h"
#include "policy/idna.h"
#include "policy/verdict.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stddef.h>

/* A recipient that the message may be kept from. */
struct recipient {
    char *argument; /* exactly as the MTA gave it */
    char *shown;    /* the address in it */
};

/* Fields of one name: how many there were, and which of them (counted from 1) are forged. */
struct forged_fields {
    int seen;
    int *forged;
    size_t count;
};

/* One identity of a message, and what was found out about it. */
struct identity_check {
    enum spf_identity identity;
    const char *domain;    /* as the client gave it; "" where it has none */
    char ascii[IDNA_SIZE]; /* room for the same with A-labels */
    struct spf_outcome outcome;
};

enum { MESSAGE_CHECKS_MAX = 2, MESSAGE_QUEUE_ID_SIZE = 65 };

/* The field that names a recipient whom a quarantine took the message from. */
#define MESSAGE_ORIGINAL_TO "X-SPF-Original-To"

struct message {
    char *receiver;                       /* this host, as it names itself to others */
    char *authserv_id;                    /* the name our results stand under */
    char queue_id[MESSAGE_QUEUE_ID_SIZE]; /* the MTA's, for the log; "" before it is known */

    struct address sender; /* zeroed for the null sender */
    /* That of the sender, or of the HELO name in a null sender's place; behind it that of the HELO name, if it is
     * checked too. */
    struct identity_check checks[MESSAGE_CHECKS_MAX];
    size_t check_count; /* 0: the message is not checked */
    struct verdict verdict;
    struct verdict spared; /* the refusal that TestMode did not carry out, if `is_spared` */

    struct recipient *recipients; /* those that a quarantine takes the message from */
    size_t recipient_count;

    char *subject; /* of the first Subject field; NULL where there was none, or it is not needed or lost */
    struct forged_fields results;   /* Authentication-Results */
    struct forged_fields received;  /* Received-SPF */
    struct forged_fields originals; /* MESSAGE_ORIGINAL_TO: none that comes in is ours */

    struct action_builder actions;

    bool open; /* between MAIL and the message's end */
    bool null_sender;
    bool exemption_unknown; /* the DNS did not say whether its host may forward any mail */
    bool relayed;           /* from a relay of our own: whose it is stands in its header */
    bool judged;            /* the outcomes and `verdict` hold */
    bool released;          /* a whitelisted recipient gets it */
    bool accepted;          /* another recipient does */
    bool is_spared;         /* TestMode let it go on, to all recipients or to some */
    bool is_spared_whole;
    bool recipients_lost; /* some could not be kept */
    bool subject_seen;
    bool subject_lost;
    bool forged_lost; /* some could not be noted */
};

enum {
    MESSAGE_RECIPIENTS_MAX = 1000, /* kept for a quarantine */
    MESSAGE_FORGED_MAX = 10000,    /* forged fields noted, for each name */
    MESSAGE_SUBJECT_MAX = 60000,   /* octets of a subject; a milter packet holds 65,535 */
};

/* Begins a message: `open`, with copies of the two names. False, with the message empty, if out of memory. */
bool message_begin(struct message *message, const char *receiver, const char *authserv_id);

/* Notes the MTA's queue id, shortened if need be; NULL: it is not known yet. */
void message_note_queue_id(struct message *message, const char *queue_id);

/* Frees all that the message holds and zeroes it. */
void message_reset(struct message *message);

/* The whole address of the sender; "" for the null one. */
const char *message_sender(const struct message *message);

/* Keeps a recipient for a quarantine. `shown` NULL: as the argument. False if it could not be kept; then
 * `recipients_lost` is set. */
bool message_add_recipient(struct message *message, const char *argument, const char *shown);

/* Notes a field; `mode` says which result fields are forged. False if this is the first one that could not be kept. */
bool message_note_field(struct message *message, enum forged_mode mode, const char *name, const char *value);

#endif
