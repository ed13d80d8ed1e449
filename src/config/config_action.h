/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Actions of Postfix (access(5)) as they may stand in smf-spf.conf: what a policy service answers for a pass. */
#ifndef SMF_CONFIG_CONFIG_ACTION_H
#define SMF_CONFIG_CONFIG_ACTION_H

#include "base/strbuf.h"

#include <stdbool.h>

/* True for what Postfix can do with mail that passes: an action that refuses nothing (OK, DUNNO, FILTER transport:next,
 * ...), or restrictions, with arguments where they need some, and classes of restrictions, separated by commas or white
 * space. A word that begins as restrictions do must be one; any other of letters, digits, - and _ but on, off
 * and the like is the name of a class. What needs a lookup table or a policy service is none: Postfix opens these at
 * its start, and takes an answer that names one for an error in its configuration. */
bool config_action_is_valid(const char *text);

/* Appends to the message about one that is not what is wrong with it, "; did you mean permit_mynetworks?". */
void config_action_hint(const char *text, struct strbuf *out);

#endif
