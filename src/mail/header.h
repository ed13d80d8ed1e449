/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the two result fields. Pure. */
#ifndef SMF_MAIL_HEADER_H
#define SMF_MAIL_HEADER_H

#include "base/strbuf.h"
#include "mail/header_result.h"

/* Appends the value of Authentication-Results (RFC 8601 2.2) for this identity alone, since some readers take only one
 * result of a field: `authserv-id; spf=result smtp.mailfrom=domain`, or smtp.helo. */
void header_authentication_results(const char *authserv_id, const struct header_result *result, struct strbuf *out);

/* Appends the value of Received-SPF (RFC 7208 9.1) for this identity alone, folded at 78 octets with "\n\t" where it
 * can be. */
void header_received_spf(const struct header_result *result, struct strbuf *out);

#endif
