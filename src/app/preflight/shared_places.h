/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that name the same file or socket: a start would fail by it, or destroy a file. */
#ifndef SMF_APP_PREFLIGHT_SHARED_PLACES_H
#define SMF_APP_PREFLIGHT_SHARED_PLACES_H

#include "base/strbuf.h"
#include "config/config.h"

/* Appends one line for each two keys of `config` (from `config_path`, which counts as a key too) that name the same
 * file, or the same socket; links in a path are followed. Nothing where there are none. Whether names of hosts stand
 * for the same address is not looked up. */
void shared_places_find(const struct config *config, const char *config_path, struct strbuf *problems);

#endif
