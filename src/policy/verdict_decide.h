/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one rule that decides what follows from a result. Pure. */
#ifndef SMF_POLICY_VERDICT_DECIDE_H
#define SMF_POLICY_VERDICT_DECIDE_H

#include "mail/address.h"
#include "policy/verdict.h"
#include "spf/spf_check.h"

#include <stdbool.h>

/* What there is to decide about. */
struct verdict_case {
    const struct spf_outcome *mail_from; /* of the sender; NULL: a null sender, decided by the HELO identity alone */
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
struct verdict verdict_continue(void);

#endif
