/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the configuration asks for and the policy service cannot do. */
#ifndef SMF_APP_PREFLIGHT_POLICY_LIMITS_H
#define SMF_APP_PREFLIGHT_POLICY_LIMITS_H

#include "base/strbuf.h"
#include "config/config.h"

#include <stdbool.h>

/* Appends the keys that are in effect and that it cannot serve; nothing if there are none, or no PolicySocket. */
void policy_limits_add(const struct config *config, struct strbuf *out);

/* Appends the keys that it alone serves, where there is no PolicySocket; nothing if there are none. */
void policy_limits_add_unserved(const struct config *config, struct strbuf *out);

/* Appends the name that the fields of its answers have, if it is hardly the one that is meant: Postfix does not tell
 * its own, and that of the system has no domain. Nothing where AuthservID says it, or nobody asks. */
void policy_limits_add_short_name(const struct config *config, struct strbuf *out);

/* True if null senders are greylisted by the policy service alone, which does it where it is asked at DATA. */
bool policy_limits_has_null_senders(const struct config *config);

#endif
