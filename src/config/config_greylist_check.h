/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What contradicts what among the keys of greylisting. */
#ifndef SMF_CONFIG_CONFIG_GREYLIST_CHECK_H
#define SMF_CONFIG_CONFIG_GREYLIST_CHECK_H

#include "config/config_reading.h"

/* To be called when all lines of the file, or of a RecipientPolicy, are read. */
void config_greylist_check(struct config_reading *reading);

#endif
