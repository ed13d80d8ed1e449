/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses of an envelope as the MTA uses them. The identity to check is the reverse-path that the MTA goes on
 * with (RFC 7208 2.4), whatever the client wrote to get there. Pure. */
#ifndef SMF_MAIL_ENVELOPE_H
#define SMF_MAIL_ENVELOPE_H

#include "mail/address.h"

#include <stdbool.h>
#include <stddef.h>

/* What the MTA says of an address, and of itself. */
struct envelope_mta {
    const char *address; /* {mail_addr} or {rcpt_addr}: how it reads the address; NULL: it does not say */
    const char *name;    /* j: the host whose domain an address without one gets; "" or NULL: not known */
    bool is_sendmail;
};

/* True if the macro v (or NULL) is Sendmail's, its release: Postfix has its name there. */
bool envelope_is_sendmail(const char *version);

/* Reads the sender in `argument`, the text after MAIL FROM:. *out is the address that the MTA would send the message on
 * with, as the client wrote it where that is the same; one without a domain gets the MTA's own. It is set for all but
 * ADDRESS_NULL (the null sender) and ADDRESS_NO_MEMORY, and then freed by address_free. ADDRESS_MALFORMED: neither the
 * MTA nor we can read it; *out is then the whole text as a local part without a domain. */
enum address_status envelope_sender(const char *argument, const struct envelope_mta *mta, struct address *out);

enum { ENVELOPE_READINGS_MAX = 3 };

/* A recipient. Where the client wrote an address in an odd form, there are several addresses that rules may be about:
 * the one before the MTA looks for a route in it, the one after, and the MTA's. Whoever is to be let through has to be
 * so by each of them; who is to be stopped, by any. */
struct envelope_recipient {
    struct address readings[ENVELOPE_READINGS_MAX]; /* the first is the one to show */
    size_t count;                                   /* 1 at least */
    char *bare; /* the argument without brackets, group and separators, in which Postfix knows it; NULL: there was
                   nothing of the kind, or the MTA is Sendmail, which knows it by the argument, and refuses the whole
                   message if it cannot read what is to be deleted */
};

/* Reads the recipient in `argument`, the text after RCPT TO:. *out is set for ADDRESS_OK and ADDRESS_LOCAL_TOO_LONG
 * (the first reading), and then freed by envelope_recipient_free. ADDRESS_MALFORMED: neither the MTA nor we can read
 * it. */
enum address_status envelope_recipient(const char *argument, const struct envelope_mta *mta,
                                       struct envelope_recipient *out);
void envelope_recipient_free(struct envelope_recipient *recipient); /* also fine for a zeroed one; zeroes it */

#endif
