/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Under which sender a forwarded message leaves, and whose an address is that a bounce comes to: SRS by the effective
 * configuration, for whatever front end asks. */
#ifndef SMF_SESSION_FORWARDING_H
#define SMF_SESSION_FORWARDING_H

#include "session/service.h"
#include "srs/srs_status.h"

#include <stdbool.h>

struct forwarding_answer {
    enum srs_status status; /* SRS_DONE: there is another address; else why the address stays as it is, or stands for no
                               other. Without an SRSDomain: SRS_FOREIGN */
    bool is_permitted;   /* the sender stays, as it passes SPF from each SRSOutgoing; the status means nothing then */
    const char *address; /* for SRS_DONE: in SMTP's form, with quotes where they are needed (RFC 5321 4.1.2), without
                            brackets; gone after the call. Else NULL */
};

/* Takes an answer. Called once, before the start returns or later, on any thread, that of the DNS too; it must not
 * block. */
typedef void (*forwarding_done)(void *context, const struct forwarding_answer *answer);

/* Finds the address that a message of `sender` is forwarded with. The sender is as in SMTP, with brackets or without;
 * "", "<>", "<@>" and two quotes are the null sender, which stays (RFC 5321 4.5.5). It stays, too, where each
 * SRSOutgoing may send for it by SPF, unless SRSAlways; what is not known by SRSTimeout counts as no. A reload
 * that exchanges the DNS, and the end of the service, wait for the answer. Any thread; hold no lock. */
void forwarding_sender_start(struct service *service, const char *sender, forwarding_done done, void *context);

/* Finds the address that `recipient`, in the same form, stands for; answers before it returns. Any thread. */
void forwarding_recipient(struct service *service, const char *recipient, forwarding_done done, void *context);

#endif
