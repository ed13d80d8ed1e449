/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DNS Tree Walk (RFC 9989 4.10): which names are asked for a domain's DMARC record, and what follows from the
 * answers. Pure. */
#ifndef SMF_DMARC_DMARC_WALK_H
#define SMF_DMARC_DMARC_WALK_H

#include "base/tristate.h"
#include "dmarc/dmarc_record.h"

#include <stddef.h>

enum { DMARC_WALK_MAX = 8 }; /* names of one walk (RFC 9989 4.10) */

/* The names of one walk, from the domain itself to its last label. Each is a part of the domain's text. */
struct dmarc_walk {
    const char *names[DMARC_WALK_MAX];
    size_t count;
};

/* Begins the walk for `domain` (without a trailing dot, not empty), which lives as long as the walk. */
void dmarc_walk_begin(struct dmarc_walk *walk, const char *domain);

/* Whether the domain or its organizational domain publishes a DMARC record, by what was found at each name of the walk.
 * A record of a public suffix (psd=y) is not theirs. *place becomes the number of the name with the record (YES), or of
 * the first whose lookup failed (UNKNOWN). */
enum tristate dmarc_walk_decide(const struct dmarc_walk *walk, const enum dmarc_record found[DMARC_WALK_MAX],
                                size_t *place);

#endif
