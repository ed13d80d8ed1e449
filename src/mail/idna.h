/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internationalised domain names as they are in the DNS. Pure. */
#ifndef SMF_MAIL_IDNA_H
#define SMF_MAIL_IDNA_H

#include "base/strbuf.h"

#include <stdbool.h>

enum { IDNA_SIZE = 256 }; /* room for any domain name as text, with its NUL */

/* Writes `domain` with its U-labels as A-labels (RFC 5891 4, RFC 7208 4.3), mapped by UTS 46. A label that is no
 * U-label (RFC 5890 2.3.2.1: with a symbol, a joiner, hyphens out of place) gets the name that the DNS can hold for it,
 * as an MTA looks it up. An ASCII domain is copied as it is. False, with `ascii` untouched, if it is no UTF-8, or holds
 * U+FFFD, or is too long, or if memory ran out. */
bool idna_to_ascii(const char *domain, char ascii[IDNA_SIZE]);

/* True if both are the same name, or the same but for sharp s, final sigma and joiners, which some programs replace by
 * ss, sigma and nothing when they fold case. */
bool idna_same_folded(const char *a, const char *b);

/* The form in which names are compared and shown where US-ASCII is wanted: `domain` with A-labels, in `ascii`, or
 * itself if it is ASCII already or no domain name. */
const char *idna_ascii_form(const char *domain, char ascii[IDNA_SIZE]);

/* Appends a mail address with its domain in that form; the local part stays as it is, since it has no other form. */
void idna_add_mailbox(const char *address, struct strbuf *out);

#endif
