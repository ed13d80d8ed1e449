/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one rule that decides what follows from a result. Pure. */
#ifndef SMF_POLICY_VERDICT_DECIDE_H
#define SMF_POLICY_VERDICT_DECIDE_H

#include "base/tristate.h"
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
    enum tristate mail_from_dmarc;       /* whether the sender's domain publishes a DMARC record, */
    enum tristate helo_dmarc;            /* and that of the HELO identity; looked at where verdict_asks_dmarc says so */
    bool exemption_unknown;              /* the DNS did not say whether the client is one that is not checked */
};

/* What follows for a message with these results. Either identity is enough for a refusal, and a refusal takes
 * precedence over a deferral, but not over one by DeferHelo; tag and quarantine look at the sender's result, or at that
 * of the HELO name in its place. A rule for the recipient, or else for the sender, takes the place of the set for MAIL
 * FROM, and of the set for HELO it leaves what is in the rule too. Where it is not known whether there was anything to
 * decide, no refusal is final. With LeaveToDMARC, a fail or softfail neither refuses nor defers, unless it is known
 * that its domain publishes no DMARC record. */
struct verdict verdict_decide(const struct verdict_policy *policy, const struct verdict_case *message);

/* True if verdict_decide needs to know whether the domain of this identity publishes a DMARC record: where this outcome
 * would stop the message for some recipient, and LeaveToDMARC is on. */
bool verdict_asks_dmarc(const struct verdict_policy *policy, enum spf_identity identity, bool is_null_sender,
                        const struct spf_outcome *outcome);

/* The same before the outcome is known: true if there is one for which it is needed. */
bool verdict_may_ask_dmarc(const struct verdict_policy *policy, enum spf_identity identity, bool is_null_sender);

/* What is done for a whitelisted recipient: it gets the message, neither tagged nor quarantined. */
struct verdict verdict_continue(void);

#endif
