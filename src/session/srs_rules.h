/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one configuration says about SRS, with the secrets of its file: one immutable, counted value. */
#ifndef SMF_SESSION_SRS_RULES_H
#define SMF_SESSION_SRS_RULES_H

#include "base/strbuf.h"
#include "config/config.h"
#include "srs/srs_settings.h"

#include <stdbool.h>

struct srs_rules;

/* Reads the secrets, with the rights of the moment, and sets *out, which srs_rules_release gives back: NULL where the
 * configuration has no SRSDomain. False, with a message that begins with a key, if the file cannot be read, may be read
 * by everybody, is no regular file, or holds no secret, or if out of memory.
 *
 * A secret is a line of it, up to CR or LF, with each blank that it has, as PostSRSd reads the file; blank lines are
 * none, and there are no comments. */
bool srs_rules_open(const struct config *config, const struct srs_rules **out, struct strbuf *error);

/* True if each sender is rewritten, since no SRSOutgoing is named, though SRSAlways is off: the administrator may not
 * have meant that. Pure. */
bool srs_rules_lacks_outgoing(const struct config *config);

/* Any thread; NULL is fine for each. */
const struct srs_rules *srs_rules_acquire(const struct srs_rules *rules);
void srs_rules_release(const struct srs_rules *rules);

/* What srs_forward.h and srs_reverse.h want. */
const struct srs_settings *srs_rules_settings(const struct srs_rules *rules);

/* True if both hold the same secrets, in the same order, or both are NULL. */
bool srs_rules_same_secrets(const struct srs_rules *a, const struct srs_rules *b);

#endif
