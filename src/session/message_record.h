/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of a message, collected on its way for the one line that the log has of it. */
#ifndef SMF_SESSION_MESSAGE_RECORD_H
#define SMF_SESSION_MESSAGE_RECORD_H

#include "mail/result.h"
#include "session/greylist_answer.h"
#include "session/reason.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_RECIPIENTS_MAX = 3 }; /* recipients that are named; of others there is the number */

/* A refusal or a deferral. Zeroed: there is none. */
struct record_reply {
    const char *code, *enhanced; /* literals */
    enum reason reason;
    enum spf_identity identity; /* that decided, where the reason is REASON_RESULT */
    bool defers;
    struct greylist_answer greylist; /* where it is REASON_GREYLISTED */
};

/* A recipient that was refused on its own. */
struct record_recipient {
    char *address; /* NULL: it could not be read, or kept */
    struct record_reply reply;
};

/* A recipient that greylisting was asked about, and let through. */
struct record_greylisted {
    char *address; /* NULL: it could not be kept */
    struct greylist_answer answer;
};

/* What is kept of one message, made by message_record_init. */
struct message_record {
    bool is_open;  /* a message that the log has no line of yet */
    bool is_ended; /* its end was reached: what was noted below is what the MTA was told to do */
    bool is_test;  /* TestMode: what would have been done */

    struct record_reply whole; /* of the message */
    size_t refused_count;      /* of recipients, also of those not kept */
    bool all_deferred;         /* of these there was none that was refused for good */
    char *exempt;              /* the first recipient who gets it whatever the result; NULL: none, or not kept */
    size_t exempt_count;
    size_t accepted_count;          /* other recipients */
    size_t greylisted_count;        /* also of those not kept */
    struct record_recipient spared; /* the first that TestMode did not refuse, where it is on for some; no code: none */

    size_t forged_removed;
    bool is_tagged, is_quarantined, is_held;
    size_t check_count; /* identities whose outcomes are there */
    int64_t wait_ms;    /* that the MTA waited for results */

    /* The last members: of each, as many as are counted above have a content. */
    struct record_recipient refused[RECORD_RECIPIENTS_MAX];
    struct record_greylisted greylisted[RECORD_RECIPIENTS_MAX];
};

/* Makes memory that has any content a record of no message. */
void message_record_init(struct message_record *record);

/* Begins a message, in a record of none. */
void message_record_begin(struct message_record *record, bool is_test);

/* Notes the refusal of the whole message; the first one counts. */
void message_record_refuse(struct message_record *record, const struct record_reply *reply);

/* Notes a recipient that is refused (`address` NULL: it cannot be read), one that is exempt, one that is neither. */
void message_record_refuse_recipient(struct message_record *record, const char *address,
                                     const struct record_reply *reply);
void message_record_exempt_recipient(struct message_record *record, const char *address);

/* Notes one that would be refused, if TestMode were not on for it; it is one of the accepted. */
void message_record_spare_recipient(struct message_record *record, const char *address,
                                    const struct record_reply *reply);

/* Notes what greylisting said of one that goes on, who is counted besides as one of the others. */
void message_record_note_greylist(struct message_record *record, const char *address,
                                  const struct greylist_answer *answer);

/* Takes over what is refused there, and leaves that record empty. */
void message_record_take_refused(struct message_record *record, struct message_record *from);

/* Frees what it holds: a record of no message. */
void message_record_free(struct message_record *record);

#endif
