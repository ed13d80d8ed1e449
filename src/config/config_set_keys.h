/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys that name results in two ways. The legacy keys stand for members of the sets, so nobody could say what holds
 * where a file has both. */
#ifndef SMF_CONFIG_CONFIG_SET_KEYS_H
#define SMF_CONFIG_CONFIG_SET_KEYS_H

/* Up to NULL. config_key_is_legacy and config_key_is_set (config.h) look for one. */
extern const char *const config_legacy_keys[];
extern const char *const config_set_keys[];

#endif
