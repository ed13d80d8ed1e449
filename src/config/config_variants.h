/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be known of the settings of all recipients together, so that no message has to look at each. */
#ifndef SMF_CONFIG_CONFIG_VARIANTS_H
#define SMF_CONFIG_CONFIG_VARIANTS_H

#include "config/config.h"

#include <stdbool.h>

/* To be called once when a configuration was read, with each RecipientPolicy: sets `somebody`, and which policies are
 * `exempting`. False if out of memory. */
bool config_variants_sum_up(struct config *config);

/* Frees that; the policies are empty or about to be. */
void config_variants_forget(struct recipient_policies *policies);

#endif
