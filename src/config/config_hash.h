/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fingerprint of a configuration: it changes where the configuration does. */
#ifndef SMF_CONFIG_CONFIG_HASH_H
#define SMF_CONFIG_CONFIG_HASH_H

#include "config/config.h"

enum { CONFIG_HASH_SIZE = 65 }; /* hexadecimal digits and the NUL */

/* SHA-256 (FIPS 180-4) of what config_print writes: of every value in force, whatever the file's comments and order.
 * The text of a file that it names, as of ZoneFile, is not part of it. Empty if out of memory. */
void config_hash(const struct config *config, char out[CONFIG_HASH_SIZE]);

#endif
