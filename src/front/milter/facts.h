/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the MTA says over the milter protocol, as facts for a session. No libmilter here. */
#ifndef SMF_FRONT_MILTER_FACTS_H
#define SMF_FRONT_MILTER_FACTS_H

#include "mail/envelope.h"
#include "session/session.h"

#include <stdbool.h>
#include <stdint.h>

/* What a milter can do. */
extern const struct session_abilities facts_abilities;

/* What the MTA's macros say at MAIL; NULL where it sent none. */
struct facts_macros {
    const char *mta_name;    /* j */
    const char *mta_version; /* v */
    const char *auth_type;   /* {auth_type} */
    const char *auth_authen; /* {auth_authen} */
    const char *verify;      /* {verify}: OK where the MTA verified the client's certificate */
    const char *mail_addr;   /* {mail_addr}: how it reads the sender */
    const char *queue_id;    /* i; Postfix has none so early */
};

/* The MTA itself, as at the last MAIL. */
struct facts_mta {
    char name[256]; /* as it names itself; cut where it is longer than any host name */
    bool is_sendmail;
};

/* The client. `port` 0 on a loopback address is Postfix's local submission; `host` is "[192.0.2.1]" or "unknown" where
 * the client's name does not lead back to its address. */
struct session_client facts_client(const struct addr *address, uint16_t port, const char *host);

/* The sender, in `argument` (the text after MAIL FROM:) and the macros, which must live as long as the result; notes
 * the MTA. `host_name` is this host's, for an MTA that does not say. session_mail takes over the address. */
struct session_sender facts_sender(const char *argument, const struct facts_macros *macros, const char *host_name,
                                   struct facts_mta *mta);

/* A recipient, and what it refers to. */
struct facts_recipient {
    struct session_recipient recipient;
    struct envelope_recipient envelope;
    char *handles[SESSION_HANDLES_MAX];
};

/* Reads the recipient in `argument` (the text after RCPT TO:), which must live as long as the result. `rcpt_addr` is
 * the macro {rcpt_addr}, or NULL. */
void facts_recipient(const char *argument, const char *rcpt_addr, const struct facts_mta *mta,
                     struct facts_recipient *out);
void facts_recipient_free(struct facts_recipient *recipient);

#endif
