/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One message: the stage it is in, its sender, what was found out about it, and what was noted for its end. */
#ifndef SMF_SESSION_MESSAGE_H
#define SMF_SESSION_MESSAGE_H

#include "config/config.h"
#include "dmarc/dmarc_discovery.h"
#include "mail/address.h"
#include "mail/idna.h"
#include "policy/verdict.h"
#include "session/actions.h"
#include "session/greylist_visits.h"
#include "session/inquiry.h"
#include "session/message_record.h"
#include "session/reason.h"
#include "session/session.h"
#include "session/speculation.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stddef.h>

/* A message is in exactly one stage, and what a step may use follows from the stage alone. MAIL makes it EXEMPT, and
 * PENDING or RELAYED if it is to be checked. RELAYED becomes PENDING or EXEMPT at its end, PENDING becomes DECIDED or
 * EXEMPT. From everywhere it is NONE again after its end, a refusal, ABORT, HELO and a new MAIL. */
enum message_stage {
    MESSAGE_NONE,    /* none is under way */
    MESSAGE_EXEMPT,  /* not checked: it gets no result field, but forged ones are removed */
    MESSAGE_RELAYED, /* from one of our relays: its header names the client to check */
    MESSAGE_PENDING, /* the identities to check are named (checks[].domain) */
    MESSAGE_DECIDED, /* the outcomes and the verdict hold (checks[].outcome, verdict) */
};

/* A recipient that a quarantine may take the message from. */
struct recipient {
    char *shown;                        /* its address */
    char *handles[SESSION_HANDLES_MAX]; /* by which the front end knows it */
    size_t handle_count;
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
    const char *domain;              /* as the client gave it; "" where it has none */
    char ascii[IDNA_SIZE];           /* room for the same with A-labels */
    struct speculation *speculation; /* what was begun for it before its outcome was due; NULL: nothing */
    struct spf_outcome outcome;
    struct dmarc_discovery dmarc; /* looked up where LeaveToDMARC needs it; else zeroed */
    bool has_outcome, has_dmarc;
};

/* The Subject fields of a message that may be tagged. RFC 5322 3.6 allows one; of several, mail readers show the first
 * or the last. */
struct subjects {
    char **texts; /* NULL where one could not be kept: it stays as it is */
    size_t count;
};

/* For how many recipients TestMode did not carry out a refusal. */
enum would_refuse { WOULD_REFUSE_NONE, WOULD_REFUSE_SOME, WOULD_REFUSE_ALL };

enum { MESSAGE_CHECKS_MAX = 2, MESSAGE_QUEUE_ID_SIZE = 65 };

/* The field that names a recipient whom a quarantine took the message from. */
#define MESSAGE_ORIGINAL_TO "X-SPF-Original-To"

struct companion_key;

struct message {
    bool is_begun; /* since it was last reset; else it is zeroed */
    enum message_stage stage;
    enum reason reason; /* why it is EXEMPT; else REASON_NONE */

    const char *receiver;                 /* this host, as it names itself to others */
    const char *authserv_id;              /* the name our results stand under */
    char queue_id[MESSAGE_QUEUE_ID_SIZE]; /* the MTA's, for the log; "" before it is known */

    struct address sender;  /* zeroed for the null sender */
    size_t check_count;     /* of `checks`; at least 1 from PENDING on; 0 before */
    struct inquiry inquiry; /* of what the decision needs */
    struct verdict verdict;
    const char *unknown_exemption; /* DECIDED: the key that might exempt the client, whose lookup failed; NULL: none */
    struct verdict undone; /* the refusal that TestMode did not carry out, unless `would_refuse` is WOULD_REFUSE_NONE */
    enum would_refuse would_refuse;
    enum reason exempt_recipient; /* why some recipient gets it whatever the result; REASON_NONE: none does */

    struct greylist_visits greylist; /* of its recipients */
    struct recipient *recipients;    /* those that a quarantine takes the message from */
    size_t recipient_count;

    struct subjects subjects;
    struct forged_fields results;   /* Authentication-Results */
    struct forged_fields arc;       /* ARC-Authentication-Results */
    struct forged_fields received;  /* Received-SPF */
    struct forged_fields originals; /* MESSAGE_ORIGINAL_TO: none that comes in is ours */
    size_t results_cost;            /* of reading result fields, so far; see MESSAGE_RESULTS_COST_MAX */

