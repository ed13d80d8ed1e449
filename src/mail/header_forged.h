/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognises the header fields that claim to be written by this host. Pure. */
#ifndef SMF_MAIL_HEADER_FORGED_H
#define SMF_MAIL_HEADER_FORGED_H

#include <stdbool.h>

/* True if this Authentication-Results value claims to be ours and holds an spf result (RFC 8601 5), for any reader that
 * one can think of: its authserv-id equals ours, compared without case, as A-labels, whatever quotes, comments, white
 * space and encoded words stand in between; and anything of it, comments and quoted text included, reads `spf=`. Out of
 * memory: true for what mentions the name or has encoded words. True, too, for what no honest writer would write and
 * what would take long to compare: names beyond US-ASCII in many pieces. So for those below. */
bool header_is_forged_result(const char *value, const char *authserv_id);

/* True if it claims to be ours, whatever it holds. */
bool header_claims_authserv_id(const char *value, const char *authserv_id);

/* True if this ARC-Authentication-Results value (RFC 8617 4.1.1) claims to be ours, whatever it holds. */
bool header_arc_claims_authserv_id(const char *value, const char *authserv_id);

/* True if this Received-SPF value names `receiver` as its receiver, in receiver= or at the beginning of its comment. */
bool header_names_receiver(const char *value, const char *receiver);

#endif
