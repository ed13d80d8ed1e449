/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of the decision: what it goes by, and what comes out. verdict_decide.h decides. */
#ifndef SMF_POLICY_VERDICT_H
#define SMF_POLICY_VERDICT_H

#include "mail/result.h"
#include "policy/rules.h"
#include "spf/spf_check.h"

#include <stdbool.h>

enum quarantine_mode { QUARANTINE_OFF, QUARANTINE_ON, QUARANTINE_HOLD };

/* A set that a key of its own may say; where none does, it follows from other keys. */
struct derived_set {
    result_set results; /* effective in either case */
    bool is_written;    /* the file says it */
};

/* What is decided by: the sets of results, the rules for some addresses, and what follows other than a refusal. */
struct verdict_policy {
    result_set refuse_mail_from;           /* results of the MAIL FROM identity that are refused */
    result_set refuse_helo;                /* of the HELO identity in addition to a sender */
    struct derived_set refuse_null_sender; /* of the HELO identity, where it stands for a null sender */
    struct derived_set defer_mail_from;    /* results that are answered with a temporary failure */
    struct derived_set defer_helo;         /* written: whatever the result of the sender is */
    struct derived_set defer_null_sender;
    struct rule_list refuse_for; /* by sender: sets instead of refuse_mail_from */
    struct rule_list refuse_to;  /* by recipient */
    bool refuse_only_no_mail;    /* of fails */
    bool leave_to_dmarc;         /* a fail or softfail whose domain publishes a DMARC record is not refused */
    bool soft_fail;              /* 450 instead of 550 */
    bool tag_subject;
    enum quarantine_mode quarantine;
};

enum verdict_kind {
    VERDICT_CONTINUE, /* the message goes on, with `tag` and `quarantine` as they say */
    VERDICT_REFUSE,   /* 5xx, or 450 where SoftFail is on */
    VERDICT_DEFER,    /* 4xx */
};

struct verdict {
    enum verdict_kind kind;
    bool tag;                   /* prepend the tag to the subject, for recipients whom the message goes on to */
    bool quarantine;            /* to the quarantine box, or held, the same */
    enum spf_identity identity; /* refuse, defer: the one whose result decided */
    const char *code;           /* refuse, defer: "550", "450", "451" */
    const char *enhanced;       /* refuse, defer: "5.7.23", ... (RFC 7372) */
    bool exemption_unknown;     /* defer: it would be a refusal, if it were known that the client is not exempt */
    bool left_to_dmarc;         /* continue: it would be stopped, if LeaveToDMARC were off */
};

#endif