    bool authenticated; /* what its client has shown about itself */
    bool has_certificate;
    bool is_judged;     /* by the settings of recipients: one of them is not exempt */
    bool adds_results;  /* then: the settings of one who gets the message add Authentication-Results */
    bool adds_received; /* and Received-SPF */
    bool shows_helo;    /* and check the HELO name */
    bool is_malformed;  /* the sender cannot be read */
    const struct companion_key *followed; /* the client, of which the milter has this message too; NULL: it has not */
    bool is_ahead;                        /* it has the client, and will have the message, which it had not at MAIL */
    bool null_sender;
    bool is_kept_early;   /* before its end the MTA was told to hold or redirect it */
    bool accepted;        /* another recipient does */
    bool recipients_lost; /* out of memory for one of `recipients` */
    bool subjects_lost;   /* there were more than MESSAGE_SUBJECTS_MAX */
    bool forged_lost;     /* some could not be noted */

    /* That of the sender, or for a null sender that of the HELO name; after it that of the HELO name, if it is
     * checked too. Here and below, as most of the message is room for texts: of a message that is zeroed they are not,
     * but for their speculations, and message_add_check makes one out of what there was before. */
    struct identity_check checks[MESSAGE_CHECKS_MAX];
    struct action_builder actions;
    struct message_record record; /* for the log */
};

enum {
    MESSAGE_RECIPIENTS_MAX = 1000, /* of a message that may be quarantined; RFC 5321 4.5.3.1.8 asks for 100 */
    MESSAGE_FORGED_MAX = 500, /* forged fields that are removed from a message, whatever their names; no honest message
                               * comes close to that, and MTAs take seconds for thousands of removals */
    /* What reading result fields may cost for a message, in octets and MESSAGE_RESULT_COST more for each: it takes some
     * hundred instructions for an octet. A field past that is removed unread. No honest message has half as much. */
    MESSAGE_RESULTS_COST_MAX = 32 * 1024,
    MESSAGE_RESULT_COST = 32,
    MESSAGE_SUBJECTS_MAX = 100,  /* Subject fields kept */
    MESSAGE_SUBJECT_MAX = 60000, /* octets of a subject that is tagged, the rest is cut; a milter packet holds 65,535 */
};

/* Makes memory that has any content a message that is not begun, zeroed. */
void message_init(struct message *message);

/* Begins a message, EXEMPT for an internal error until its sender is read. The two names live as long as the message.
 */
void message_begin(struct message *message, const char *receiver, const char *authserv_id);

/* EXEMPT to RELAYED. */
void message_await_relayed_client(struct message *message);

/* EXEMPT, RELAYED or PENDING to PENDING: names one more identity to check, the sender's first. `domain` lives as long
 * as the message. */
void message_add_check(struct message *message, enum spf_identity identity, const char *domain);

/* PENDING to DECIDED, once the outcomes are there. */
void message_decide(struct message *message, const struct verdict *verdict);

/* Any but NONE to EXEMPT, for this reason. */
void message_exempt(struct message *message, enum reason reason);

/* True if the message is tagged or quarantined, or may yet be: then its subjects and its recipients are kept. */
bool message_may_be_tagged(const struct message *message);
bool message_may_be_quarantined(const struct message *message);

/* Notes the MTA's queue id, shortened if need be; NULL: it is not known yet. */
void message_note_queue_id(struct message *message, const char *queue_id);

/* Frees all that the message holds and zeroes it: NONE. */
void message_reset(struct message *message);

/* Frees all that the message holds; it is not used any more. */
void message_free(struct message *message);

/* True if the milter counts what becomes of the message, so that the policy service does not. */
bool message_is_counted_elsewhere(const struct message *message);

/* The whole address of the sender; "" for the null one. */
const char *message_sender(const struct message *message);

/* Keeps a recipient for a quarantine; one that has no reading is shown by its first handle. False if out of memory, now
 * or for one before; then `recipients_lost` is set. */
bool message_add_recipient(struct message *message, const struct session_recipient *recipient);

/* Notes a field; `mode` says which result fields are forged. Past MESSAGE_RESULTS_COST_MAX each result field counts as
 * forged, and past MESSAGE_FORGED_MAX of one kind, no more of it are looked at. False if this is the first one that
 * could not be kept. */
bool message_note_field(struct message *message, enum forged_mode mode, const char *name, const char *value);

/* True if the message has more than MESSAGE_FORGED_MAX fields to remove. `diverts`: those of its recipients in a
 * quarantine are among them. */
bool message_has_too_many_forged(const struct message *message, bool diverts);

#endif
