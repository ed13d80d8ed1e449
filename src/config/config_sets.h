/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from the lines of a file as a whole: keys that contradict each other, and the effective sets of
 * results. */
#ifndef SMF_CONFIG_CONFIG_SETS_H
#define SMF_CONFIG_CONFIG_SETS_H

#include "config/config_reading.h"

/* Reports the keys that contradict each other; of a RecipientPolicy those that it has itself: what
 * it says counts more than what the file says for all. */
void config_sets_check(struct config_reading *reading);

/* Fills in the effective sets, and what else follows from other keys. */
void config_sets_derive(struct config_reading *reading);

#endif
