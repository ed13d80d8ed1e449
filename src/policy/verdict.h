/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one rule that decides what follows from a result. Pure. */
#ifndef SMF_POLICY_VERDICT_H
#define SMF_POLICY_VERDICT_H

#include "base/strbuf.h"
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

/* What is decided by: the sets of results, the rules for some addresses, and what follows beside a refusal. */
struct verdict_policy {
    result_set refuse_mail_from;           /* results of the MAIL FROM identity that are refused */
    result_set refuse_helo;                /* of the HELO identity beside a sender */
    struct derived_set refuse_null_sender; /* of the HELO identity, where it stands for a null sender */
    struct derived_set defer_mail_from;    /* results that are answered with a temporary failure */
    struct derived_set defer_helo;         /* written: whatever the result of the sender is */
    struct derived_set defer_null_sender;
    struct rule_list refuse_for; /* by sender: sets in place of refuse_mail_from */
    struct rule_list refuse_to;  /* by recipient */
    bool refuse_only_no_mail;    /* of fails */
    bool soft_fail;              /* 450 in place of 550 */
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
};

/* What there is to decide about. */
struct verdict_case {
    const struct spf_outcome *mail_from; /* of the sender; NULL: a null sender, judged by the HELO identity alone */
    const struct spf_outcome *helo;      /* of the HELO identity; NULL: it was not checked */
    const struct address *sender;        /* NULL: a null sender */
    const struct address *recipient;     /* the one to decide for; NULL: any that has no rule of its own */
    bool exemption_unknown;              /* the DNS did not say whether the client is one that is not checked */
};

/* What follows for a message with these results. Either identity is enough for a refusal, and a refusal takes
 * precedence over a deferral, but not over one by DeferHelo; tag and quarantine look at the sender's result, or at that
 * of the HELO name in its place. A rule for the recipient, or else for the sender, takes the place of the set for MAIL
 * FROM, and of the set for HELO it leaves what is in the rule too. Where it is not known whether there was anything to
 * decide, no refusal is final. */
struct verdict verdict_decide(const struct verdict_policy *policy, const struct verdict_case *message);

/* What is done for a whitelisted recipient: it gets the message, neither tagged nor quarantined. */
struct verdict verdict_released(void);

/* Appends the reply text for a refused or deferred message: `reason` with its macros filled in (see smf-spf.conf's
 * RejectReason). Octets that a reply cannot hold are replaced by '?'; the result is at most 900 octets, without CR or
 * LF. */
struct verdict_words {
    const char *sender; /* whole address, "" for the null sender */
    const char *local;
    const char *domain; /* of the identity that was checked */
    struct addr client;
    const char *helo;
    const char *receiver;
    bool exemption_unknown; /* as the verdict says; the text begins with it */
};
void verdict_reply_text(const char *reason, const struct spf_outcome *outcome, const struct verdict_words *words,
                        struct strbuf *out);

#endif
