/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a result field tells. header.h writes it. */
#ifndef SMF_MAIL_HEADER_RESULT_H
#define SMF_MAIL_HEADER_RESULT_H

#include "base/addr.h"
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
    const char *note; /* our own words for a comment; NULL: none */
};

#endif
