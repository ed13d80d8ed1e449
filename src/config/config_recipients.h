/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RecipientPolicy: settings for some recipients, each a configuration that shares what it does not change with that of
 * the file. */
#ifndef SMF_CONFIG_CONFIG_RECIPIENTS_H
#define SMF_CONFIG_CONFIG_RECIPIENTS_H

#include "config/config.h"
#include "config/config_options.h"

#include <stdbool.h>

/* True for the options that may stand there. */
bool config_recipients_may_have(const struct config_option *option);

/* Adds a policy with these patterns, which it takes over, and without settings. NULL if out of memory. */
struct recipient_policy *config_recipients_add(struct recipient_policies *policies, struct text_list *patterns);

/* Gives a policy its settings: those of `base`, which lives as long as they do. False if out of memory. */
bool config_recipients_begin(struct recipient_policy *policy, const struct config *base);

/* To be called before a value is read into the settings: from the first time on, the option is the policy's own, and a
 * text or a list is empty. False if out of memory. */
bool config_recipients_own(const struct recipient_policy *policy, const struct config_option *option);

/* True if the option is the policy's own. */
bool config_recipients_owns(const struct recipient_policy *policy, const struct config_option *option);

#endif
