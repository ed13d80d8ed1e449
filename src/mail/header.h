/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header fields of a message: those that are written, those that are recognised as forged, and the tagged subject.
 * Pure. */
#ifndef SMF_MAIL_HEADER_H
#define SMF_MAIL_HEADER_H

#include "base/addr.h"
#include "base/strbuf.h"
#include "mail/result.h"

#include <stdbool.h>

/* What a result field tells about one identity. Texts may hold anything: they are quoted, or replaced where the grammar
 * cannot hold them, and a HELO name or domain that is no host name is not written. Domains are written with A-labels,
 * which every message may hold: RFC 8601 5 and RFC 8616 3 allow U-labels in messages with UTF-8 header fields only, and
 * which those are is not known here. */
struct header_result {
    enum spf_result result;
    bool guessed;          /* for a best guess record */
    bool is_helo;          /* the HELO identity, else the MAIL FROM identity (RFC 7208 2.3, 2.4) */
    const char *mechanism; /* the one that matched; NULL or "": none */
    const char *problem;   /* what was wrong; NULL or "": nothing */
    struct addr client;
    const char *sender; /* whole envelope sender, "" for the null one */
    const char *domain; /* the domain that was checked */
    const char *helo;
    const char *receiver;
    const char *note; /* words of our own for a comment; NULL: none */
};

/* Appends the value of Authentication-Results (RFC 8601 2.2) for this identity alone, since some readers take only one
 * result of a field: `authserv-id; spf=result smtp.mailfrom=domain`, or smtp.helo. */
void header_authentication_results(const char *authserv_id, const struct header_result *result, struct strbuf *out);

/* Appends the value of Received-SPF (RFC 7208 9.1) for this identity alone, folded at 78 octets with "\n\t" where it
 * can be. */
void header_received_spf(const struct header_result *result, struct strbuf *out);

/* Appends `subject` (NULL: there is none) with `tag` and a blank before it; unchanged where it already begins with the
 * tag. An encoded subject (RFC 2047) keeps its encoding; a tag that is not ASCII is encoded. */
void header_tag_subject(const char *tag, const char *subject, struct strbuf *out);

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
